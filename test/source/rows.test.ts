import avro from 'avsc';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Cells,
  type CopyColumn,
  type Position,
  type RowChange,
  type Rows,
  SluiceError,
} from '../../src/core/index.ts';
import { AvroSchemas } from '../../src/source/decode/avro.ts';
import { compileSchema } from '../../src/source/decode/avro-schema.ts';
import { Cursor } from '../../src/source/decode/cursor.ts';
import { UNSENT } from '../../src/source/decode/unsent.ts';
import { RowReader } from '../../src/source/rows/index.ts';

const nullable = (type: unknown) => ({ type: ['null', type], default: null });
const ROW = {
  type: 'record',
  name: 'Value',
  namespace: 'x.public.t',
  fields: [
    { name: 'id', type: 'long' },
    { name: 'left_out', ...nullable({ type: 'map', values: 'string' }) },
    { name: 'name', ...nullable('string') },
    { name: 'tags', ...nullable({ type: 'array', items: ['null', 'string'] }) },
    { name: 'whole', type: 'int' },
    { name: 'ratio', ...nullable('double') },
    { name: 'flag', ...nullable('boolean') },
    { name: 'kind', type: { type: 'enum', name: 'Kind', symbols: ['a', 'b'] } },
  ],
};
const SOURCE = {
  type: 'record',
  name: 'Source',
  namespace: 'io.debezium',
  fields: [
    { name: 'version', type: 'string' },
    { name: 'sequence', ...nullable('string') },
    { name: 'snapshot', ...nullable('string') },
    { name: 'lsn', ...nullable('long') },
    { name: 'txId', ...nullable('long') },
    { name: 'ts_us', ...nullable('long') },
  ],
};
const ENVELOPE = {
  type: 'record',
  name: 'Envelope',
  namespace: 'x.public.t',
  fields: [
    { name: 'before', ...nullable(ROW) },
    { name: 'after', type: ['null', 'Value'], default: null },
    { name: 'source', type: SOURCE },
    { name: 'op', type: 'string' },
    { name: 'ts_ms', ...nullable('long') },
    { name: 'ts_ns', ...nullable('long') },
  ],
};
const KEY = { type: 'record', name: 'Key', namespace: 'x.public.t', fields: [{ name: 'id', type: 'long' }] };

const plain = (schema: unknown): avro.Type =>
  avro.Type.forSchema(structuredClone(schema) as avro.Schema, { wrapUnions: false } as never);
const envelope = plain(ENVELOPE);
const keys = plain(KEY);

const framed = (schema: number, body: Buffer): Buffer => {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(schema, 1);
  return Buffer.concat([head, body]);
};

/** A registry that is asked once for each schema. */
const registry = (schemas: Readonly<Record<number, unknown>>): AvroSchemas => {
  const asked = new AvroSchemas('http://127.0.0.1:1');
  asked.compiled = async (id) => {
    if (!(id in schemas)) throw new SluiceError('SCHEMA_UNKNOWN', 'no such schema');
    return compileSchema(schemas[id] as never);
  };
  return asked;
};

const COLUMNS: readonly CopyColumn[] = [
  { from: 'id', to: 'id', type: 'bigint' },
  { from: 'name', to: 'name', type: 'text' },
  { from: 'whole', to: 'whole', type: 'integer' },
  { from: 'ratio', to: 'ratio', type: 'double precision' },
  { from: 'flag', to: 'flag', type: 'boolean' },
  { from: 'kind', to: 'kind', type: 'text' },
  { from: 'new_one', to: 'new_one', type: 'text' },
];
const TABLE = { table: 'public.t', key: ['id'] };

/** Keeps what a reader writes, column by column. */
function recorder(columns: number): { rows: Rows; values: unknown[][] } {
  const values: unknown[][] = [];
  let row: unknown[] = new Array(columns).fill(undefined);
  const cells = row.map((_, i): Cells => {
    const put = (value: unknown): void => {
      row[i] = value;
    };
    return {
      null: () => put(null),
      boolean: put,
      long: put,
      double: put,
      text: (b, x, y) => put(b.toString('utf8', x, y)),
    };
  });
  const rows: Rows = {
    cells,
    get count() {
      return values.length;
    },
    end: () => {
      values.push(row);
      row = new Array(columns).fill(undefined);
    },
    undo: () => undefined,
  };
  return { rows, values };
}

const POSITION = {} as Position;
const written = (row: RowChange): unknown[] => {
  const { rows, values } = recorder(COLUMNS.length);
  row.writeRow(rows);
  rows.end(POSITION);
  return values[0] ?? [];
};

interface Made {
  readonly id: number;
  readonly left_out: Record<string, string> | null;
  readonly name: string | null;
  readonly tags: (string | null)[] | null;
  readonly whole: number;
  readonly ratio: number | null;
  readonly flag: boolean | null;
  readonly kind: string;
}

const rowsMade = fc.record<Made>({
  // what avsc itself still writes without rounding; more in the next test
  id: fc.maxSafeInteger().map((n) => Math.trunc(n / 4) + 0),
  left_out: fc.option(fc.dictionary(fc.string(), fc.string())),
  name: fc.option(fc.string({ unit: 'grapheme' })),
  tags: fc.option(fc.array(fc.option(fc.string()))),
  whole: fc.integer(),
  ratio: fc.option(fc.double({ noNaN: true })),
  flag: fc.option(fc.boolean()),
  kind: fc.constantFrom('a', 'b'),
});

const source = {
  version: '3',
  sequence: '["90","100"]',
  snapshot: 'false',
  lsn: 100,
  txId: 7,
  ts_us: 1_767_225_600_000_001,
};
/** some time after the commit */
const CONNECTOR_MS = 1_767_225_600_345;
const record = (given: { before?: Made | null; after?: Made | null; op: string }, schema = 2) => ({
  offset: 5n,
  key: framed(1, keys.toBuffer({ id: given.after?.id ?? given.before?.id ?? 0 })),
  value: framed(
    schema,
    envelope.toBuffer({ before: null, after: null, source, ts_ms: CONNECTOR_MS, ts_ns: 3, ...given }),
  ),
  headers: { 'sluice.epoch': '4' },
});

describe('64-bit integers', () => {
  const encoded = (value: bigint): Buffer => {
    const bytes: number[] = [];
    for (let left = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n)); ; left >>= 7n) {
      if (left < 0x80n) return Buffer.from([...bytes, Number(left)]);
      bytes.push(Number(left & 0x7fn) | 0x80);
    }
  };

  it('lose no digit', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.nat(62), (value, shift) => {
        const bytes = encoded(value >> BigInt(shift));
        const cursor = new Cursor(bytes, 0);
        expect(BigInt(cursor.long())).toBe(value >> BigInt(shift));
        expect(cursor.at).toBe(bytes.length);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('reading rows no further than a copy needs', () => {
  it('gives what avsc gives, of whatever row', async () => {
    const reader = new RowReader(TABLE, COLUMNS, registry({ 1: KEY, 2: ENVELOPE }));
    await fc.assert(
      fc.asyncProperty(rowsMade, fc.option(rowsMade), async (after, before) => {
        const row = await reader.read(record({ op: before ? 'u' : 'c', before, after }));
        if (row.kind !== 'row') throw new Error(row.kind);
        expect(row).toMatchObject({
          key: String(after.id),
          op: before ? 'u' : 'c',
          unsent: [],
          sourceMicros: source.ts_us,
          connectorMs: CONNECTOR_MS,
        });
        expect(row.position).toEqual({ epoch: 4, phase: 1, a: 90n, b: 100n, txId: 7n, offset: 5n });
        const { id, name, whole, ratio, flag, kind } = after;
        expect(written(row)).toEqual([id, name, whole, ratio, flag, kind, null]);
      }),
      { numRuns: 300 },
    );
  });

  it('gives the same for JSON', async () => {
    const reader = new RowReader(TABLE, COLUMNS, registry({}));
    const after = { id: 3, name: 'n', whole: 4, ratio: 0.5, flag: true, kind: 'a' };
    const raw = {
      offset: 5n,
      key: Buffer.from('{"id":3}'),
      value: Buffer.from(JSON.stringify({ op: 'u', after, source, ts_ms: CONNECTOR_MS })),
      headers: { 'sluice.epoch': '4' },
    };
    const row = await reader.read(raw);
    if (row.kind !== 'row') throw new Error(row.kind);
    expect(row).toMatchObject({ key: '3', op: 'u', sourceMicros: source.ts_us, connectorMs: CONNECTOR_MS });
    const silent = await reader.read({ ...raw, value: Buffer.from(JSON.stringify({ op: 'u', after, source })) });
    expect(silent).toMatchObject({ connectorMs: null });
    expect(written(row)).toEqual([3, 'n', 4, 0.5, true, 'a', null]);
  });

  it('of a delete gives the key, and of an unsent value its column', async () => {
    const reader = new RowReader(TABLE, COLUMNS, registry({ 1: KEY, 2: ENVELOPE }));
    const before: Made = { id: 9, left_out: null, name: 'n', tags: null, whole: 1, ratio: null, flag: null, kind: 'a' };
    const gone = await reader.read(record({ op: 'd', before }));
    if (gone.kind !== 'row') throw new Error(gone.kind);
    const { rows, values } = recorder(1);
    gone.writeKey(rows);
    rows.end(POSITION);
    expect(values).toEqual([[9]]);
    const partial = await reader.read(record({ op: 'u', after: { ...before, name: UNSENT } }));
    if (partial.kind !== 'row') throw new Error(partial.kind);
    expect(partial.unsent).toEqual([1]);
    expect(written(partial)).toEqual([9, null, 1, null, null, 'a', null]);
  });

  it('says what is wrong without a value', async () => {
    const reader = new RowReader(TABLE, COLUMNS, registry({ 1: KEY, 2: ENVELOPE }));
    const made: Made = {
      id: 9,
      left_out: null,
      name: 'secret',
      tags: null,
      whole: 1,
      ratio: null,
      flag: null,
      kind: 'a',
    };
    const good = record({ op: 'c', after: made });
    const codeOf = async (raw: typeof good | { key: null }): Promise<string> => {
      try {
        const row = await reader.read({ ...good, ...raw });
        return row.kind;
      } catch (error) {
        expect(String(error)).not.toContain('secret');
        return error instanceof SluiceError ? error.code : String(error);
      }
    };
    expect(await codeOf(good)).toBe('row');
    expect(await codeOf({ ...good, value: good.value.subarray(0, 40) })).toBe('VALUE_UNDECODABLE');
    expect(await codeOf({ ...good, value: Buffer.concat([good.value, Buffer.of(1)]) })).toBe('VALUE_UNDECODABLE');
    expect(await codeOf({ ...good, value: framed(3, good.value.subarray(5)) })).toBe('SCHEMA_UNKNOWN');
    expect(await codeOf({ ...good, key: framed(1, Buffer.alloc(0)) })).toBe('KEY_UNDECODABLE');
    expect(await codeOf({ ...good, key: framed(3, Buffer.alloc(2)) })).toBe('KEY_UNDECODABLE');
    expect(await codeOf({ key: null })).toBe('KEY_UNDECODABLE');
    expect(await codeOf({ ...good, headers: {} as never })).toBe('EPOCH_MISSING');
    expect(await codeOf(record({ op: 'x', after: made }))).toBe('VALUE_UNDECODABLE');
    expect(await codeOf(record({ op: 't' as string }))).toBe('truncate');
  });
});
