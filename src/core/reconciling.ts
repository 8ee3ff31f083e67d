import type { NumberRef } from './document.ts';
import type { Json, JsonObject } from './json.ts';
import type { KnownDocument } from './ledger.ts';
import type { Aggregate, DynamoDbTarget, Flow, HistoryRules, RecordedChange, Target } from './migration.ts';

/** What is wrong with one path of a document; never with which values. */
export type DifferenceClass = 'missing' | 'extra' | 'type' | 'value';

export interface Difference {
  /** e.g. `name[].family` or `consent_given`; '' is the whole document */
  readonly path: string;
  readonly class: DifferenceClass;
}

/**
 * missing: expected, not there. extra: there, expected by nobody. value: differs in the paths named. stale: differs, and
 * is what it was before. rogue: somebody else has written it. unmappable: no rule can say what is expected.
 */
export type FindingKind = 'missing' | 'extra' | 'value' | 'stale' | 'rogue' | 'unmappable';

export type FindingState = 'suspect' | 'confirmed' | 'repaired' | 'reverified' | 'accepted' | 'vanished';

/** A document as its target itself shows it. */
export interface ActualDocument {
  readonly content: JsonObject;
  /** our revision inside of it; null: it bears none, or its target has no place for one */
  readonly revision: bigint | null;
  /** whether somebody else wrote it last; null where the target cannot tell */
  readonly foreign: boolean | null;
}

/** What is asked of a target: a document by its id, with the columns or members that are compared. */
export interface WantedDocument {
  readonly id: string;
  readonly content: JsonObject;
}

/** Both sides of one document in one form, so that equal means equal. `actual` is null when it is not there. */
export interface DocumentPair {
  readonly id: string;
  readonly expected: JsonObject;
  readonly actual: ActualDocument | null;
}

/** Reads a target that is another server than the ledger. Throws retry codes of its store. */
export interface TargetReader {
  pairs(target: Target, wanted: readonly WantedDocument[]): Promise<readonly DocumentPair[]>;
  /** every id the target holds, a page at a time; null where it cannot be listed */
  ids(target: Target): AsyncIterable<readonly string[]> | null;
}

/** What the history of one item held when it was right: all its entries up to a time. */
export interface SeenHistory {
  /** the time of the newest of them */
  readonly through: string;
  readonly entries: number;
  readonly hash: string;
}

/** Reads the history of writes that a target keeps beside its items. Throws retry codes of its store. */
export interface HistoryReader {
  readonly rules: HistoryRules;
  /** stored items with their revisions, all that is stamped included, by id */
  items(target: DynamoDbTarget, ids: readonly string[]): Promise<ReadonlyMap<string, StoredItem>>;
  /** the entries of one subject in their order */
  entries(subject: string): Promise<readonly JsonObject[]>;
  /** the subjects of all entries, a page at a time; one may come more than once */
  subjects(): AsyncIterable<readonly string[]>;
}

export interface StoredItem {
  readonly item: JsonObject | null;
  readonly revision: bigint | null;
}

/** Why nothing can be said of a root now. */
export type Unsettled = 'marked' | 'waiting' | 'parked';

/** A document that is on its way, waits for one that it needs, or is parked there. */
export type Pending = 'sending' | 'waiting' | 'parked';

/** The ledger and its targets in PostgreSQL at one moment: landed rows, marks, documents and rows agree. */
export interface LedgerMoment {
  asOf(): Promise<string>;
  aggregates(flow: Flow, roots: readonly string[]): Promise<ReadonlyMap<string, Aggregate>>;
  /** the recorded changes of root rows of which entries have been made, in their order */
  rendered(table: string, roots: readonly string[]): Promise<ReadonlyMap<string, readonly RecordedChange[]>>;
  unsettled(flow: Flow, roots: readonly string[]): Promise<ReadonlyMap<string, Unsettled>>;
  documentsOf(flow: Flow, roots: readonly string[]): Promise<readonly KnownDocument[]>;
  documentsById(refs: readonly { readonly target: string; readonly id: string }[]): Promise<readonly KnownDocument[]>;
  pending(flow: Flow, roots: readonly string[]): Promise<ReadonlyMap<string, Pending>>;
  /** those of the numbers that have been given, by series and key */
  numbersOf(refs: readonly NumberRef[]): Promise<ReadonlyMap<string, number>>;
  pairs(target: Target, wanted: readonly WantedDocument[]): Promise<readonly DocumentPair[]>;
}

export interface Finding {
  readonly id: string;
  readonly flow: string;
  /** a target's name, or `source:<schema.table>` for a row that is not landed as the source has it */
  readonly target: string;
  readonly key: string;
  readonly root: string;
  readonly kind: FindingKind;
  readonly state: FindingState;
  readonly differences: readonly Difference[];
  readonly engine: string;
  readonly firstAt: string;
  readonly confirmedAt: string | null;
  readonly lastAt: string;
  readonly ageSeconds: number;
  /** open for longer than the clock allows: a person is to look at it */
  readonly playbook: boolean;
  readonly detail: Json;
}
