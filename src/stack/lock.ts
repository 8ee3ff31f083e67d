import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { startTime } from './process-record.ts';

interface Holder {
  readonly pid: number;
  readonly startedAt: string | null;
}

function holderOf(path: string): Holder | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Holder;
  } catch {
    return null;
  }
}

function tryTake(path: string): boolean {
  const me: Holder = { pid: process.pid, startedAt: startTime(process.pid) };
  try {
    writeFileSync(path, JSON.stringify(me), { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  }
}

/** Does the work when no other process does work under the same lock; a lock whose holder died counts for nothing. */
export async function underLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  mkdirSync(dirname(path), { recursive: true });
  let unreadable = 0;
  while (!tryTake(path)) {
    const holder = holderOf(path);
    // it is unreadable for the instant between its making and its writing, and for good after a full disk
    unreadable = holder === null ? unreadable + 1 : 0;
    if (unreadable > 20 || (holder !== null && startTime(holder.pid) !== holder.startedAt))
      rmSync(path, { force: true });
    await new Promise((done) => setTimeout(done, 100));
  }
  try {
    return await work();
  } finally {
    rmSync(path, { force: true });
  }
}
