import type {
  Clock,
  CopyColumn,
  DualWriteSwitch,
  Ledger,
  Log,
  Meter,
  Migration,
  RowRecord,
  Sink,
  SourceRecord,
} from '../core/index.ts';

/** A record as the broker holds it. */
export interface RawRecord {
  readonly offset: bigint;
  readonly timestampMs: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, string>>;
}

export interface RecordBatch {
  readonly topic: string;
  readonly partition: number;
  /** the offset the fetch asked for: what lies between it and the first record does not exist */
  readonly fetchedFrom: bigint;
  /** where the next fetch goes on */
  readonly nextOffset: bigint;
  readonly highWatermark: bigint;
  readonly records: readonly RawRecord[];
}

export interface PartitionOffsets {
  readonly partition: number;
  readonly low: bigint;
  readonly high: bigint;
}

/** What the pipeline needs of a Kafka client. Nothing here rests on commits or on rebalance callbacks. */
export interface LogClient {
  /** Starts fetching; `onBatch` returns at once. */
  run(onBatch: (batch: RecordBatch) => void): Promise<void>;
  seek(topic: string, partition: number, offset: bigint): void;
  pause(topic: string, partition: number): void;
  resume(topic: string, partition: number): void;
  /** rises with every joining of the group that was noticed */
  generation(): number;
  /** partitions the group has given to this member; none while it is no member */
  assigned(): readonly { readonly topic: string; readonly partition: number }[];
  commitAdvisory(offsets: readonly { topic: string; partition: number; offset: bigint }[]): Promise<void>;
  offsets(topic: string): Promise<readonly PartitionOffsets[]>;
  /** the first record with a later timestamp; the end of the log when there is none */
  offsetAfter(topic: string, partition: number, timestampMs: number): Promise<bigint>;
  /** leaves the group and joins it again */
  restart(): Promise<void>;
  close(): Promise<void>;
}

/** Throws a SluiceError whose disposition says what is to become of the record. */
export interface Decoder {
  /** decodes one record, at once where it can */
  decode(topic: string, record: RawRecord): SourceRecord | Promise<SourceRecord>;
  /** the row's key alone, for a record whose value cannot be decoded */
  decodeKey(topic: string, record: RawRecord): Promise<string>;
  /** for a table that is copied */
  rows(topic: string, columns: readonly CopyColumn[]): RowDecoder;
}

/** Reads records no further than copying needs. Throws as `Decoder.decode` does; answers at once where it can. */
export interface RowDecoder {
  read(record: RawRecord): RowRecord | Promise<RowRecord>;
}

export interface PipelineContext {
  readonly migration: Migration;
  readonly ledger: Ledger;
  readonly log: Log;
  readonly meter: Meter;
  readonly clock: Clock;
  /** names this process in fences and leases */
  readonly worker: string;
  /** asked for flows that have `switchedBy`; without it all is written */
  readonly switches?: DualWriteSwitch | undefined;
}

/** The remote stores of a run by the first part of their targets' names, e.g. `fhir`. */
export type RemoteSinks = ReadonlyMap<string, Sink>;
