import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { expect } from 'vitest';

/** Where times are collected over several suites; nowhere in an everyday run. */
const FILE = process.env.SLUICE_RECOVERIES;

export interface Recovery {
  readonly fault: string;
  readonly seconds: number;
  readonly bound: number;
}

/** Holds `work`, which ends when all is well again, to the time stated for its class of faults, and notes how long it took. */
export async function recovers<T>(fault: string, bound: number, work: () => Promise<T>): Promise<T> {
  const started = Date.now();
  const result = await work();
  const seconds = (Date.now() - started) / 1000;
  if (FILE) appendFileSync(FILE, `${JSON.stringify({ fault, seconds, bound } satisfies Recovery)}\n`);
  expect(seconds, `${fault}: seconds until all was well again`).toBeLessThan(bound);
  return result;
}

export function recoveriesIn(file: string): Recovery[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Recovery);
}
