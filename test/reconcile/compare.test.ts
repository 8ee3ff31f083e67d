import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DocumentPair, JsonObject, KnownDocument } from '../../src/core/index.ts';
import { compareDocuments, compareRows, judgeDocument, upper95 } from '../../src/reconcile/index.ts';

const exact = { unordered: false, nullIsAbsent: false };
const asSets = { unordered: true, nullIsAbsent: true };

const json = fc.object({ maxDepth: 3, values: [fc.integer(), fc.string(), fc.boolean(), fc.constant(null)] });

describe('comparing by path', () => {
  it('names path and class, and no value', () => {
    const expected = { name: [{ family: 'Ash' }], active: true, born: 7, gone: 1 };
    const actual = { name: [{ family: 'Oak' }], active: 'true', born: 7, more: 2 };
    const { differences, fields } = compareDocuments(expected, actual, exact);
    expect(differences).toEqual([
      { path: 'name[].family', class: 'value' },
      { path: 'active', class: 'type' },
      { path: 'gone', class: 'missing' },
      { path: 'more', class: 'extra' },
    ]);
    expect(fields).toBe(5);
    expect(JSON.stringify(differences)).not.toMatch(/Ash|Oak/);
  });

  it('tells null from absent only where the target does', () => {
    expect(compareDocuments({ a: null }, {}, exact).differences).toEqual([{ path: 'a', class: 'missing' }]);
    expect(compareDocuments({ a: null }, {}, asSets).differences).toEqual([]);
  });

  it('finds nothing between a document and itself, its sets in any order', () => {
    fc.assert(
      fc.property(json, fc.array(json as fc.Arbitrary<JsonObject>), (one, list) => {
        const document = { one, list } as unknown as JsonObject;
        expect(compareDocuments(document, document, exact).differences).toEqual([]);
        const turned = { one, list: [...list].reverse() } as unknown as JsonObject;
        expect(compareDocuments(document, turned, asSets).differences).toEqual([]);
      }),
    );
  });

  it('finds a member that is there twice on one side only', () => {
    const { differences } = compareDocuments({ a: [1, 2, 2] }, { a: [2, 1] }, asSets);
    expect(differences).toEqual([{ path: 'a[]', class: 'missing' }]);
  });

  it('finds each single change of a leaf', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ minLength: 1 }), fc.integer(), { minKeys: 1 }), fc.nat(), (document, n) => {
        const names = Object.keys(document);
        const name = names[n % names.length] as string;
        const changed = { ...document, [name]: (document[name] as number) + 1 };
        expect(compareDocuments(document, changed, exact).differences).toEqual([{ path: name, class: 'value' }]);
      }),
    );
  });
});

describe('comparing rows', () => {
  it('takes values by what they are, not by how they are written', () => {
    expect(compareRows({ a: '1.50', b: 3, c: null }, { a: '1.5', b: '3' }, new Set())).toEqual([]);
    expect(compareRows({ a: '1.50', d: 'x' }, { a: '1.51', d: null }, new Set())).toEqual([
      { path: 'a', class: 'value' },
      { path: 'd', class: 'value' },
    ]);
  });

  it('takes text as it is written: a zero or a plus before a number is part of a phone number', () => {
    const texts = new Set(['a']);
    for (const [source, landed] of [
      ['07700900123', '7700900123'],
      ['+447700900123', '447700900123'],
      ['1.50', '1.5'],
      ['null', null],
    ] as const)
      expect(compareRows({ a: source }, { a: landed }, texts)).toEqual([{ path: 'a', class: 'value' }]);
    expect(compareRows({ a: '7' }, { a: 7 }, texts)).toEqual([]);
    expect(compareRows({ b: 'null' }, { b: null }, texts)).toHaveLength(1);
  });
});

describe('a verdict', () => {
  const known = { revision: 5n } as KnownDocument;
  const remote = { ...asSets, bearsRevision: true };
  const pair = (content: JsonObject, revision: bigint | null, foreign: boolean | null = null): DocumentPair => ({
    id: 'x',
    expected: { a: 1 },
    actual: { content, revision, foreign },
  });
  const kinds = (of: DocumentPair, earlier: readonly string[] = [], options = remote) =>
    judgeDocument(of, known, earlier, options).kinds.map(({ kind }) => kind);

  it('tells missing, value, stale and rogue apart', () => {
    expect(kinds({ id: 'x', expected: { a: 1 }, actual: null })).toEqual(['missing']);
    expect(kinds(pair({ a: 1 }, 5n))).toEqual([]);
    expect(kinds(pair({ a: 2 }, 5n))).toEqual(['value']);
    expect(kinds(pair({ a: 2 }, 4n))).toEqual(['stale']);
    expect(kinds(pair({ a: 1 }, null))).toEqual(['rogue']);
    expect(kinds(pair({ a: 2 }, 9n))).toEqual(['value', 'rogue']);
  });

  it('knows a row again that it has seen before, and who wrote it', () => {
    const table = { ...exact, bearsRevision: false };
    const { hash } = judgeDocument(pair({ a: 0 }, null), known, [], table);
    expect(kinds(pair({ a: 0 }, null, false), [String(hash)], table)).toEqual(['stale']);
    expect(kinds(pair({ a: 0 }, null, true), [], table)).toEqual(['value', 'rogue']);
    // who else writes columns that are theirs is nobody's finding
    expect(kinds(pair({ a: 1 }, null, true), [], table)).toEqual([]);
  });
});

describe('what a finding is accepted for', () => {
  it('is both contents: another expectation of the same row is another fault', () => {
    const of = (expected: JsonObject, content: JsonObject) =>
      judgeDocument({ id: 'x', expected, actual: { content, revision: 5n, foreign: null } }, undefined, [], {
        ...asSets,
        bearsRevision: false,
      }).fault;
    expect(of({ a: 1 }, { a: 1 })).toBeNull();
    expect(of({ a: 1 }, { a: 2 })).toBe(of({ a: 1 }, { a: 2 }));
    expect(of({ a: 3 }, { a: 2 })).not.toBe(of({ a: 1 }, { a: 2 }));
  });

  it('of a missing document all fields are mismatched, and each member of a list is one', () => {
    const options = { ...exact, bearsRevision: false };
    const missing = judgeDocument({ id: 'x', expected: { a: 1, b: 2 }, actual: null }, undefined, [], options);
    expect([missing.fields, missing.mismatched]).toEqual([2, 2]);
    const { fields, mismatched, differences } = compareDocuments({ a: [1, 2, 3] }, { a: [4, 5, 6] }, exact);
    expect([fields, mismatched, differences.length]).toEqual([3, 3, 1]);
  });
});

describe('the upper bound', () => {
  it('is 1 where nothing was looked at, and never below the share', () => {
    expect(upper95(0, 0)).toBe(1);
    expect(upper95(0, 1_000)).toBeCloseTo(0.0027, 4);
    fc.assert(
      fc.property(fc.nat(500), fc.integer({ min: 1, max: 500 }), (bad, good) => {
        const bound = upper95(bad, bad + good);
        expect(bound).toBeGreaterThan(bad / (bad + good));
        expect(bound).toBeLessThanOrEqual(1);
      }),
    );
  });
});
