import type { Sample } from '../metrics.ts';
import { isComplete, type RunReport } from './run-report.ts';

/** The service levels of a full sync as figures; what was not measured has none. */
export function samplesOf(report: RunReport): readonly Sample[] {
  const { environment, workspace, target, state } = report;
  const labels = { pipeline: 'dos', environment, workspace: workspace ?? '', target };
  const sample = (name: Sample['name'], value: number | null, more: Sample['labels'] = {}): readonly Sample[] =>
    value === null ? [] : [{ name, labels: { ...labels, ...more }, value }];
  const { started_at, finished_at, error_ratio, anomalies } = report;
  return [
    ...sample('sluice_sync_running', state === 'running' ? 1 : 0),
    ...sample('sluice_sync_complete', isComplete(report) ? 1 : 0),
    ...sample('sluice_sync_started_timestamp_seconds', secondsOf(started_at)),
    ...sample('sluice_sync_finished_timestamp_seconds', finished_at === null ? null : secondsOf(finished_at)),
    ...sample('sluice_sync_seconds', report.seconds),
    ...sample('sluice_sync_record_p95_seconds', report.record_p95_seconds),
    ...sample('sluice_sync_error_ratio', error_ratio.services, { of: 'services' }),
    ...sample('sluice_sync_error_ratio', error_ratio.triage_codes, { of: 'triage_codes' }),
    ...sample('sluice_sync_anomalies', anomalies?.length ?? null),
    ...Object.entries(report.setbacks).flatMap(([why, count]) => sample('sluice_sync_setbacks', count, { why })),
    ...Object.entries({ ...report.counts, ...written(report) }).flatMap(([type, count]) =>
      sample('sluice_sync_counts', count, { type }),
    ),
  ];
}

const written = ({ metrics }: RunReport): Readonly<Record<string, number>> =>
  metrics === null ? {} : { inserted: metrics.inserted ?? 0, updated: metrics.updated ?? 0 };

const secondsOf = (iso: string): number => Date.parse(iso) / 1000;
