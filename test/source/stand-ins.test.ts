import avro from 'avsc';
import { describe, expect, test } from 'vitest';
import type { Cells } from '../../src/core/index.ts';
import { compileSchema } from '../../src/source/decode/avro-schema.ts';
import { Cursor } from '../../src/source/decode/cursor.ts';

const ZONED = 'io.debezium.time.ZonedTimestamp';
const EPOCH = '1970-01-01T00:00:00.000000Z';
const DATE = 'io.debezium.time.Date';
/** As the converter writes a column: a nullable one with a default has null as its second branch. */
const column = (name: string, type: string, logical: string | null, standard: string | number, nullable: boolean) => {
  const plain = { type, 'connect.default': standard, ...(logical ? { 'connect.name': logical } : {}) };
  return { name, type: nullable ? [plain, 'null'] : plain, default: standard };
};
const SCHEMA = {
  type: 'record',
  name: 'Value',
  fields: [
    column('ordered_at', 'string', ZONED, EPOCH, true),
    column('ordered_on', 'int', DATE, 0, true),
    column('created_at', 'string', ZONED, EPOCH, false),
    column('priority', 'string', null, 'routine', true),
    column('count', 'int', null, 0, true),
  ],
};
const AS_DEFAULTS = { ordered_at: EPOCH, ordered_on: 0, created_at: EPOCH, priority: 'routine', count: 0 };
const bytesOf = (row: Record<string, unknown>): Cursor =>
  new Cursor(avro.Type.forSchema(structuredClone(SCHEMA) as avro.Schema, { wrapUnions: false }).toBuffer(row), 0);

function read(cursor: Cursor): unknown[] {
  const found: unknown[] = [];
  const cells: Cells = {
    null: () => found.push(null),
    boolean: (value) => found.push(value),
    long: (value) => found.push(value),
    double: (value) => found.push(value),
    text: (bytes, start, end) => found.push(bytes.toString('utf8', start, end)),
  };
  for (const field of compileSchema(SCHEMA).enter(cursor) ?? []) field.type.read(cursor, cells);
  return found;
}

describe('a default that stands for null', () => {
  test('is null in a nullable time column, and itself everywhere else', () => {
    const expected = { ...AS_DEFAULTS, ordered_at: null, ordered_on: null };
    expect(compileSchema(SCHEMA).json(bytesOf(AS_DEFAULTS))).toEqual(expected);
    expect(read(bytesOf(AS_DEFAULTS))).toEqual(Object.values(expected));
    const cursor = bytesOf(AS_DEFAULTS);
    const scalars = (compileSchema(SCHEMA).enter(cursor) ?? []).map(({ type }) => type.scalar(cursor));
    expect(scalars).toEqual(Object.values(expected));
  });

  test('leaves other values, and nulls that do come, as they are', () => {
    const row = { ...AS_DEFAULTS, ordered_at: '2026-01-02T03:04:05.000006Z', ordered_on: 1, priority: null };
    expect(compileSchema(SCHEMA).json(bytesOf(row))).toEqual(row);
    expect(read(bytesOf(row))).toEqual(Object.values(row));
    expect(read(bytesOf({ ...row, ordered_at: null }))[0]).toBeNull();
  });
});
