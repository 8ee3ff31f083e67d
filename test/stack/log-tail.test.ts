import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { followLog, lastLines } from '../../src/stack/log-tail.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-log-'));
  path = join(folder, 'kafka.log');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('the last lines, all when there are fewer, none of no log', () => {
  expect(lastLines(path, 5)).toEqual([]);
  writeFileSync(path, 'one\ntwo\n\nthree\n');
  expect(lastLines(path, 2)).toEqual(['', 'three']);
  expect(lastLines(path, 50)).toEqual(['one', 'two', '', 'three']);
  expect(lastLines(path, 0)).toEqual([]);
});

test('following shows what is added, whole letters only, and a log begun anew from its begin', async () => {
  writeFileSync(path, 'one\ntwo\n');
  const end = new AbortController();
  let shown = '';
  const print = (text: string): void => {
    shown += text;
  };
  const following = followLog(path, { lines: 1, signal: end.signal, print });
  await vi.waitFor(() => expect(shown).toBe('two\n'));
  const letter = Buffer.from('é\n');
  appendFileSync(path, letter.subarray(0, 1));
  await new Promise((done) => setTimeout(done, 300));
  appendFileSync(path, letter.subarray(1));
  await vi.waitFor(() => expect(shown).toBe('two\né\n'));
  writeFileSync(path, 'new\n');
  await vi.waitFor(() => expect(shown).toBe('two\né\nnew\n'));
  end.abort();
  await following;
});
