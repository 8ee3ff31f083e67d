import { createRequire } from 'node:module';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc32c } from '../../src/source/kafka/crc32c.ts';
import { RecordReader } from '../../src/source/kafka/record-batch.ts';

/** kafkajs's own encoder, so that nothing we believe of the format is tested against itself. */
const require = createRequire(import.meta.url);
const { RecordBatch } = require('kafkajs/src/protocol/recordBatch/v0') as {
  RecordBatch: (given: object) => Promise<{ buffer: Buffer }>;
};
const encodeRecord = require('kafkajs/src/protocol/recordBatch/record/v0') as (given: object) => unknown;

interface Made {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, string>>;
}

async function batchOf(base: number, made: readonly Made[], options: object = {}): Promise<Buffer> {
  const records = made.map((one, offsetDelta) => encodeRecord({ ...one, offsetDelta, timestampDelta: offsetDelta }));
  const lastOffsetDelta = made.length - 1;
  const given = { firstTimestamp: 1_000, maxTimestamp: 2_000, lastOffsetDelta, records, ...options };
  const { buffer } = await RecordBatch(given);
  const bytes = Buffer.from(buffer);
  // a producer always says 0; the broker puts the base offset in
  bytes.writeBigInt64BE(BigInt(base), 0);
  return bytes;
}

const bytes = fc.uint8Array({ maxLength: 40 }).map((one) => Buffer.from(one));
const records = fc.array(
  fc.record<Made>({
    key: fc.option(bytes),
    value: fc.option(bytes),
    headers: fc.dictionary(fc.string({ minLength: 1, maxLength: 5 }), fc.string({ maxLength: 5 }), { maxKeys: 2 }),
  }),
  { minLength: 1, maxLength: 12 },
);

describe('record batches', () => {
  it('checks what the broker sent by the right polynomial', () => {
    expect(crc32c(Buffer.from('123456789'), 0, 9)).toBe(0xe3069283);
    expect(crc32c(Buffer.alloc(32), 0, 32)).toBe(0x8a9136aa);
    expect(crc32c(Buffer.alloc(32, 0xff), 0, 32)).toBe(0x62a8ab43);
  });

  it('come out as they went in', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(records, { minLength: 1, maxLength: 3 }), fc.nat(4), async (batches, skip) => {
        const reader = new RecordReader();
        const parts: Buffer[] = [];
        const wanted: object[] = [];
        let base = 100;
        for (const made of batches) {
          parts.push(await batchOf(base, made));
          made.forEach((one, i) => {
            wanted.push({ ...one, headers: { ...one.headers }, offset: BigInt(base + i), timestampMs: 1_000 + i });
          });
          base += made.length;
        }
        const found = reader.read(Buffer.concat(parts), BigInt(100 + skip), []);
        expect(found.next).toBe(BigInt(base));
        expect(found.records).toEqual(wanted.slice(skip));
      }),
      { numRuns: 100 },
    );
  });

  it('that are cut off are left for the next fetch', async () => {
    const one = [{ key: null, value: Buffer.from('v'), headers: {} }];
    const [first, second] = [await batchOf(0, one), await batchOf(1, one)];
    for (let cut = 1; cut < second.length; cut += 7) {
      const found = new RecordReader().read(Buffer.concat([first, second.subarray(0, cut)]), 0n, []);
      expect(found).toMatchObject({ next: 1n, records: [{ offset: 0n }] });
    }
  });

  it('whose bytes have changed are refused', async () => {
    const whole = await batchOf(0, [{ key: null, value: Buffer.from('value'), headers: {} }]);
    whole.writeUInt8(whole.readUInt8(whole.length - 3) ^ 1, whole.length - 3);
    expect(() => new RecordReader().read(whole, 0n, [])).toThrow(RangeError);
  });

  it('of a transaction that was given up are read by nobody and count as read', async () => {
    const one = [{ key: null, value: Buffer.from('v'), headers: {} }];
    const given = { producerId: 7, producerEpoch: 0, firstSequence: 0 };
    const parts = [
      await batchOf(0, one, { ...given, transactional: true }),
      await batchOf(1, one),
      await batchOf(2, one, { ...given, producerId: 8, transactional: true }),
    ];
    const found = new RecordReader().read(Buffer.concat(parts), 0n, [{ producerId: 7n, firstOffset: 0n }]);
    expect(found.records.map(({ offset }) => offset)).toEqual([1n, 2n]);
    expect(found.next).toBe(3n);
  });
});
