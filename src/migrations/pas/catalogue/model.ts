/**
 * The two dictionaries a contract is checked against. Sizes and lengths are characters of the written value; null
 * means the dictionary does not say. Data: data/catalogue/*.csv; what was wrong in them: corrections.csv.
 */

export type ValueType = 'text' | 'code' | 'flag' | 'integer' | 'decimal' | 'date' | 'datetime' | 'time';

/**
 * How V83 writes a moment. `inverted` is 999999999999 minus CCYYMMDDHHMM: an index order, never a source of a date.
 */
export type MomentFormat =
  | 'DD/MM/CCYY'
  | 'DD/MM/CCYY HH:MM'
  | 'DD/MM/YY'
  | 'CCYYMMDD'
  | 'CCYYMMDDHHMM'
  | 'CCYYMMDDHHMMSS'
  | 'HH:MM'
  | 'inverted';

/** What one row of a source table stands for. */
export type SourceGrain = 'patient' | 'episode' | 'activity' | 'reference';

export interface SourceTable {
  readonly table: string;
  readonly grain: SourceGrain;
  /** The columns that name a row; empty where the dictionary gives no key and none could be told from the columns. */
  readonly key: readonly string[];
  /** The column that marks a row as deleted while it stays in the table. */
  readonly deletedBy: string | null;
  /** true for the 38 tables every extract has; the others come when the contract names them. */
  readonly core: boolean;
}

export interface SourceField {
  readonly table: string;
  readonly field: string;
  readonly ordinal: number;
  readonly size: number | null;
  readonly type: ValueType;
  /** Set for date, datetime and time. */
  readonly format: MomentFormat | null;
  /** The V83 data element code, '' where the dictionary has none. */
  readonly element: string;
}

export interface TargetField {
  readonly table: string;
  readonly field: string;
  /** The name other lists use for it (`of_birth` for date_of_birth); the same as `field` when nothing was wrong. */
  readonly listedAs: string;
  readonly ordinal: number;
  readonly type: ValueType;
  readonly length: number | null;
  /** The row may not be loaded without it. */
  readonly mandatory: boolean;
  readonly key: 'record' | 'source' | 'parent' | null;
  /** The table whose record_number stands here; set when key is `parent`. */
  readonly parent: string | null;
  /** A word of the guide's running text that was taken for a column: never loaded, kept so that lists can be compared. */
  readonly phantom: boolean;
  /** The table in whose layout the column stood before a page break moved it; null for all others. To be confirmed. */
  readonly tornFrom: string | null;
  /** `data`: not in the guide as read, but in data the target took. */
  readonly knownFrom: 'guide' | 'data';
  /** The vendor's code type of a coded column, where known. */
  readonly codeType: number | null;
}

/** A foreign key of the target: child.field holds parent.record_number. */
export interface TargetEdge {
  readonly child: string;
  readonly field: string;
  readonly parent: string;
}

export interface Catalogue {
  readonly sourceTables: ReadonlyMap<string, SourceTable>;
  /** By table, then by field, in dictionary order. */
  readonly sourceFields: ReadonlyMap<string, ReadonlyMap<string, SourceField>>;
  /** By table, then by field, in the order the columns are written. */
  readonly targetFields: ReadonlyMap<string, ReadonlyMap<string, TargetField>>;
  readonly edges: readonly TargetEdge[];
}
