/** Fetch, version 4: the oldest that all brokers from 0.11 to 4.x speak, and enough for what is wanted. */
const API_KEY = 1;
const VERSION = 4;
const READ_COMMITTED = 1;
const CLIENT_ID = Buffer.from('sluice', 'utf8');

export interface FetchPartition {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
}

export interface FetchLimits {
  readonly maxWaitMs: number;
  readonly maxBytes: number;
  readonly maxBytesPerPartition: number;
}

export interface Aborted {
  readonly producerId: bigint;
  readonly firstOffset: bigint;
}

export interface FetchedPartition {
  readonly topic: string;
  readonly partition: number;
  /** 0: none; see ERRORS */
  readonly error: number;
  readonly highWatermark: bigint;
  readonly aborted: readonly Aborted[];
  /** record batches, the last of them possibly cut off */
  readonly records: Buffer;
}

/** Error codes of a partition that are met in ordinary life. */
export const ERRORS = { none: 0, offsetOutOfRange: 1 } as const;

/** The request without its size. */
export function encodeFetch(correlation: number, partitions: readonly FetchPartition[], limits: FetchLimits): Buffer {
  const byTopic = new Map<string, FetchPartition[]>();
  for (const one of partitions) {
    const list = byTopic.get(one.topic);
    if (list) list.push(one);
    else byTopic.set(one.topic, [one]);
  }
  let size = 10 + CLIENT_ID.length + 21;
  for (const [topic, list] of byTopic) size += 6 + Buffer.byteLength(topic) + list.length * 16;
  const frame = Buffer.allocUnsafe(size);
  let at = frame.writeInt16BE(API_KEY, 0);
  at = frame.writeInt16BE(VERSION, at);
  at = frame.writeInt32BE(correlation, at);
  at = frame.writeInt16BE(CLIENT_ID.length, at);
  at += CLIENT_ID.copy(frame, at);
  at = frame.writeInt32BE(-1, at);
  at = frame.writeInt32BE(limits.maxWaitMs, at);
  at = frame.writeInt32BE(1, at);
  at = frame.writeInt32BE(limits.maxBytes, at);
  at = frame.writeInt8(READ_COMMITTED, at);
  at = frame.writeInt32BE(byTopic.size, at);
  for (const [topic, list] of byTopic) {
    at = frame.writeInt16BE(Buffer.byteLength(topic), at);
    at += frame.write(topic, at, 'utf8');
    at = frame.writeInt32BE(list.length, at);
    for (const { partition, offset } of list) {
      at = frame.writeInt32BE(partition, at);
      at = frame.writeBigInt64BE(offset, at);
      at = frame.writeInt32BE(limits.maxBytesPerPartition, at);
    }
  }
  return frame;
}

/** Throws RangeError when the frame ends too early or answers another request. */
export function decodeFetch(frame: Buffer, correlation: number): readonly FetchedPartition[] {
  if (frame.readInt32BE(0) !== correlation) throw new RangeError('the answer to another request');
  // correlation id and throttle time
  let at = 8;
  const found: FetchedPartition[] = [];
  const topics = frame.readInt32BE(at);
  at += 4;
  for (let t = 0; t < topics; t++) {
    const length = frame.readInt16BE(at);
    const topic = frame.toString('utf8', at + 2, at + 2 + length);
    at += 2 + length;
    const partitions = frame.readInt32BE(at);
    at += 4;
    for (let p = 0; p < partitions; p++) {
      const partition = frame.readInt32BE(at);
      const error = frame.readInt16BE(at + 4);
      const highWatermark = frame.readBigInt64BE(at + 6);
      // the last stable offset is passed over
      const count = frame.readInt32BE(at + 22);
      at += 26;
      const aborted: Aborted[] = [];
      for (let n = 0; n < count; n++, at += 16) {
        aborted.push({ producerId: frame.readBigInt64BE(at), firstOffset: frame.readBigInt64BE(at + 8) });
      }
      const bytes = Math.max(0, frame.readInt32BE(at));
      at += 4;
      found.push({ topic, partition, error, highWatermark, aborted, records: frame.subarray(at, at + bytes) });
      at += bytes;
    }
  }
  return found;
}
