import type { ParkedRecord, SluiceError } from '../core/index.ts';
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
  /** a record that stops the partition: everything before it has been landed */
  readonly stop: SluiceError | null;
}

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
