import type { LandedTime, ParkedRecord, RowChange, SluiceError } from '../core/index.ts';
import type { RawRecord } from './ports.ts';

/** The step of a partition's progress that a landing is part of. */
export interface Step {
  readonly from: bigint;
  readonly fence: bigint;
}

export interface Landing {
  /** offset after the last record taken in */
  readonly to: bigint;
  readonly applied: number;
  /** changes older than what was there */
  readonly stale: number;
  readonly parked: readonly ParkedRecord[];
  /** of changes of the stream, not of a snapshot; of a large batch some, evenly chosen */
  readonly times: readonly LandedTime[];
  /** changes of the stream, timed or not */
  readonly streamed: number;
  /** rows that a snapshot has read */
  readonly snapshotRows: number;
  /** a record that stops the partition: everything before it has been landed */
  readonly stop: SluiceError | null;
}

/** A landing of no record. */
export const NOTHING = { applied: 0, stale: 0, times: [], streamed: 0, snapshotRows: 0 } as const;

/** Lands the records of one partition, which come in order and without gaps. */
export interface Lander {
  /**
   * @param to offset after the last record
   * @param step null: beside the log's progress, for what is landed once more
   * Throws FENCED when the partition is somebody else's, and retry codes; then nothing of the transaction under way is
   * kept, and progress says how far it got.
   */
  land(records: readonly RawRecord[], to: bigint, step: Step | null): Promise<Landing>;
}

export interface LanderOptions {
  /** false: what cannot be landed is passed over, as somebody else has parked it; default true */
  readonly parks?: boolean;
  /** parked records that are landed once more: closed in the same transaction, so that neither is done without the other */
  readonly again?: readonly string[];
}

/** Newest Kafka timestamp of the records before `to`; null when there are none. */
export function newestTimestamp(records: readonly RawRecord[], to: bigint): number | null {
  let time: number | null = null;
  for (const { offset, timestampMs } of records) {
    if (offset < to && (time === null || timestampMs > time)) time = timestampMs;
  }
  return time;
}

/** Changes of one batch that are timed: all of a small one, evenly chosen ones of a large one. */
const TIMED = 100;

/** At most `TIMED` of many, evenly over all of them. */
export function evenly<T>(all: readonly T[]): readonly T[] {
  if (all.length <= TIMED) return all;
  return Array.from({ length: TIMED }, (_, i) => all[Math.floor((i * all.length) / TIMED)] as T);
}

/** Two landings, one behind the other, as one. */
export const together = (first: Landing, second: Landing): Landing => ({
  to: second.to,
  applied: first.applied + second.applied,
  stale: first.stale + second.stale,
  parked: [...first.parked, ...second.parked],
  times: evenly([...first.times, ...second.times]),
  streamed: first.streamed + second.streamed,
  snapshotRows: first.snapshotRows + second.snapshotRows,
  stop: second.stop,
});

/** A change of a copied table, and the record it came in. */
export interface Change {
  readonly row: RowChange;
  readonly raw: RawRecord;
}

/** When what was streamed of a copied table was committed, and when the connector and Kafka had it. */
export const timesOf = (changes: readonly Change[]): LandedTime[] =>
  evenly(changes.filter(({ row }) => row.op !== 'r')).map(({ row, raw }) => ({
    sourceMs: row.sourceMicros / 1000,
    connectorMs: row.connectorMs,
    logMs: raw.timestampMs,
  }));
