import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type ChainHead, canonicalJson, gateRecordHash, type StoredGateRecord } from '../../src/core/index.ts';
import { walkChain } from '../../src/gates/index.ts';

const CHAIN = 'chain-1';

function chainOf(count: number, from: readonly StoredGateRecord[] = []): StoredGateRecord[] {
  const records = [...from];
  while (records.length < count) {
    const seq = records.length + 1;
    const link = {
      seq,
      kind: 'evaluation',
      migration: 'm',
      subject: 'foundation',
      at: `2026-01-01T00:00:${String(seq).padStart(2, '0')}.000Z`,
      actor: 'worker',
      requester: null,
      verdict: 'FAIL',
      body: canonicalJson({ n: seq }),
      prev: records.at(-1)?.hash ?? CHAIN,
    };
    records.push({ ...link, hash: gateRecordHash(link) });
  }
  return records;
}

const headOf = (record: StoredGateRecord | undefined): ChainHead => ({
  chain: CHAIN,
  seq: record?.seq ?? 0,
  hash: record?.hash ?? '',
});

function faultsOf(records: readonly StoredGateRecord[], anchors: readonly ChainHead[]) {
  const walk = walkChain(CHAIN, anchors);
  for (const record of records) walk.take(record);
  return walk.end();
}

const place = fc.integer({ min: 1, max: 8 });
const whole = chainOf(8);
const anchors = [headOf(whole.at(-1))];

test('a whole chain has no fault, and one that grew since it was anchored has none', () => {
  expect(faultsOf(whole, anchors)).toEqual([]);
  expect(faultsOf(chainOf(9, whole), anchors)).toEqual([]);
  expect(faultsOf([], [])).toEqual([]);
  expect(faultsOf(whole, [{ chain: 'another', seq: 99, hash: 'x' }])).toEqual([]);
});

test('any field of any record that was changed is found', () => {
  const fields = [
    'kind',
    'migration',
    'subject',
    'at',
    'actor',
    'requester',
    'verdict',
    'body',
    'prev',
    'hash',
  ] as const;
  fc.assert(
    fc.property(place, fc.constantFrom(...fields), (seq, field) => {
      const forged = whole.map((one) => (one.seq === seq ? { ...one, [field]: 'forged' } : one));
      expect(faultsOf(forged, anchors).length).toBeGreaterThan(0);
    }),
  );
});

test('a record changed together with its hash is found by the next, or by the anchor', () => {
  for (const { seq } of whole) {
    const forged = whole.map((one) => {
      if (one.seq !== seq) return one;
      const link = { ...one, verdict: 'PASS' };
      return { ...link, hash: gateRecordHash(link) };
    });
    expect(faultsOf(forged, anchors).length).toBeGreaterThan(0);
  }
});

test('records taken out, put in, exchanged or cut off are found', () => {
  fc.assert(
    fc.property(place, place, (one, other) => {
      expect(
        faultsOf(
          whole.filter(({ seq }) => seq !== one),
          anchors,
        ).length,
      ).toBeGreaterThan(0);
      expect(faultsOf(whole.slice(0, one - 1), anchors).map(({ what }) => what)).toEqual(['cut off']);
      const closed = whole.filter(({ seq }) => seq !== one).map((record, i) => ({ ...record, seq: i + 1 }));
      expect(faultsOf(closed, anchors).length).toBeGreaterThan(0);
      const put = [...whole.slice(0, one), chainOf(one)[one - 1] as StoredGateRecord, ...whole.slice(one)];
      expect(
        faultsOf(
          put.map((record, i) => ({ ...record, seq: i + 1 })),
          anchors,
        ).length,
      ).toBeGreaterThan(0);
      if (one === other) return;
      const swapped = whole.map((record) => {
        const from = record.seq === one ? other : record.seq === other ? one : record.seq;
        return { ...(whole[from - 1] as StoredGateRecord), seq: record.seq };
      });
      expect(faultsOf(swapped, anchors).length).toBeGreaterThan(0);
    }),
  );
});

test('a chain that was written anew as a whole is right in itself, and not what was anchored', () => {
  const first = { ...(whole[0] as StoredGateRecord), verdict: 'PASS', prev: CHAIN };
  const anew = chainOf(8, [{ ...first, hash: gateRecordHash(first) }]);
  expect(faultsOf(anew, [])).toEqual([]);
  expect(faultsOf(anew, anchors).map(({ what }) => what)).toEqual(['not as anchored']);
});
