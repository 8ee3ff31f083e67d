import { randomUUID } from 'node:crypto';
import type { Clock } from '../../core/index.ts';
import { DOS_LIMITS, movedCounts } from '../../gates/index.ts';
import { bothSets } from '../../migrations/dos/index.ts';
import type { Config } from '../config.ts';
import { fileText } from '../metrics.ts';
import { replaceFile } from '../text-file.ts';
import { Durations } from './durations.ts';
import { samplesOf } from './level-samples.ts';
import type { FullSynced } from './migrate.ts';
import { isComplete, keepReport, placeOf, type RunReport, readReports, settingsHash } from './run-report.ts';

export interface RecordedRun {
  readonly config: Config;
  readonly target: RunReport['target'];
  /** where the reports of runs are kept */
  readonly folder: string;
  /** a file for a collector of text files */
  readonly metricsFile?: string;
  /** by which a count may move from run to run; the gate's own unless told */
  readonly anomalyShare?: number;
  readonly fromStart: boolean;
  readonly clock: Clock;
}

/** Keeps what is measured of a full sync: a report in the folder, and figures in a file where one is named. */
export interface RunRecord {
  readonly runId: string;
  readonly took: (seconds: number) => void;
  /** brings the file of figures up to date while the sync runs */
  tick(): Promise<void>;
  /** closes the record; `done` null: the sync failed */
  end(done: FullSynced | null): Promise<RunReport>;
}

/** Throws CONFIG_INVALID when folder or file cannot be written: better before the sync than after. */
export async function openRunRecord(run: RecordedRun): Promise<RunRecord> {
  const { config, target, folder, metricsFile, anomalyShare = DOS_LIMITS.anomalyShare, fromStart, clock } = run;
  const durations = new Durations();
  const place = placeOf(config, target);
  const before = readReports(folder, place).find((report) => report !== null && isComplete(report)) ?? null;
  const started = clock.now();
  const opened: RunReport = {
    run_id: randomUUID(),
    ...place,
    settings: settingsHash(config.dos),
    state: 'running',
    from_start: fromStart,
    started_at: new Date(started).toISOString(),
    finished_at: null,
    seconds: 0,
    record_p95_seconds: null,
    error_ratio: { services: null, triage_codes: null },
    metrics: null,
    failures: null,
    setbacks: {},
    counts: {},
    anomaly_share: anomalyShare,
    compared_with: null,
    anomalies: null,
  };
  const measured = (): Pick<RunReport, 'seconds' | 'record_p95_seconds'> => ({
    seconds: Math.max(0, clock.now() - started) / 1000,
    record_p95_seconds: durations.percentile(0.95),
  });
  const expose = async (report: RunReport): Promise<void> => {
    if (metricsFile !== undefined) replaceFile(metricsFile, await fileText(samplesOf(report)), '--metrics-file');
  };
  keepReport(folder, opened);
  await expose(opened);
  return {
    runId: opened.run_id,
    took: (seconds) => durations.add(seconds),
    // what hinders it here is told at the end: the sync goes on
    tick: () => expose({ ...opened, ...measured() }).catch(() => undefined),
    end: async (done) => {
      const ended: RunReport = { ...opened, ...measured(), finished_at: new Date(clock.now()).toISOString() };
      const report = done === null ? { ...ended, state: 'failed' as const } : withResult(ended, done, before);
      keepReport(folder, report);
      await expose(report);
      return report;
    },
  };
}

function withResult(ended: RunReport, done: FullSynced, before: RunReport | null): RunReport {
  const { services, triage, stopped } = done;
  const report: RunReport = {
    ...ended,
    state: stopped ? 'stopped' : 'done',
    metrics: bothSets(services),
    failures: services.errors + services.invalid + (triage?.errors ?? 0),
    error_ratio: {
      services: ratio(services.errors, services.total),
      triage_codes: triage && ratio(triage.errors, triage.rows),
    },
    setbacks: ended.target === 'dynamodb' ? { ...done.setbacks } : {},
    counts: countsByType(done),
  };
  if (before === null || !isComplete(report)) return report;
  const anomalies = movedCounts(before.counts, report.counts, report.anomaly_share);
  return { ...report, compared_with: before.run_id, anomalies: [...anomalies] };
}

/** Null of nothing: it says nothing of how often something fails. */
const ratio = (errors: number, of: number): number | null => {
  if (of === 0) return errors === 0 ? null : 1;
  return Math.min(1, errors / of);
};

/** What should be much the same from run to run: what was written is not, for a second run writes nothing. */
function countsByType({ services, transformers, triage }: FullSynced): Record<string, number> {
  const { total, supported, unsupported, transformed, skipped, invalid, errors } = services;
  return {
    ...{ total, supported, unsupported, transformed, skipped, invalid, errors },
    ...transformers,
    triage_codes: triage?.codes ?? 0,
    triage_errors: triage?.errors ?? 0,
  };
}
