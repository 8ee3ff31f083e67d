import { DOS_PROFILES, evaluate, type Figures, profileNamed, type Verdict } from '../../gates/index.ts';
import type { Config } from '../config.ts';
import type { Sample } from '../metrics.ts';
import { isComplete, placeOf, type RunReport, readReports, settingsHash } from './run-report.ts';

export interface DosGateReport extends Verdict {
  readonly run_at_utc: string;
  /** the newest full sync, whatever became of it; null when there is none that can be read */
  readonly run_id: string | null;
}

export interface JudgedRuns {
  readonly config: Config;
  readonly folder: string;
  readonly target: RunReport['target'];
  readonly profile: string;
  /** ms since 1970 */
  readonly now: number;
}

/**
 * Judges the newest full sync into a place. One that is not complete, or was made by other settings than those of now,
 * proves nothing, and neither does any before it. Throws CONFIG_INVALID for a profile that is not known.
 */
export function judgeRuns({ config, folder, target, profile: name, now }: JudgedRuns): DosGateReport {
  const profile = profileNamed(DOS_PROFILES, name);
  const newest = readReports(folder, placeOf(config, target))[0] ?? null;
  const runId = newest?.run_id ?? '(none)';
  const report = newest && {
    binding: { runId, hashes: { settings: newest.settings } },
    figures: figuresOf(newest, now),
  };
  const verdict = evaluate(profile, report, { runId, hashes: { settings: settingsHash(config.dos) } });
  return { run_at_utc: new Date(now).toISOString(), run_id: newest?.run_id ?? null, ...verdict };
}

function figuresOf(report: RunReport, now: number): Figures {
  const { finished_at, anomaly_share: anomalyShare } = report;
  const ageMs = finished_at === null ? null : now - Date.parse(finished_at);
  // a time to come is a wrong clock, and no evidence
  const ageHours = ageMs === null || ageMs < 0 ? null : Math.round(ageMs / 36_000) / 100;
  if (!isComplete(report)) return { ageHours, anomalyShare };
  const { services, triage_codes: codes } = report.error_ratio;
  return {
    ageHours,
    recordP95Seconds: report.record_p95_seconds,
    errorRatio: services === null ? null : Math.max(services, codes ?? 0),
    fullSyncSeconds: report.seconds,
    anomalyShare,
    anomalies: report.anomalies?.length ?? null,
  };
}

export const gateSamples = ({ profile, status, checks }: Verdict): readonly Sample[] => [
  { name: 'sluice_gate_pass', labels: { gate: profile, phase: '' }, value: status === 'PASS' ? 1 : 0 },
  ...checks.map(({ gate: clause, status: held, actual }) => ({
    name: 'sluice_gate_clause',
    labels: { gate: profile, clause },
    value: held === 'PASS' ? 1 : actual === null ? -1 : 0,
  })),
];
