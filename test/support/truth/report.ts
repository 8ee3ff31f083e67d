import { writeTables } from '../report.ts';
import type { Moved, Outcome, Told } from './campaign.ts';
import type { Comparisons } from './reconciler.ts';

/** What one migration came to. */
export interface Verdict {
  readonly migration: string;
  readonly comparisons: Comparisons;
  readonly moved: Moved;
  readonly outcomes: readonly Outcome[];
  /** found where nothing was planted */
  readonly others: readonly Told[];
}

export const sumOf = (comparisons: Comparisons, ofStore?: string): number =>
  [...comparisons].reduce((sum, [name, n]) => sum + (ofStore === undefined || name.endsWith(ofStore) ? n : 0), 0);

const share = (some: number, all: number): string => (all === 0 ? '-' : `${((100 * some) / all).toFixed(1)}%`);

/** The truth test's verdict, as docs/reports/truth.md. */
export function writeTruth(minutes: number, verdicts: readonly Verdict[]): void {
  const all = verdicts.reduce((sum, { comparisons }) => sum + sumOf(comparisons), 0);
  const fhir = verdicts.reduce((sum, { comparisons }) => sum + sumOf(comparisons, '\u001ffhir'), 0);
  const wrong = verdicts.reduce((sum, { moved, others }) => sum + moved.falseFindings.length + others.length, 0);
  const planted = verdicts.flatMap(({ outcomes }) => outcomes);
  const found = planted.filter(({ seconds }) => seconds !== null);
  const rows = verdicts.flatMap(({ migration, comparisons }) =>
    [...comparisons]
      .filter(([, n]) => n > 0)
      .sort()
      .map(([name, n]) => [migration, ...name.split('\u001f'), String(n)]),
  );
  writeTables(
    'truth',
    'The truth test: what is found, and nothing else',
    [
      {
        heading: 'Under traffic, lag and restarts',
        head: ['migration', 'changes', 'faults on the way', 'comparisons', 'of them FHIR', 'false findings'],
        rows: verdicts.map(({ migration, comparisons, moved }) => [
          migration,
          String(moved.changes),
          [...moved.nemeses].map(([name, n]) => `${name} ${n}`).join(', '),
          String(sumOf(comparisons)),
          share(sumOf(comparisons, '\u001ffhir'), sumOf(comparisons)),
          String(moved.falseFindings.length),
        ]),
      },
      {
        heading: 'Planted faults',
        head: ['target', 'key is', 'fault', 'kinds', 'paths', 'seconds to find', 'by', 'repaired', 're-verified'],
        rows: planted.map(({ target, where, fault, kinds, path, seconds, engines, repaired, isVerified }) => [
          target,
          where === 'hot' ? 'being written' : 'cold',
          fault,
          kinds.join(', ') || 'nothing',
          path,
          seconds === null ? 'NOT FOUND' : seconds.toFixed(1),
          engines.join(', '),
          repaired,
          isVerified ? 'yes' : 'NO',
        ]),
      },
      { heading: 'Comparisons', head: ['migration', 'flow', 'engine', 'targets', 'comparisons'], rows },
    ],
    [
      `${minutes} minutes of traffic. ${all} comparisons of one document with its target, each look counted; FHIR's share, which its ` +
        `server bounds, is ${share(fhir, all)}. **${wrong} false findings; ${found.length} of ${planted.length} planted faults found**, ` +
        'by kind and path. What lies beside keys that are written is found by the stream engine alone: no scan is running. A cold ' +
        'key is found by the first scan after all were planted together, so its seconds are how long that scan took to get there.',
    ],
  );
}
