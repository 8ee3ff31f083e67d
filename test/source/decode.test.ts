import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import avro from 'avsc';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ChangeEvent, SourceRecord } from '../../src/core/index.ts';
import { AvroSchemas } from '../../src/source/decode/avro.ts';
import { parseExact } from '../../src/source/decode/exact-json.ts';
import { decodeKey, decodeRecord, type RawMessage } from '../../src/source/decode/record.ts';

const TABLE = { table: 'public.t', key: ['id'] };
const nullable = (type: unknown) => ({ type: ['null', type], default: null });
const ROW = {
  type: 'record',
  name: 'Value',
  namespace: 'x.public.t',
  fields: [
    { name: 'id', type: 'string' },
    { name: 'big', ...nullable('long') },
    { name: 'amount', ...nullable('string') },
    { name: 'at', ...nullable({ type: 'string', 'connect.name': 'io.debezium.time.ZonedTimestamp' }) },
    { name: 'born', ...nullable({ type: 'int', 'connect.name': 'io.debezium.time.Date' }) },
    { name: 'tags', ...nullable({ type: 'array', items: ['null', 'string'] }) },
    { name: 'raw', ...nullable('bytes') },
    { name: 'flag', ...nullable('boolean') },
    { name: 'ratio', ...nullable('double') },
  ],
};
const SOURCE = {
  type: 'record',
  name: 'Source',
  namespace: 'io.debezium.connector.postgresql',
  fields: [
    { name: 'sequence', ...nullable('string') },
    { name: 'snapshot', ...nullable('string') },
    { name: 'lsn', ...nullable('long') },
    { name: 'txId', ...nullable('long') },
    { name: 'ts_us', ...nullable('long') },
    { name: 'origin', ...nullable('string') },
  ],
};
const ENVELOPE = {
  type: 'record',
  name: 'Envelope',
  namespace: 'x.public.t',
  fields: [
    { name: 'before', ...nullable(ROW) },
    { name: 'after', type: ['null', 'x.public.t.Value'], default: null },
    { name: 'source', type: SOURCE },
    { name: 'op', type: 'string' },
    { name: 'ts_ms', ...nullable('long') },
  ],
};
const KEY = { type: 'record', name: 'Key', namespace: 'x.public.t', fields: [{ name: 'id', type: 'string' }] };

const long = avro.types.LongType.__with({
  fromBuffer: (buffer: Buffer) => buffer.readBigInt64LE(),
  toBuffer: (value: bigint) => {
    const buffer = Buffer.alloc(8);
    buffer.writeBigInt64LE(value);
    return buffer;
  },
  fromJSON: BigInt,
  toJSON: String,
  isValid: (value: unknown) => typeof value === 'bigint',
  compare: () => 0,
});
const typeOf = (schema: unknown) =>
  avro.Type.forSchema(structuredClone(schema) as avro.Schema, { registry: { long }, wrapUnions: false } as never);
const wire = (id: number, schema: unknown, value: unknown): Buffer => {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(id, 1);
  return Buffer.concat([head, typeOf(schema).toBuffer(value)]);
};
/** JSON with 64-bit numbers as digits, as Connect writes it */
const json = (value: unknown): Buffer => {
  const text = JSON.stringify(value, (_, member) => {
    if (typeof member === 'bigint') return `@@${member}@@`;
    if (typeof member === 'number' && !Number.isFinite(member)) return String(member);
    const bytes = member as { type?: string; data?: number[] } | null;
    return bytes?.type === 'Buffer' ? Buffer.from(bytes.data ?? []).toString('base64') : member;
  });
  return Buffer.from(text.replace(/"@@(-?\d+)@@"/g, '$1'));
};

let server: Server;
let schemas: AvroSchemas;
const asked: string[] = [];
beforeAll(async () => {
  const known: Record<string, unknown> = {
    '/schemas/ids/1': KEY,
    '/schemas/ids/2': ENVELOPE,
    '/schemas/ids/3': { type: 'record', name: 'Odd', fields: [{ name: 'x', type: 'nothing-known' }] },
  };
  server = createServer((request, response) => {
    asked.push(request.url ?? '');
    const schema = known[request.url ?? ''];
    response.statusCode = schema ? 200 : request.url === '/schemas/ids/500' ? 500 : 404;
    response.end(JSON.stringify(schema ? { schema: JSON.stringify(schema) } : {}));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  schemas = new AvroSchemas(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
afterAll(() => server.close());

interface Made {
  readonly row: Record<string, unknown> | null;
  readonly before?: Record<string, unknown> | null;
  readonly op?: string;
  readonly lsn?: bigint;
}

const source = (lsn: bigint) => ({
  sequence: JSON.stringify([String(lsn - 5n), String(lsn)]),
  snapshot: 'false',
  lsn,
  txId: 4_294_967_999n,
  ts_us: 1_774_000_000_123_456n,
  origin: null,
});

function both({ row, before = null, op = 'u', lsn = 9_007_199_254_740_993_555n }: Made): RawMessage[] {
  const envelope = { before, after: row, source: source(lsn), op, ts_ms: 1_774_000_000_500n };
  const id = (row ?? before)?.id;
  const at = { offset: 7n, headers: { 'sluice.epoch': '3' } };
  return [
    { ...at, key: wire(1, KEY, { id }), value: wire(2, ENVELOPE, envelope) },
    { ...at, key: json({ id }), value: json(envelope) },
    { ...at, key: json({ schema: {}, payload: { id } }), value: json({ schema: {}, payload: envelope }) },
  ];
}

const change = (record: SourceRecord): ChangeEvent => {
  if (record.kind !== 'change') throw new Error(`not a change but ${record.kind}`);
  return record;
};
const full = (over: Record<string, unknown>) => ({
  id: 'r-1',
  big: null,
  amount: null,
  at: null,
  born: null,
  tags: null,
  raw: null,
  flag: null,
  ratio: null,
  ...over,
});
const decode = async (raw: RawMessage) => decodeRecord(raw, TABLE, schemas);

describe('Avro and JSON come to the same', () => {
  it('down to the last digit of a 64-bit number', async () => {
    const row = full({ big: 9_223_372_036_854_775_807n, amount: '12345678901234567890.123400', ratio: 0.1 });
    for (const raw of both({ row })) {
      const { after, position } = change(await decode(raw));
      expect(after).toMatchObject({ big: '9223372036854775807', amount: '12345678901234567890.123400', ratio: 0.1 });
      expect(position).toEqual({
        epoch: 3,
        phase: 1,
        a: 9_007_199_254_740_993_550n,
        b: 9_007_199_254_740_993_555n,
        txId: 4_294_967_999n,
        offset: 7n,
      });
    }
  });

  it('for times with microseconds and dates that are days, whatever the time zone here', async () => {
    const row = full({ at: '2026-03-29T01:30:00.123456Z', born: -25_567 });
    for (const raw of both({ row })) {
      const { after, sourceTime, connectorMs } = change(await decode(raw));
      expect(after).toMatchObject({ at: '2026-03-29T01:30:00.123456Z', born: -25_567 });
      expect(sourceTime).toBe('2026-03-20T09:46:40.123456Z');
      expect(connectorMs).toBe(1_774_000_000_500);
    }
  });

  it('for any row', async () => {
    const column = fc.record({
      big: fc.option(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
      amount: fc.option(fc.string()),
      tags: fc.option(fc.array(fc.option(fc.string({ maxLength: 8 })), { maxLength: 4 })),
      raw: fc.option(fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes))),
      flag: fc.option(fc.boolean()),
      ratio: fc.option(fc.double().map((x) => (Object.is(x, -0) ? 0 : x))),
    });
    await fc.assert(
      fc.asyncProperty(column, async (columns) => {
        const [fromAvro, fromJson, fromWrapped] = await Promise.all(
          both({ row: full(columns) }).map(async (raw) => change(await decode(raw)).after),
        );
        expect(fromJson).toEqual(fromAvro);
        expect(fromWrapped).toEqual(fromAvro);
      }),
      { numRuns: 200, seed: 1 },
    );
  });

  it.each([Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN])(
    'for the double %s, of which a landed row would make null: as text',
    async (ratio) => {
      for (const raw of both({ row: full({ ratio }) }))
        expect(change(await decode(raw)).after).toMatchObject({ ratio: String(ratio) });
    },
  );

  it('for a value that was not sent', async () => {
    const row = full({
      amount: '__sluice_unsent__',
      tags: ['__sluice_unsent__'],
      raw: Buffer.from('__sluice_unsent__'),
    });
    for (const raw of both({ row })) {
      const { after, unsent } = change(await decode(raw));
      expect([...unsent].sort()).toEqual(['amount', 'raw', 'tags']);
      expect(after).not.toHaveProperty('amount');
    }
  });

  it('for a delete, whose last image is kept, and its tombstone', async () => {
    for (const raw of both({ row: null, before: full({ amount: 'last' }), op: 'd' })) {
      expect(change(await decode(raw))).toMatchObject({ op: 'd', key: 'r-1', after: null, before: { amount: 'last' } });
      expect(await decode({ ...raw, value: null })).toEqual({ kind: 'tombstone', table: 'public.t', key: 'r-1' });
    }
  });
});

describe('records that are not row changes', () => {
  const at = { offset: 1n, key: null, headers: { 'sluice.epoch': '1' } };
  it('truncates have a place and no key', async () => {
    const value = json({ op: 't', before: null, after: null, source: source(50n) });
    expect(await decode({ ...at, value })).toMatchObject({ kind: 'truncate', table: 'public.t', position: { b: 50n } });
  });
  it('messages and transaction boundaries are told apart', async () => {
    const message = json({ op: 'm', message: { prefix: 'p', content: 'aGk=' }, source: source(50n) });
    expect(await decode({ ...at, value: message })).toEqual({ kind: 'message', prefix: 'p', content: 'aGk=' });
    expect(await decode({ ...at, value: json({ status: 'BEGIN', id: '1:2' }) })).toEqual({
      kind: 'transaction-boundary',
    });
  });
});

describe('what cannot be decoded', () => {
  const [avroRaw, jsonRaw] = both({ row: full({ amount: 'Secret' }) }) as [RawMessage, RawMessage];
  const cases: [string, RawMessage, string][] = [
    ['cut short', { ...avroRaw, value: avroRaw.value?.subarray(0, 30) ?? null }, 'VALUE_UNDECODABLE'],
    [
      'with bytes left over',
      { ...avroRaw, value: Buffer.concat([avroRaw.value as Buffer, Buffer.from([1])]) },
      'VALUE_UNDECODABLE',
    ],
    ['neither', { ...jsonRaw, value: Buffer.from('{"after":"Secret"') }, 'VALUE_UNDECODABLE'],
    [
      'of a schema that cannot be compiled',
      { ...avroRaw, value: Buffer.from([0, 0, 0, 0, 3, 1]) },
      'VALUE_UNDECODABLE',
    ],
    ['of an unknown schema', { ...avroRaw, value: Buffer.from([0, 0, 0, 0, 99, 1]) }, 'SCHEMA_UNKNOWN'],
    ['while the registry is ill', { ...avroRaw, value: Buffer.from([0, 0, 0, 1, 244, 1]) }, 'REGISTRY_UNAVAILABLE'],
    ['without a key', { ...jsonRaw, key: null }, 'KEY_UNDECODABLE'],
    ['with a key that lacks its column', { ...jsonRaw, key: json({ other: 1 }) }, 'KEY_UNDECODABLE'],
    ['without an epoch', { ...jsonRaw, headers: {} }, 'EPOCH_MISSING'],
  ];
  for (const [what, raw, code] of cases) {
    it(`${what} is ${code}, and says no value`, async () => {
      const error = await decode(raw).catch((caught: unknown) => caught);
      expect(error).toMatchObject({ code });
      expect(String((error as Error).message)).not.toContain('Secret');
    });
  }

  it('is asked of the registry once, when it can be', async () => {
    asked.length = 0;
    await Promise.all([decode(avroRaw), decode(avroRaw)]);
    await decode(avroRaw);
    expect(asked.length).toBeLessThanOrEqual(4);
  });

  it('keys of several columns are a list, in the order of the declaration', async () => {
    const key = json({ b: 2, a: 'x' });
    expect(await decodeKey({ ...jsonRaw, key }, { table: 't', key: ['a', 'b'] }, schemas)).toBe('["x","2"]');
  });
});

describe('JSON without losing a digit', () => {
  it('gives what JSON.parse gives, but for numbers it would round', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        const text = JSON.stringify(value);
        const beyond = (n: number): boolean => Number.isInteger(n) && !Number.isSafeInteger(n) && Math.abs(n) < 1e21;
        const wanted = JSON.parse(text, (_, member) =>
          typeof member === 'number' && beyond(member) ? String(member) : member,
        );
        expect(parseExact(text)).toEqual(wanted);
      }),
      { seed: 2 },
    );
  });

  it('keeps every integer of 64 bits, and leaves digits inside strings alone', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.string(), (number, text) => {
        const word = `${text}"${number}\\`;
        const read = parseExact(`{"n":${number},"s":${JSON.stringify(word)}}`) as { n: number | string; s: string };
        expect(BigInt(read.n)).toBe(number);
        expect(read.s).toBe(word);
      }),
      { seed: 3 },
    );
  });

  it('reads a string of many megabytes, whatever it is made of', () => {
    for (const piece of ['x', '\n', '"', '\\', '7']) {
      const long = piece.repeat(8_000_000);
      const read = parseExact(JSON.stringify({ long }).replace('}', ',"n":9223372036854775807}')) as { n: string };
      expect(read).toEqual({ long, n: '9223372036854775807' });
    }
  });
});
