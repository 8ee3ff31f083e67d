import type { DateProblem } from '../rules/dates.ts';
import type { NhsNumberProblem } from '../rules/nhs-number.ts';
import type { NumberProblem } from '../rules/numbers.ts';

/** Why one value cannot be used. */
export type ValueProblem =
  | DateProblem
  | NumberProblem
  | NhsNumberProblem
  | 'TIME_FORMAT'
  | 'FLAG_UNKNOWN'
  | 'POSTCODE_FORMAT'
  | 'CODE_FORMAT'
  | 'DATES_DISAGREE'
  | 'TEXT_TOO_LONG'
  | 'CROSSWALK_UNMAPPED'
  | 'CROSSWALK_NOT_APPROVED'
  | 'CROSSWALK_NOT_EFFECTIVE'
  | 'MANDATORY_BLANK';

/** Why a whole row is not loaded. */
export type RowProblem =
  | 'KEY_MISSING'
  | 'KEY_DUPLICATE'
  | 'JOIN_MISSING'
  | 'JOIN_AMBIGUOUS'
  | 'PARENT_KEY_MISSING'
  | 'ORPHAN'
  | 'PARENT_REJECTED';

/** blank: the cell stayed empty; reject-row: the row is not loaded; quarantine: held until the rule is mended. */
export type Disposition = 'blank' | 'reject-row' | 'quarantine';

/** One value or row that could not be loaded as it is. The value itself is never here, only its class. */
export interface Reject {
  readonly problem: ValueProblem | RowProblem;
  readonly disposition: Disposition;
  readonly table: string;
  readonly field: string;
  readonly feed: string;
  readonly sourceTable: string;
  readonly sourceField: string;
  /** Values of the driver's key columns, joined by `|`. */
  readonly sourceKey: string;
  readonly valueClass: string;
  /** Where the row stands in its extract: the line of a file, the ordinal of a table, the offset of a change. */
  readonly position: string;
  readonly crosswalk: string;
}

/** A row of the target with what it was made of. */
export interface TargetRow {
  /** In the order of the table's layout. */
  readonly cells: readonly string[];
  readonly recordNumber: number;
  readonly feed: string;
  readonly sourceKey: string;
  /** Position of the driver row, then of each join's row in the feed's order; '' where none matched. */
  readonly positions: readonly string[];
  /** `imputed COLUMN` or `defaulted COLUMN` for each cell no source stands behind. */
  readonly madeUp: readonly string[];
}

/** What became of the driver rows of a feed; `read` is the sum of all others, or rows are lost. */
export type FeedCount = 'read' | 'loaded' | 'notMeant' | 'folded' | 'sameRow' | 'rejected' | 'quarantined';

/** Where the engine puts what it makes. Tables and feeds are numbered as in the compiled contract. */
export interface Sink {
  row(table: number, row: TargetRow): void;
  reject(reject: Reject): void;
  count(table: number, feed: number, what: FeedCount, by: number): void;
  /** Cells by what is in them: origin of a filled one, or that a blank is worth a warning. */
  cell(table: number, field: number, what: CellCount): void;
}

export type CellCount = 'defaulted' | 'imputed' | 'unapproved' | 'missed';

/** Gives the same number for the same business key for ever, and never one number twice within a table. */
export interface RecordNumbers {
  /** `patient` is the one the row was first known under, '' for rows about no patient. */
  of(table: string, key: string, patient: string): number;
}

/** A row of a source table: the projected cells, trimmed; the number before a merge; and its position as the last. */
export type SourceRow = readonly string[];
