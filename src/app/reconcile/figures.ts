import { coverageOf, upper95 } from '../../reconcile/index.ts';
import type { FindingCount } from '../../sinks/postgres/index.ts';
import type { OpenPipeline } from '../pipeline.ts';
import type { Failed } from './apart.ts';
import { type DigestRound, digestCoverage } from './digest.ts';
import type { Round } from './round.ts';

export interface LastFigures {
  /** '' is the whole migration */
  readonly flow: string;
  readonly compared: number;
  readonly divergence: number | null;
  readonly upper95: number;
  readonly coverage: number | null;
  readonly unverified: number;
  readonly waiting: number;
  /** of the unverified, roots that were on their way at every look */
  readonly hot: number;
  readonly unmappable: number;
  readonly fieldMismatch: number | null;
  /** documents on record, and what state targets that can be listed hold, at one moment where they are tables */
  readonly expected: number | null;
  readonly actual: number | null;
  /** of the oldest look the figures rest on */
  readonly ageSeconds: number;
}

const SHOWN = [
  'divergenceRatio',
  'fieldMismatchRatio',
  'unresolved',
  'unverified',
  'hot',
  'waiting',
  'unmappable',
  'sourceCount',
  'targetCount',
] as const;

/** Whether anything is known to differ: what no rule can map is parked, and no divergence. */
export const hasUnresolved = (counts: readonly FindingCount[]): boolean =>
  counts.some(({ kind, state }) => kind !== 'unmappable' && (state === 'confirmed' || state === 'repaired'));

/** Whether anything may differ: as `hasUnresolved`, or suspected and not yet looked at again. */
export const hasOpen = (counts: readonly FindingCount[]): boolean =>
  hasUnresolved(counts) || counts.some(({ kind, state }) => kind !== 'unmappable' && state === 'suspect');

/** The figures of the last whole scan, by flow. */
export async function lastFigures({ pool, migration }: OpenPipeline): Promise<readonly LastFigures[]> {
  const found = await pool.query<{
    flow: string;
    figure: string;
    value: number;
    sample: string;
    coverage: number;
    age: number;
  }>(
    `select distinct on (flow, figure) flow, figure, value, sample, coverage,
       extract(epoch from clock_timestamp() - at)::float8 + coalesce(oldest_seconds, 0) as age
     from sluice.measurement where migration = $1 and figure = any($2) order by flow, figure, at desc, id desc`,
    [migration.name, SHOWN.map((figure) => `reconcile.${figure}`)],
  );
  const of = (flow: string, figure: (typeof SHOWN)[number]) =>
    found.rows.find((row) => row.flow === flow && row.figure === `reconcile.${figure}`);
  return [...new Set(found.rows.map(({ flow }) => flow))].map((flow) => {
    const ratio = of(flow, 'divergenceRatio');
    const compared = Number(ratio?.sample ?? 0);
    return {
      flow,
      compared,
      divergence: ratio?.value ?? null,
      upper95: upper95(of(flow, 'unresolved')?.value ?? 0, compared),
      coverage: ratio?.coverage ?? null,
      unverified: of(flow, 'unverified')?.value ?? 0,
      waiting: of(flow, 'waiting')?.value ?? 0,
      hot: of(flow, 'hot')?.value ?? 0,
      unmappable: of(flow, 'unmappable')?.value ?? 0,
      fieldMismatch: of(flow, 'fieldMismatchRatio')?.value ?? null,
      expected: of(flow, 'sourceCount')?.value ?? null,
      actual: of(flow, 'targetCount')?.value ?? null,
      ageSeconds: ratio?.age ?? 0,
    };
  });
}

const failedView = (failed: Failed) => [...failed].map(([flow, { code }]) => ({ flow, code }));

/** A round as it is shown, with coverage and upper bound by flow. */
export function roundView({ seconds, rows, flows, failed, confirmed, whole }: Round) {
  return {
    seconds,
    // whoever reads it line by line can tell a round of all flows by its beginning
    failed: failedView(failed),
    rows,
    confirmed,
    whole,
    flows: [...flows].map(([flow, tally]) => ({
      flow,
      ...tally,
      coverage: coverageOf(tally),
      upper95: upper95(tally.unresolved, tally.compared),
    })),
  };
}

export interface LastDigest {
  readonly flow: string;
  /** rows added up */
  readonly rows: number;
  readonly differing: number;
  readonly coverage: number | null;
  /** since the last one ended, and what it took */
  readonly ageSeconds: number;
}

/** What the last digest of each flow came to. */
export async function lastDigests({ pool, migration }: OpenPipeline): Promise<readonly LastDigest[]> {
  const found = await pool.query<LastDigest>(
    `select distinct on (flow) flow, sample::int as rows, value as differing, coverage,
       extract(epoch from clock_timestamp() - at)::float8 + coalesce(oldest_seconds, 0) as "ageSeconds"
     from sluice.measurement where migration = $1 and figure = 'reconcile.digestDiffering' order by flow, at desc, id desc`,
    [migration.name],
  );
  return found.rows;
}

/** A digest as it is shown. */
export function digestView({ seconds, failed, workedOut, confirmed, whole, flows }: DigestRound) {
  return {
    engine: 'digest' as const,
    ...{ seconds, failed: failedView(failed), workedOut, confirmed, whole },
    flows: [...flows].map(([flow, tally]) => ({ flow, ...tally, coverage: digestCoverage(tally) })),
  };
}
