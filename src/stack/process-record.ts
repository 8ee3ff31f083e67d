import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A process we started. Its start time tells it from a later process with the same number. */
export interface ProcessRecord {
  readonly pid: number;
  readonly startedAt: string;
  readonly port: number;
  readonly since: string;
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

export function writeRecord(home: string, part: string, pid: number, port: number): void {
  const startedAt = startTime(pid);
  if (startedAt === null) return;
  mkdirSync(join(home, 'run'), { recursive: true });
  const record: ProcessRecord = { pid, startedAt, port, since: new Date().toISOString() };
  writeFileSync(fileOf(home, part), JSON.stringify(record));
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
