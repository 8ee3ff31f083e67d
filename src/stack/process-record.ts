import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A process we started. Its start time tells it from a later process with the same number. */
export interface ProcessRecord {
  readonly pid: number;
  readonly startedAt: string;
  readonly port: number;
  readonly since: string;
  /** whether it was seen ready: from then on, not to answer means half dead, and before it means starting */
  readonly wasReady?: boolean;
  /** the class archive it writes when it ends, and where that belongs */
  readonly archive?: ArchivePlaces;
}

export interface ArchivePlaces {
  readonly making: string;
  readonly kept: string;
}

/** When the process with this number started, in the system's own words; null when there is none. */
export function startTime(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // the second field is the command in brackets and may hold anything; the start is the 22nd field
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? null : (fields[19] ?? null);
  } catch {
    if (process.platform === 'linux') return null;
    const listed = spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' });
    return listed.status === 0 ? listed.stdout.trim() || null : null;
  }
}

export function residentMegabytes(pid: number): number | null {
  try {
    const kilobytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kilobytes === undefined ? null : Math.round(Number(kilobytes) / 1024);
  } catch {
    return null;
  }
}

const fileOf = (home: string, part: string): string => join(home, 'run', `${part}.json`);

/** False when the process has ended already. */
export function writeRecord(
  home: string,
  part: string,
  process: { pid: number; port: number; archive: ArchivePlaces | null },
): boolean {
  const startedAt = startTime(process.pid);
  if (startedAt === null) return false;
  mkdirSync(join(home, 'run'), { recursive: true });
  const { pid, port, archive } = process;
  const record: ProcessRecord = { pid, startedAt, port, since: new Date().toISOString(), ...(archive && { archive }) };
  writeFileSync(fileOf(home, part), JSON.stringify(record));
  return true;
}

export function recordReady(home: string, part: string): void {
  const record = readRecord(home, part);
  if (record) writeFileSync(fileOf(home, part), JSON.stringify({ ...record, wasReady: true }));
}

export function readRecord(home: string, part: string): ProcessRecord | null {
  try {
    return JSON.parse(readFileSync(fileOf(home, part), 'utf8')) as ProcessRecord;
  } catch {
    return null;
  }
}

export const removeRecord = (home: string, part: string): void => rmSync(fileOf(home, part), { force: true });

/** Whether the recorded process still is the one that runs under its number. */
export const isAlive = (record: ProcessRecord | null): record is ProcessRecord =>
  record !== null && startTime(record.pid) === record.startedAt;
