import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { GateReport } from './gate-report.ts';
import type { QualityReport } from './quality-report.ts';

/** What one judged run adds to the course of data quality. Points are measured, never made up. */
export interface HistoryPoint {
  readonly ts_utc: string;
  readonly run_id: string;
  readonly event: string;
  readonly profile: string;
  readonly release_status: string;
  readonly mode: string | null;
  readonly figures: QualityReport['figures'] | null;
}

const historyFile = (folder: string): string => join(folder, 'history.ndjson');

export function addHistory(folder: string, event: string, gates: GateReport, quality: QualityReport | null): void {
  const point: HistoryPoint = {
    ts_utc: gates.run_at_utc,
    run_id: gates.run_id,
    event,
    profile: gates.profile,
    release_status: gates.status,
    mode: quality?.mode ?? null,
    figures: quality?.figures ?? null,
  };
  appendFileSync(historyFile(folder), `${JSON.stringify(point)}\n`);
}

/** The newest points, oldest of them first. A line that a crash left half written is passed over. */
export function readHistory(folder: string, most: number): readonly HistoryPoint[] {
  const path = historyFile(folder);
  if (!existsSync(path)) return [];
  const points = readFileSync(path, 'utf8')
    .split('\n')
    .flatMap((line): HistoryPoint[] => {
      try {
        return line === '' ? [] : [JSON.parse(line) as HistoryPoint];
      } catch {
        return [];
      }
    });
  return points.slice(-most);
}
