import { COUNTERS, type Counts } from '../../migrations/dos/index.ts';

type Running = { -readonly [name in keyof Counts]: number };

export const noCounts = (): Running => Object.fromEntries(COUNTERS.map((name) => [name, 0])) as unknown as Running;

export function addCounts(counts: Running, more: Counts): void {
  for (const name of COUNTERS) counts[name] += more[name];
}
