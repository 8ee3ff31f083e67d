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

/**
 * Judges what is in a folder by a profile and writes gates.json. `hashes` are those of contract, crosswalks,
 * catalogue and code as they are now; the tables are hashed again here.
 */
export function judge(
  folder: string,
  profileName: string,
  now: { readonly runId: string; readonly hashes: Hashes; readonly tables: readonly string[]; readonly at: string },
): GateReport {
  const profile = profileNamed(PAS_PROFILES, profileName);
  const quality = readQualityReport(folder);
  const report = quality && {
    binding: { runId: quality.run_id, hashes: { ...quality.hashes, ...quality.outputs } },
    figures: quality.figures,
  };
  const binding = { runId: now.runId, hashes: { ...now.hashes, ...outputHashes(folder, now.tables) } };
  const verdict: GateReport = {
    run_at_utc: now.at,
    run_id: now.runId,
    inputs: { quality_report: join(folder, 'quality.json') },
    ...evaluate(profile, report, binding),
  };
  writeFileSync(join(folder, 'gates.json'), `${JSON.stringify(verdict, null, 1)}\n`);
  return verdict;
}
