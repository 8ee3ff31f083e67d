import { expect, test } from 'vitest';
import { OwedFor } from '../../src/app/owed-for.ts';
import type { PartitionFigures } from '../../src/sinks/postgres/index.ts';

const partition = (nextOffset: bigint | null, sourceAgeSeconds: number | null): PartitionFigures => ({
  ...{ topic: 't', partition: 0, nextOffset, logTimeMs: null, worker: 'w', sourceAgeSeconds, landedAgeSeconds: null },
});
const ends = (high: bigint) => new Map([['t/0', { low: 0n, high }]]);

test('what a partition owes came after it owed nothing', () => {
  const memory = new OwedFor();
  // nobody knows for how long: it was not seen before
  expect(memory.see(ends(5n), [partition(4n, 900)], 1_000).get('t/0')).toBeUndefined();
  expect(memory.see(ends(5n), [partition(5n, 900)], 6_000).get('t/0')).toBe(0);
  expect(memory.see(ends(6n), [partition(5n, 900)], 11_000).get('t/0')).toBe(5);
  // the ends cannot be asked: time goes on
  expect(memory.see(null, [partition(5n, 900)], 16_000).get('t/0')).toBe(10);
  expect(memory.see(ends(6n), [partition(6n, 1)], 21_000).get('t/0')).toBe(0);
});

test('where nothing was ever landed it is known since when it was not', () => {
  const memory = new OwedFor();
  expect(memory.see(ends(1n), [], 1_000).get('t/0')).toBe(0);
  expect(memory.see(ends(1n), [partition(null, null)], 61_000).get('t/0')).toBe(60);
});
