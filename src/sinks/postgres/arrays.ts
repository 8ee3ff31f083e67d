import type { CopyType } from '../../core/index.ts';
import { ArrayCells, misfit } from './array-cells.ts';
import { dateDays, timestamptzMicros } from './instants.ts';

const LARGEST = 9_223_372_036_854_775_807n;

class Int8Cells extends ArrayCells {
  constructor(type: 'int8' | 'timestamptz' = 'int8', room?: number) {
    super(type, room);
  }

  override long(value: number | bigint): void {
    const at = this.take(12);
    this.view.setInt32(at, 8);
    if (typeof value === 'bigint') {
      if (value > LARGEST || value < -LARGEST - 1n) throw misfit();
      this.view.setBigInt64(at + 4, value);
    } else {
      this.view.setInt32(at + 4, Math.floor(value / 4_294_967_296));
      this.view.setUint32(at + 8, value >>> 0);
    }
  }

  override text(bytes: Buffer, start: number, end: number): void {
    const text = bytes.toString('latin1', start, end);
    if (!/^-?\d{1,19}$/.test(text)) throw misfit();
    this.long(BigInt(text));
  }
}

class SmallerIntCells extends ArrayCells {
  readonly #size: 2 | 4;

  constructor(type: 'int2' | 'int4' | 'date', size: 2 | 4) {
    super(type);
    this.#size = size;
  }

  override long(value: number | bigint): void {
    const limit = this.#size === 2 ? 0x8000 : 0x80000000;
    if (typeof value === 'bigint' || value >= limit || value < -limit) throw misfit();
    const at = this.take(4 + this.#size);
    this.bytes.writeInt32BE(this.#size, at);
    this.bytes.writeIntBE(value, at + 4, this.#size);
  }

  override text(bytes: Buffer, start: number, end: number): void {
    const text = bytes.toString('latin1', start, end);
    if (!/^-?\d{1,10}$/.test(text)) throw misfit();
    this.long(Number(text));
  }
}

/** Days since 1970 as Debezium counts them, or an ISO date. */
class DateCells extends SmallerIntCells {
  constructor() {
    super('date', 4);
  }

  override long(value: number | bigint): void {
    super.long(typeof value === 'bigint' ? value : value - 10_957);
  }

  override text(bytes: Buffer, start: number, end: number): void {
    const days = dateDays(bytes.toString('latin1', start, end));
    if (days === null) throw misfit();
    this.long(days);
  }
}

class BooleanCells extends ArrayCells {
  constructor() {
    super('bool');
  }

  override boolean(value: boolean): void {
    const at = this.take(5);
    this.bytes.writeInt32BE(1, at);
    this.bytes[at + 4] = value ? 1 : 0;
  }
}

class DoubleCells extends ArrayCells {
  constructor() {
    super('float8');
  }

  override double(value: number): void {
    const at = this.take(12);
    this.bytes.writeInt32BE(8, at);
    this.bytes.writeDoubleBE(value, at + 4);
  }

  override long(value: number | bigint): void {
    this.double(Number(value));
  }
}

/** Whatever PostgreSQL itself is to read from its text. */
class TextCells extends ArrayCells {
  constructor(room?: number) {
    super('text', room);
  }

  string(value: string): void {
    // no character takes more than three bytes for each of its code units
    const at = this.take(4 + value.length * 3);
    const length = this.bytes.write(value, at + 4);
    this.view.setInt32(at, length);
    this.at = at + 4 + length;
  }

  override text(bytes: Buffer, start: number, end: number): void {
    const length = end - start;
    const at = this.take(4 + length);
    this.view.setInt32(at, length);
    bytes.copy(this.bytes, at + 4, start, end);
  }

  override long(value: number | bigint): void {
    this.#plain(String(value));
  }

  override double(value: number): void {
    this.#plain(String(value));
  }

  override boolean(value: boolean): void {
    this.#plain(String(value));
  }

  #plain(value: string): void {
    const bytes = Buffer.from(value, 'latin1');
    this.text(bytes, 0, bytes.length);
  }
}

class HexCells extends ArrayCells {
  constructor(room: number) {
    super('bytea', room);
  }

  hex(value: string): void {
    const at = this.take(4 + value.length / 2);
    this.bytes.writeInt32BE(value.length / 2, at);
    this.bytes.write(value, at + 4, 'hex');
  }
}

class TimestamptzCells extends Int8Cells {
  constructor() {
    super('timestamptz');
  }

  override long(_: number | bigint): void {
    throw misfit();
  }

  override text(bytes: Buffer, start: number, end: number): void {
    const micros = timestamptzMicros(bytes, start, end);
    if (micros === null) throw misfit();
    super.long(micros);
  }
}

/** Values of one statement as array parameters in the binary format: cheaper on both sides than the text of an array. */
export function texts(values: readonly (string | null)[]): Buffer {
  let [all, longest] = [0, 0];
  for (const value of values) {
    const length = value?.length ?? 0;
    all += length + 4;
    if (length > longest) longest = length;
  }
  // enough in one piece unless much of it is no ASCII; the last value asks for room for the worst
  const cells = new TextCells(all + 2 * longest);
  for (const value of values) {
    if (value === null) cells.null();
    else cells.string(value);
  }
  return cells.parameter();
}

export function bigints(values: readonly (bigint | null)[]): Buffer {
  const cells = new Int8Cells('int8', values.length * 12);
  for (const value of values) {
    if (value === null) cells.null();
    else cells.long(value);
  }
  return cells.parameter();
}

export function integers(values: readonly number[]): Buffer {
  const cells = new SmallerIntCells('int4', 4);
  for (const value of values) cells.long(value);
  return cells.parameter();
}

export function booleans(values: readonly boolean[]): Buffer {
  const cells = new BooleanCells();
  for (const value of values) cells.boolean(value);
  return cells.parameter();
}

/** `bytea` values given in hexadecimal. */
export function hexes(values: readonly string[]): Buffer {
  const cells = new HexCells(values.length * 36);
  for (const value of values) cells.hex(value);
  return cells.parameter();
}

/** How a column travels: its builder, the type of the array, and the type it is cast to where that is another. */
export interface Carrier {
  readonly make: () => ArrayCells;
  readonly array: string;
  readonly cast: string | null;
}

const asText = (cast: string | null): Carrier => ({ make: () => new TextCells(), array: 'text', cast });

export const CARRIERS: Readonly<Record<CopyType, Carrier>> = {
  bigint: { make: () => new Int8Cells(), array: 'bigint', cast: null },
  integer: { make: () => new SmallerIntCells('int4', 4), array: 'integer', cast: null },
  smallint: { make: () => new SmallerIntCells('int2', 2), array: 'smallint', cast: null },
  boolean: { make: () => new BooleanCells(), array: 'boolean', cast: null },
  'double precision': { make: () => new DoubleCells(), array: 'double precision', cast: null },
  timestamptz: { make: () => new TimestamptzCells(), array: 'timestamptz', cast: null },
  date: { make: () => new DateCells(), array: 'date', cast: null },
  text: asText(null),
  numeric: asText('numeric'),
  uuid: asText('uuid'),
  jsonb: asText('jsonb'),
};
