import {
  type Cells,
  type CopyColumn,
  type Operation,
  type Position,
  type RowChange,
  type Rows,
  SluiceError,
} from '../../core/index.ts';
import type { Compiled, Field } from '../decode/compiled.ts';
import { Cursor } from '../decode/cursor.ts';
import { keyText, millisOf, operationOf, positionFrom, type RawMessage, type SourceFields } from '../decode/record.ts';

const NONE: readonly number[] = [];

/** Where the image after the change begins, and what it is. */
interface RowPlace {
  readonly type: Compiled;
  readonly at: number;
}

/** Which copied column each field of a record is, by the identity of the fields. */
class Bindings {
  readonly #columns: ReadonlyMap<string, number>;
  readonly #known = new Map<readonly Field[], readonly number[]>();

  constructor(names: readonly string[]) {
    this.#columns = new Map(names.map((name, i) => [name, i]));
  }

  /** -1: not copied */
  of(fields: readonly Field[]): readonly number[] {
    let found = this.#known.get(fields);
    if (!found) {
      found = fields.map(({ name }) => this.#columns.get(name) ?? -1);
      this.#known.set(fields, found);
    }
    return found;
  }
}

/** The schemas of one table's topic as they are met, and how its records are read by them. */
export class AvroRows {
  readonly #key: readonly string[];
  readonly #rowBindings: Bindings;
  readonly #keyBindings: Bindings;
  readonly #columns: number;
  readonly #compiled = new Map<number, Compiled>();

  constructor(key: readonly string[], columns: readonly CopyColumn[]) {
    this.#key = key;
    this.#columns = columns.length;
    this.#rowBindings = new Bindings(columns.map(({ from }) => from));
    this.#keyBindings = new Bindings(key);
  }

  knows(schema: number): boolean {
    return this.#compiled.has(schema);
  }

  learn(schema: number, type: Compiled): void {
    this.#compiled.set(schema, type);
  }

  /** Reads a change event in Avro whose schemas are known. Null: nothing that changes a row. */
  read(raw: RawMessage & { readonly value: Buffer }, epoch: number): RowChange | { readonly kind: 'truncate' } | null {
    const cursor = new Cursor(raw.value, 5);
    let op = '';
    let row: RowPlace | null = null;
    let source: SourceFields | null = null;
    let unsent = NONE;
    let connectorMs: number | null = null;
    for (const field of this.#type(raw.value).enter(cursor) ?? []) {
      if (field.name === 'after') {
        row = { type: field.type, at: cursor.at };
        unsent = this.#passRow(field.type, cursor);
      } else if (field.name === 'source') source = sourceOf(field.type, cursor);
      else if (field.name === 'op') op = String(field.type.scalar(cursor));
      else if (field.name === 'ts_ms') connectorMs = millisOf(field.type.scalar(cursor));
      else field.type.skip(cursor);
    }
    if (cursor.at !== raw.value.length) throw new RangeError('bytes left over');
    if (op === 'm') return null;
    if (!source) throw new SluiceError('VALUE_UNDECODABLE', 'the record says nothing of its source');
    if (op === 't') return { kind: 'truncate' };
    const operation = operationOf(op);
    const position = positionFrom(raw.offset, source, epoch);
    const left = operation === 'd' ? NONE : unsent;
    return new AvroRow(this, raw, operation, position, source, connectorMs, row, left);
  }

  keyOf(raw: RawMessage): string {
    if (raw.key === null) throw new SluiceError('KEY_UNDECODABLE', 'the record has no key');
    try {
      return keyText(this.#keyValues(raw.key), this.#key);
    } catch (error) {
      if (error instanceof SluiceError) throw error;
      throw new SluiceError('KEY_UNDECODABLE', 'the key cannot be decoded');
    }
  }

  #keyValues(key: Buffer): readonly unknown[] {
    const cursor = new Cursor(key, 5);
    const fields = this.#type(key).enter(cursor) ?? [];
    const bound = this.#keyBindings.of(fields);
    const values: unknown[] = new Array(this.#key.length).fill(null);
    for (let i = 0; i < fields.length; i++) {
      const at = bound[i] as number;
      const type = (fields[i] as Field).type;
      if (at < 0) type.skip(cursor);
      else values[at] = type.scalar(cursor);
    }
    return values;
  }

  writeKey(raw: RawMessage & { readonly key: Buffer }, rows: Rows): void {
    this.#write(new Cursor(raw.key, 5), this.#type(raw.key), this.#keyBindings, this.#key.length, rows);
  }

  writeRow(value: Buffer, row: RowPlace, unsent: readonly number[], rows: Rows): void {
    this.#write(new Cursor(value, row.at), row.type, this.#rowBindings, this.#columns, rows, unsent);
  }

  #write(
    cursor: Cursor,
    type: Compiled,
    bindings: Bindings,
    columns: number,
    rows: Rows,
    unsent: readonly number[] = NONE,
  ): void {
    const fields = type.enter(cursor);
    if (!fields) throw new SluiceError('VALUE_UNDECODABLE', 'the record has no row');
    const bound = bindings.of(fields);
    let written = 0;
    for (let i = 0; i < fields.length; i++) {
      const at = bound[i] as number;
      const field = fields[i] as Field;
      if (at < 0) {
        field.type.skip(cursor);
        continue;
      }
      written += 1;
      const cells = rows.cells[at] as Cells;
      if (unsent.includes(at)) {
        field.type.skip(cursor);
        cells.null();
      } else field.type.read(cursor, cells);
    }
    if (written === columns) return;
    // columns the row did not have when it was written
    rows.cells.forEach((cells, at) => {
      if (at < columns && !bound.includes(at)) cells.null();
    });
  }

  #passRow(type: Compiled, cursor: Cursor): readonly number[] {
    const fields = type.enter(cursor);
    if (!fields) return NONE;
    const bound = this.#rowBindings.of(fields);
    let unsent: number[] | null = null;
    for (let i = 0; i < fields.length; i++) {
      if (!(fields[i] as Field).type.skip(cursor) || (bound[i] as number) < 0) continue;
      unsent ??= [];
      unsent.push(bound[i] as number);
    }
    return unsent?.sort((x, y) => x - y) ?? NONE;
  }

  #type(bytes: Buffer): Compiled {
    const type = this.#compiled.get(bytes.readUInt32BE(1));
    if (!type) throw new RangeError('a schema nobody has learnt');
    return type;
  }
}

const SOURCE_FIELDS = new Set(['snapshot', 'sequence', 'lsn', 'txId', 'ts_us', 'ts_ms']);

function sourceOf(type: Compiled, cursor: Cursor): SourceFields | null {
  const fields = type.enter(cursor);
  if (!fields) return null;
  const found: Record<string, unknown> = {};
  for (const { name, type: value } of fields) {
    if (SOURCE_FIELDS.has(name)) found[name] = value.scalar(cursor);
    else value.skip(cursor);
  }
  return found as SourceFields;
}

class AvroRow implements RowChange {
  readonly kind = 'row';
  readonly key: string;
  readonly op: Operation;
  readonly position: Position;
  readonly sourceMicros: number;
  readonly connectorMs: number | null;
  readonly unsent: readonly number[];
  readonly #rows: AvroRows;
  readonly #raw: RawMessage & { readonly value: Buffer };
  readonly #row: RowPlace | null;

  constructor(
    rows: AvroRows,
    raw: RawMessage & { readonly value: Buffer },
    op: Operation,
    position: Position,
    source: SourceFields,
    connectorMs: number | null,
    row: RowPlace | null,
    unsent: readonly number[],
  ) {
    this.key = rows.keyOf(raw);
    this.op = op;
    this.position = position;
    this.sourceMicros = source.ts_us != null ? Number(source.ts_us) : Number(source.ts_ms ?? 0) * 1000;
    this.connectorMs = connectorMs;
    this.unsent = unsent;
    this.#rows = rows;
    this.#raw = raw;
    this.#row = row;
  }

  writeRow(rows: Rows): void {
    if (!this.#row) throw new SluiceError('VALUE_UNDECODABLE', 'the record has no row');
    const row = this.#row;
    this.#guarded(() => this.#rows.writeRow(this.#raw.value, row, this.unsent, rows));
  }

  writeKey(rows: Rows): void {
    this.#guarded(() => this.#rows.writeKey(this.#raw as RawMessage & { readonly key: Buffer }, rows));
  }

  #guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      if (error instanceof SluiceError) throw error;
      throw new SluiceError('VALUE_UNDECODABLE', 'a value cannot be read as its column is declared');
    }
  }
}
