/**
 * What a contract says: for each target table a plan (which source rows become which target rows), for each target
 * field one rule. Written in data/contract: tables.yaml, fields/<TABLE>.csv, crosswalks/<name>.csv.
 */

export type MappingClass =
  | 'DIRECT_SOURCE'
  | 'DERIVED'
  | 'LOOKUP_TRANSLATION'
  | 'SURROGATE_ETL'
  | 'REFERENCE_MASTER_FEED'
  | 'OUT_OF_SCOPE';

/**
 * One column of one row at hand while a target row is made. `row` is `driver`, the name of a join of the feed, or
 * `last` (of a folded feed: the last row of the group; `driver` is its first).
 */
export interface ColumnRef {
  readonly row: string;
  readonly field: string;
}

/**
 * All conditions of a list must hold. Values are compared after trimming, case as written; a blank is in no list, and
 * differs from nothing.
 */
export type Condition =
  | { readonly column: ColumnRef; readonly test: 'present' | 'blank' }
  | { readonly column: ColumnRef; readonly test: 'in' | 'not-in'; readonly values: readonly string[] }
  | { readonly column: ColumnRef; readonly test: 'differs'; readonly other: ColumnRef };

/**
 * Which of several matching rows is meant.
 * only: there may be one at most, a second makes the target row a reject (ambiguous).
 * latest, earliest: by `order`; equal ends are ambiguous. nth: the n-th by `order`, from 1.
 * as-of: the newest by `order` that is not after `at`; none if all are later. next: the earliest that is after `at`.
 * all: a list by `order`, for derivations that count or collect.
 */
export type Pick =
  | { readonly kind: 'only' }
  | { readonly kind: 'latest' | 'earliest' | 'all'; readonly order: readonly string[] }
  | { readonly kind: 'nth'; readonly order: readonly string[]; readonly n: number }
  | { readonly kind: 'as-of' | 'next'; readonly order: readonly string[]; readonly at: ColumnRef };

export interface Join {
  readonly name: string;
  /** A source table. */
  readonly table: string;
  /** Equalities; the left side is the driver or an earlier join. A blank left side matches nothing. */
  readonly on: readonly { readonly left: ColumnRef; readonly right: string }[];
  /** On the joined row, whose columns are named by the join's own name. */
  readonly where: readonly Condition[];
  readonly pick: Pick;
  /** true: no match makes the row a reject (join missing); false: its columns are blank. */
  readonly required: boolean;
}

/** Several driver rows that stand for one target row: neighbours by `order` that agree in `same`, within one `within`. */
export interface Fold {
  readonly within: readonly string[];
  readonly same: readonly string[];
  readonly order: readonly string[];
}

/**
 * How a foreign key is found. A field may have several links, tried in this order: the first whose conditions hold and
 * whose key columns are all present is the one. Its parent is waited for, and a parent that never comes or was refused
 * refuses the row. No link at all leaves the cell blank, or refuses the row when `required`.
 */
export interface ParentLink {
  readonly field: string;
  readonly parent: string;
  /** The identity of the parent's feed. */
  readonly identity: string;
  /** In the order of the parent feed's `key`. A patient number is looked up through the merge list first. */
  readonly key: readonly ColumnRef[];
  readonly where: readonly Condition[];
  readonly required: boolean;
}

/**
 * One way in which source rows become rows of a table. A table has one feed, or several (fan-out: current and previous
 * address). A row's business key is (table, identity, key values): one record_number for ever.
 */
export interface Feed {
  readonly name: string;
  /** The feed's name, unless rows move between feeds during their life (a list entry that is booked): then one word. */
  readonly identity: string;
  readonly driver: string;
  /** Columns of the driver. */
  readonly key: readonly string[];
  /** The driver's column with the patient's number; null where a row is about no patient. */
  readonly patient: string | null;
  /** In plain words: one row per what. */
  readonly grain: string;
  readonly where: readonly Condition[];
  readonly fold: Fold | null;
  readonly joins: readonly Join[];
  readonly parents: readonly ParentLink[];
  /** In plain words: which state of the source counts. */
  readonly asOf: string;
}

export interface TablePlan {
  readonly table: string;
  readonly domain: 'REFERENCE' | 'PMI' | 'RTT' | 'OPD' | 'IWL' | 'ADT' | 'MH' | 'CMTY' | 'ARCHIVE';
  /** Position in the load order, from 1; parents come before children. */
  readonly order: number;
  readonly feeds: readonly Feed[];
}

/**
 * copy: typed by both catalogues. translate: through the crosswalk. constant: `value`. derive: the named pure function.
 * record-number, parent, source-key: surrogates. none: nothing fills it, and `reason` says why.
 */
export type Rule =
  | { readonly kind: 'copy' }
  | { readonly kind: 'translate'; readonly crosswalk: string }
  | { readonly kind: 'constant'; readonly value: string }
  | { readonly kind: 'derive'; readonly name: string }
  | { readonly kind: 'record-number' | 'parent' | 'source-key' | 'none' };

/** What a blank source makes of the cell. report: blank, with a warning. reject-row: the row is not loaded. */
export type NullPolicy = 'blank' | 'report' | 'reject-row';

/**
 * What a value makes that cannot be used (wrong type, too long, not in the crosswalk); each is recorded as a reject.
 * blank: the cell stays empty. reject-row: the row is not loaded. quarantine: the row is held until the rule is mended.
 */
export type RejectPolicy = 'blank' | 'reject-row' | 'quarantine';

export type Confidence = 'HIGH' | 'MEDIUM' | 'LOW';
export type ReviewStatus = 'DRAFT' | 'IN_REVIEW' | 'APPROVED' | 'REJECTED';

export interface FieldRow {
  readonly table: string;
  readonly field: string;
  /** null: every feed. A field may have one row a feed instead, all of one class. */
  readonly feed: string | null;
  readonly class: MappingClass;
  /** What the rule reads, in its order; the first is the source field proper. Empty where nothing is read. */
  readonly sources: readonly ColumnRef[];
  readonly rule: Rule;
  readonly onBlank: NullPolicy;
  readonly onReject: RejectPolicy;
  readonly confidence: Confidence;
  readonly review: ReviewStatus;
  /** Who approved or rejected it; '' before. */
  readonly reviewedBy: string;
  /** Why this source and rule, or why none. Never empty. */
  readonly reason: string;
}

export interface CrosswalkEntry {
  readonly source: string;
  readonly target: string;
  readonly meaning: string;
  /** First and last day it holds, CCYY-MM-DD; null: open. */
  readonly from: string | null;
  readonly to: string | null;
  readonly review: ReviewStatus;
  readonly reviewedBy: string;
}

/**
 * codes: each source value has its target value. master: the value stays as it is and must stand in a master file of the
 * source, because the target's own reference data are loaded from that file.
 */
export type Crosswalk =
  | {
      readonly kind: 'codes';
      readonly name: string;
      readonly version: string;
      readonly says: string;
      readonly entries: readonly CrosswalkEntry[];
    }
  | {
      readonly kind: 'master';
      readonly name: string;
      readonly version: string;
      readonly says: string;
      readonly table: string;
      readonly column: string;
    };

/** Where the source says that two patient numbers are one person: `from` was merged into `into`. */
export interface MergeList {
  readonly table: string;
  readonly from: string;
  readonly into: string;
}

export interface Contract {
  readonly name: string;
  readonly version: string;
  readonly merges: MergeList;
  /** The target table without whose row nothing of a patient is loaded; null: rows stand for themselves. */
  readonly patients: string | null;
  readonly plans: ReadonlyMap<string, TablePlan>;
  /** By table, in the order of the target catalogue. */
  readonly fields: ReadonlyMap<string, readonly FieldRow[]>;
  readonly crosswalks: ReadonlyMap<string, Crosswalk>;
}
