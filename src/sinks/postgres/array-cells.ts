import { type Cells, SluiceError } from '../../core/index.ts';

/** ndim, flags, element type, length, lower bound: four bytes each. */
const HEADER = 20;

const OIDS = {
  bool: 16,
  bytea: 17,
  int8: 20,
  int2: 21,
  int4: 23,
  text: 25,
  float8: 701,
  date: 1082,
  timestamptz: 1184,
} as const;

/**
 * One column of many rows as a PostgreSQL array in its binary format, which the server takes without parsing text.
 * Reused from batch to batch: what `parameter` answers is overwritten after `clear`.
 */
export abstract class ArrayCells implements Cells {
  readonly #oid: number;
  protected bytes: Buffer;
  /** over the same bytes: writing integers through it makes no garbage */
  protected view: DataView;
  protected at = HEADER;
  #count = 0;
  #nulls = false;
  #keptAt = HEADER;
  #keptCount = 0;

  /** @param room bytes to begin with */
  constructor(type: keyof typeof OIDS, room = 1024) {
    this.#oid = OIDS[type];
    this.bytes = Buffer.allocUnsafe(HEADER + room);
    this.view = viewOf(this.bytes);
  }

  null(): void {
    // taken first: room for it can be a new buffer
    const at = this.take(4);
    this.view.setInt32(at, -1);
    this.#nulls = true;
  }

  boolean(_: boolean): void {
    throw misfit();
  }

  long(_: number | bigint): void {
    throw misfit();
  }

  double(_: number): void {
    throw misfit();
  }

  text(_bytes: Buffer, _start: number, _end: number): void {
    throw misfit();
  }

  /** The row under way is complete: `rollback` comes back to here. */
  keep(): void {
    this.#keptAt = this.at;
    this.#keptCount = this.#count;
  }

  rollback(): void {
    this.at = this.#keptAt;
    this.#count = this.#keptCount;
  }

  clear(): void {
    // a batch of large rows must not be paid for until the end of the process
    if (this.bytes.length > 4 * 1024 * 1024) this.#use(Buffer.allocUnsafe(1024));
    this.at = HEADER;
    this.#count = 0;
    this.#nulls = false;
    this.keep();
  }

  parameter(): Buffer {
    this.bytes.writeInt32BE(1, 0);
    this.bytes.writeInt32BE(this.#nulls ? 1 : 0, 4);
    this.bytes.writeInt32BE(this.#oid, 8);
    this.bytes.writeInt32BE(this.#count, 12);
    this.bytes.writeInt32BE(1, 16);
    return this.bytes.subarray(0, this.at);
  }

  #use(bytes: Buffer): void {
    this.bytes = bytes;
    this.view = viewOf(bytes);
  }

  /** Room for one more element of so many bytes, its length included; answers where it begins. */
  protected take(length: number): number {
    const begin = this.at;
    const end = begin + length;
    if (end > this.bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(end, this.bytes.length * 2));
      this.bytes.copy(larger, 0, 0, begin);
      this.#use(larger);
    }
    this.at = end;
    this.#count += 1;
    return begin;
  }
}

const viewOf = (bytes: Buffer): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);

export const misfit = (): SluiceError =>
  new SluiceError('VALUE_UNDECODABLE', 'a value does not fit the type its column is declared as');
