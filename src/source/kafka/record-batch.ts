import { gunzipSync } from 'node:zlib';
import { crc32c } from './crc32c.ts';
import type { Aborted } from './fetch-protocol.ts';
import type { LogRecord } from './kafkajs-client.ts';

/** Offsets inside a batch of format 2, from its first byte. */
const LENGTH = 8;
const MAGIC = 16;
const CRC = 17;
const ATTRIBUTES = 21;
const LAST_OFFSET_DELTA = 23;
const BASE_TIMESTAMP = 27;
const PRODUCER_ID = 43;
const COUNT = 57;
const RECORDS = 61;

const COMPRESSION = 0b111;
const TRANSACTIONAL = 0b1_0000;
const CONTROL = 0b10_0000;
const GZIP = 1;

export interface ReadRecords {
  readonly records: LogRecord[];
  /** offset after the last batch that was read whole, what nobody may see included; null: not even one was */
  readonly next: bigint | null;
}

type Headers = Readonly<Record<string, string>>;

/**
 * Takes record batches apart. Keys and values are pieces of the given buffer, not copies; a batch that is cut off at
 * the end is left for the next fetch. Throws RangeError for what is broken or compressed in a way we do not know.
 */
export class RecordReader {
  #headerBytes: Buffer = Buffer.alloc(0);
  #headers: Headers = {};

  /** @param from records before it are left out: a fetch begins with the batch that holds it */
  read(bytes: Buffer, from: bigint, aborted: readonly Aborted[]): ReadRecords {
    const records: LogRecord[] = [];
    const waiting = [...aborted].sort((x, y) => (x.firstOffset < y.firstOffset ? -1 : 1));
    const invisible = new Set<bigint>();
    let next: bigint | null = null;
    for (let at = 0; at + RECORDS <= bytes.length; ) {
      const end = at + 12 + bytes.readInt32BE(at + LENGTH);
      if (end > bytes.length) break;
      const base = bytes.readBigInt64BE(at);
      if (bytes[at + MAGIC] !== 2) throw new RangeError('a record batch older than format 2');
      if (crc32c(bytes, at + ATTRIBUTES, end) !== bytes.readUInt32BE(at + CRC))
        throw new RangeError('a record batch whose checksum is wrong');
      const attributes = bytes.readInt16BE(at + ATTRIBUTES);
      const last = base + BigInt(bytes.readInt32BE(at + LAST_OFFSET_DELTA));
      while (waiting[0] && waiting[0].firstOffset <= last) invisible.add((waiting.shift() as Aborted).producerId);
      const producer = bytes.readBigInt64BE(at + PRODUCER_ID);
      if (attributes & CONTROL) invisible.delete(producer);
      else if (!(attributes & TRANSACTIONAL) || !invisible.has(producer))
        this.#readBatch(bytes.subarray(at, end), base, attributes, from, records);
      next = last + 1n;
      at = end;
    }
    return { records, next };
  }

  #readBatch(batch: Buffer, base: bigint, attributes: number, from: bigint, records: LogRecord[]): void {
    const timestamp = Number(batch.readBigInt64BE(BASE_TIMESTAMP));
    const count = batch.readInt32BE(COUNT);
    const body = inflate(batch.subarray(RECORDS), attributes & COMPRESSION);
    const cursor = { bytes: body, at: 0 };
    for (let n = 0; n < count; n++) {
      const end = varint(cursor) + cursor.at;
      // the record's own attributes are unused
      cursor.at += 1;
      const timestampMs = timestamp + varint(cursor);
      const offset = base + BigInt(varint(cursor));
      const key = piece(cursor);
      const value = piece(cursor);
      if (offset >= from) records.push({ offset, timestampMs, key, value, headers: this.#headersOf(cursor, end) });
      cursor.at = end;
    }
  }

  /** Nearly all records of a topic carry the same headers: those are decoded once. */
  #headersOf(cursor: { bytes: Buffer; at: number }, end: number): Headers {
    const known = this.#headerBytes;
    if (known.length === end - cursor.at && cursor.bytes.compare(known, 0, known.length, cursor.at, end) === 0)
      return this.#headers;
    const begin = cursor.at;
    const headers: Record<string, string> = {};
    for (let n = varint(cursor); n > 0; n--) {
      const name = piece(cursor)?.toString('utf8') ?? '';
      const value = piece(cursor);
      if (value !== null && !(name in headers)) headers[name] = value.toString('utf8');
    }
    this.#headerBytes = Buffer.from(cursor.bytes.subarray(begin, end));
    this.#headers = headers;
    return headers;
  }
}

function inflate(body: Buffer, codec: number): Buffer {
  if (codec === 0) return body;
  if (codec === GZIP) return gunzipSync(body);
  throw new RangeError('records compressed by something other than gzip');
}

/** A zigzag varint: exact up to 2^53. */
function varint(cursor: { bytes: Buffer; at: number }): number {
  let value = 0;
  let scale = 1;
  for (;;) {
    const byte = cursor.bytes[cursor.at++];
    if (byte === undefined) throw new RangeError('a record that ends too early');
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    scale *= 128;
  }
}

function piece(cursor: { bytes: Buffer; at: number }): Buffer | null {
  const length = varint(cursor);
  if (length < 0) return null;
  const begin = cursor.at;
  cursor.at += length;
  return cursor.bytes.subarray(begin, cursor.at);
}
