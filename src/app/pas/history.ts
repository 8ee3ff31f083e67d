import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SluiceError } from '../../core/index.ts';
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

const NEWLINE = Buffer.from('\n');

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
  const path = historyFile(folder);
  // a line that a crash left half written must not take this one with it
  const before = existsSync(path) ? readFileSync(path) : NEWLINE;
  const torn = before.length > 0 && !before.subarray(-1).equals(NEWLINE);
  appendFileSync(path, `${torn ? '\n' : ''}${JSON.stringify(point)}\n`);
}

export interface History {
  /** The newest points, oldest of them first. */
  readonly points: readonly HistoryPoint[];
  /** Lines, counted from 1, that are no point; they are left out. */
  readonly damaged: readonly number[];
}

/** No file is no history; one that cannot be read is an error. @throws CONFIG_INVALID */
export function readHistory(folder: string, most: number): History {
  const path = historyFile(folder);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return { points: [], damaged: [] };
    throw new SluiceError('CONFIG_INVALID', `${path} cannot be read`, { cause });
  }
  const points: HistoryPoint[] = [];
  const damaged: number[] = [];
  for (const [i, line] of text.split('\n').entries()) {
    if (line === '') continue;
    const point = pointIn(line);
    if (point) points.push(point);
    else damaged.push(i + 1);
  }
  return { points: points.slice(-most), damaged };
}

function pointIn(line: string): HistoryPoint | null {
  try {
    const point = JSON.parse(line) as Partial<HistoryPoint> | null;
    const whole = typeof point?.ts_utc === 'string' && typeof point.release_status === 'string';
    return whole ? (point as HistoryPoint) : null;
  } catch {
    return null;
  }
}
