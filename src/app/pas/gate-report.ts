import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { evaluate, PAS_PROFILES, profileNamed, type Verdict } from '../../gates/index.ts';
import type { QualityReport } from './quality-report.ts';
import type { Hashes } from './run-state.ts';
import { outputHashes } from './verify.ts';

export interface GateReport extends Verdict {
  readonly run_at_utc: string;
  readonly run_id: string;
  readonly inputs: { readonly quality_report: string };
}

/** The report of the last verification in a folder; null where there is none, or it cannot be read. */
export function readQualityReport(folder: string): QualityReport | null {
  const path = join(folder, 'quality.json');
  if (!existsSync(path)) return null;
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as QualityReport;
  } catch {
    return null;
  }
}

/** The run that is judged; `hashes` are those of contract, crosswalks, catalogue and code as they are now. */
export interface JudgedRun {
  readonly runId: string;
  readonly hashes: Hashes;
  readonly tables: readonly string[];
}

/** Judges what is in a folder by some profiles and writes nothing; the tables are hashed again here, once. */
export function verdictsOn(folder: string, profiles: readonly string[], now: JudgedRun): readonly Verdict[] {
  const known = profiles.map((name) => profileNamed(PAS_PROFILES, name));
  const quality = readQualityReport(folder);
  const report = quality && {
    binding: { runId: quality.run_id, hashes: { ...quality.hashes, ...quality.outputs } },
    figures: quality.figures,
  };
  const binding = { runId: now.runId, hashes: { ...now.hashes, ...outputHashes(folder, now.tables) } };
  return known.map((profile) => evaluate(profile, report, binding));
}

/** What every profile says where there is no run. */
export const verdictsOnNothing = (): readonly Verdict[] =>
  PAS_PROFILES.map((profile) => evaluate(profile, null, { runId: '(none)', hashes: {} }));

/** Judges what is in a folder by a profile and writes gates.json. */
export function judge(folder: string, profile: string, now: JudgedRun & { readonly at: string }): GateReport {
  const [said] = verdictsOn(folder, [profile], now) as [Verdict];
  const verdict: GateReport = {
    run_at_utc: now.at,
    run_id: now.runId,
    inputs: { quality_report: join(folder, 'quality.json') },
    ...said,
  };
  writeFileSync(join(folder, 'gates.json'), `${JSON.stringify(verdict, null, 1)}\n`);
  return verdict;
}
