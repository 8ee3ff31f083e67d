import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { underLock } from '../../src/stack/lock.ts';
import { startTime } from '../../src/stack/process-record.ts';

let folder: string;
let lock: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-lock-'));
  lock = join(folder, 'deep', 'up.lock');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

test('one after the other, and the lock is gone after a failure too', async () => {
  const happened: string[] = [];
  const work = (name: string) => async (): Promise<string> => {
    happened.push(`${name} begins`);
    await pause(50);
    happened.push(`${name} ends`);
    return name;
  };
  expect(await Promise.all([underLock(lock, work('a')), underLock(lock, work('b'))])).toEqual(['a', 'b']);
  expect(happened).toEqual(['a begins', 'a ends', 'b begins', 'b ends']);
  await expect(underLock(lock, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(existsSync(lock)).toBe(false);
});

test('a holder that ended counts for nothing, nor does its number on another process', async () => {
  await underLock(lock, async () => undefined);
  for (const holder of [
    { pid: 2 ** 22 + 1, startedAt: '1' },
    { pid: process.pid, startedAt: '1' },
  ]) {
    writeFileSync(lock, JSON.stringify(holder));
    expect(await underLock(lock, async () => 'done')).toBe('done');
  }
});

test('a lock cut off in its writing does not hold for ever', async () => {
  await underLock(lock, async () => undefined);
  writeFileSync(lock, '');
  expect(await underLock(lock, async () => 'done')).toBe('done');
});

test('a holder that lives is waited for', async () => {
  await underLock(lock, async () => undefined);
  writeFileSync(lock, JSON.stringify({ pid: process.pid, startedAt: startTime(process.pid) }));
  let done = false;
  const waiting = underLock(lock, async () => {
    done = true;
  });
  await pause(250);
  expect(done).toBe(false);
  rmSync(lock);
  await waiting;
  expect(done).toBe(true);
});
