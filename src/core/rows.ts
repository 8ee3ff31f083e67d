import type { Operation } from './change-event.ts';
import type { Position } from './position.ts';

/** Takes the values of one column, row after row. A value that does not fit its type: VALUE_UNDECODABLE. */
export interface Cells {
  null(): void;
  boolean(value: boolean): void;
  long(value: number | bigint): void;
  double(value: number): void;
  /** UTF-8 text; the bytes are copied */
  text(bytes: Buffer, start: number, end: number): void;
}

/** Rows on their way into a target table: the values of every column, then `end`. */
export interface Rows {
  readonly cells: readonly Cells[];
  /** rows ended so far */
  readonly count: number;
  end(position: Position): void;
  /** Takes back what was written since the last `end`. */
  undo(): void;
}

/** The newest change of each of some rows of one table. */
export interface CopyBatch {
  readonly whole: Rows;
  /** key columns only */
  readonly gone: Rows;
  /** rows whose large values in these columns were not sent and stay as they are at the target */
  partial(unsent: readonly number[]): Rows;
  clear(): void;
}

/** What became of a batch. */
export interface Copied {
  /** rows written or removed; the others were older than what the target holds */
  readonly written: number;
  /** rows of each `partial`, by their number, that the target does not hold: what was not sent is unknown */
  readonly unknown: readonly { readonly unsent: readonly number[]; readonly row: number }[];
}

/** What a record of a copied table's topic is. */
export type RowRecord = RowChange | { readonly kind: 'truncate' } | { readonly kind: 'other' };

/** One change, read only as far as is needed to tell whether it is the newest of its row. */
export interface RowChange {
  readonly kind: 'row';
  /** canonical text of the primary key, as in `ChangeEvent` */
  readonly key: string;
  readonly op: Operation;
  readonly position: Position;
  /** source commit time in microseconds since 1970 */
  readonly sourceMicros: number;
  /** when the connector had it, in milliseconds since 1970; null where the record does not say */
  readonly connectorMs: number | null;
  /** numbers of copied columns whose unchanged large value was not sent */
  readonly unsent: readonly number[];
  /** Writes the copied columns; those not sent as nulls. Throws VALUE_UNDECODABLE. */
  writeRow(rows: Rows): void;
  /** Writes the key columns. Throws VALUE_UNDECODABLE. */
  writeKey(rows: Rows): void;
}
