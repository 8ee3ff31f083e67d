import { appendFileSync, cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { differingPaths, pick } from '../../src/app/shadow/fields.ts';
import { progressOf } from '../../src/app/shadow/land.ts';
import { rulesHash } from '../../src/app/shadow/rules.ts';
import { offsetsOf, paceMs, startOf, timeOf } from '../../src/app/shadow/start.ts';
import { lacksOf, refuseUnfit, warningsOf } from '../../src/app/shadow/whole.ts';
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

describe('what a shadow may lack', () => {
  const fault = { topic: 'm.public.t', policy: 'delete', low: 5n };
  const lacks = (faults: Parameters<typeof warningsOf>[1]) =>
    lacksOf({ kind: 'beginning' }, warningsOf(['m.public.t', 'm.public.u'], faults));

  test('is nothing where it begins with all there was; topics without rows do not count', () => {
    expect(lacks([])).toBeNull();
    expect(lacks([{ ...fault, topic: 'm.sluice_cdc.heartbeat' }])).toBeNull();
  });

  test('is what expired, was compacted or is gone, or came before it', () => {
    expect(lacks([fault])).toMatch(/m\.public\.t \(expired\)/);
    expect(lacks([{ ...fault, policy: 'compact,delete', low: 0n }])).toMatch(/\(compacted\)/);
    expect(lacks([{ ...fault, topic: 'm.public.u', policy: '', low: 0n }])).toMatch(/m\.public\.u \(missing\)/);
    expect(lacksOf({ kind: 'time', ms: 0 }, [])).toMatch(/from the beginning/);
  });

  test('keeps it from being made live, and so do other rules', () => {
    const refuse = (of: Partial<Parameters<typeof refuseUnfit>[1]>) => () =>
      refuseUnfit('next', { whole: true, lacks: null, rules: 'a', ...of }, 'a');
    expect(refuse({})).not.toThrow();
    expect(refuse({ rules: '' })).not.toThrow();
    expect(refuse({ whole: false, lacks: lacks([fault]) })).toThrow(/m\.public\.t \(expired\).*docs\/replay\.md/);
    expect(refuse({ whole: false, lacks: 'it was not replayed from the beginning' })).toThrow(/looking only/);
    expect(refuse({ rules: 'b' })).toThrow(/other rules/);
    expect(refuse({ rules: null })).toThrow(/other rules/);
  });
});

test('rules have one hash, and another one under other settings or another contract', () => {
  const pas = { contract: undefined, catalogue: undefined, testData: false, approvedOnly: false, orphanSeconds: 0 };
  const config = { dos: {}, namespace: undefined, base: undefined, files: undefined, pas };
  const contract = mkdtempSync(join(tmpdir(), 'sluice-contract-'));
  cpSync('src/migrations/pas/data/contract', contract, { recursive: true });
  const ofPas = () => rulesHash({ ...config, pas: { ...pas, contract } }, 'pas');
  try {
    expect(ofPas()).toBe(rulesHash(config, 'pas'));
    appendFileSync(join(contract, 'contract.yaml'), '# another one\n');
    expect(ofPas()).not.toBe(rulesHash(config, 'pas'));
  } finally {
    rmSync(contract, { recursive: true });
  }
  expect(rulesHash({ ...config, base: 'https://elsewhere.example' }, 'dos')).not.toBe(rulesHash(config, 'dos'));
  expect(rulesHash(config, 'supabase')).not.toBe(rulesHash(config, 'dos'));
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
