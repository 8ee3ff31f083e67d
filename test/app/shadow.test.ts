import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { differingPaths, pick } from '../../src/app/shadow/fields.ts';
import { progressOf } from '../../src/app/shadow/land.ts';
import { offsetsOf, paceMs, startOf, timeOf } from '../../src/app/shadow/start.ts';
import type { Json } from '../../src/core/index.ts';

const paths = (live: Json, shadow: Json): string[] => [...differingPaths(live, shadow)].sort();

describe('paths that differ', () => {
  test('are told one by one, places in lists by []', () => {
    expect(paths({ a: 1, b: { c: [1, { d: 2 }] } }, { a: 1, b: { c: [2, { d: 3 }] } })).toEqual(['b.c[]', 'b.c[].d']);
    expect(paths({ a: [1, 2] }, { a: [1] })).toEqual(['a']);
    expect(paths({ a: null }, {})).toEqual([]);
    expect(paths({ a: { b: 1 } }, { a: 1 })).toEqual(['a']);
  });

  test('are none between equals, and some otherwise', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(paths(value as Json, structuredClone(value) as Json)).toEqual([]);
        expect(paths({ v: value as Json }, { v: [value as Json] })).not.toEqual([]);
      }),
    );
  });

  test('stamps are no content', () => {
    expect(pick({ id: 1, at: 'now' }, new Set(['id']))).toEqual({ id: 1 });
  });
});

describe('where a replay begins', () => {
  const bounds = { partition: 0, low: 10n, high: 50n };
  const after = async (ms: number): Promise<bigint> => BigInt(ms);
  const begin = (text: string[]) => startOf(offsetsOf(text, 'mini'), 'mini.public.t', bounds, after);

  test('at the start, at a time, at an offset', async () => {
    expect(await startOf({ kind: 'beginning' }, 't', bounds, after)).toBe(10n);
    expect(await startOf(timeOf('1970-01-01T00:00:00.021Z'), 't', bounds, after)).toBe(20n);
    expect(await begin(['12'])).toBe(12n);
    expect(await begin(['public.t/0=13'])).toBe(13n);
    expect(await begin(['public.t/1=13'])).toBe(50n);
    expect(await begin(['99'])).toBe(50n);
  });

  test('not before what Kafka still holds, nor at nonsense', async () => {
    await expect(begin(['9'])).rejects.toThrow('begins at 10');
    expect(() => offsetsOf(['x'], 'mini')).toThrow('neither');
    expect(() => timeOf('yesterday')).toThrow('no time');
  });
});

test('a rate is kept by waiting', () => {
  expect(paceMs(500, 1_000, 100)).toBe(4_000);
  expect(paceMs(500, 9_000, 100)).toBe(0);
  expect(paceMs(500, 0, null)).toBe(0);
});

test('progress tells the rate and what is left', () => {
  expect(progressOf(50n, 200n, 1_000)).toEqual({ done: 50n, total: 200n, perSecond: 50, secondsLeft: 3 });
  expect(progressOf(0n, 200n, 1_000).secondsLeft).toBeNull();
});
