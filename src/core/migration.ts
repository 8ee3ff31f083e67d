import type { Operation } from './change-event.ts';
import type { CopyColumn } from './copy-column.ts';
import type { Document, DocumentRef, Issue } from './document.ts';
import type { Image, JsonObject } from './json.ts';
import type { Note, NoteLevel } from './observe.ts';

/** What a declaration says of one source table. */
export interface SourceTable {
  /** `schema.table` in the source database */
  readonly name: string;
  readonly key: readonly string[];
  /**
   * Join keys kept beside the landed row, by name: a foreign key or a derived key. Total: called on any image,
   * answers null when there is none, never throws.
   */
  readonly links: Readonly<Record<string, (image: Image) => string | null>>;
  /** links whose moves from one value to another are recorded for ever (see `MOVES`) */
  readonly remember?: readonly string[];
  /** links that are looked up so seldom that a scan then costs less than an index at every write */
  readonly unindexed?: readonly string[];
  /** what tools of ours find out about a row and rules may know, by name (see `factsOf`) */
  readonly facts?: readonly string[];
  /** columns the rules read: when the source takes one away its rows wait until somebody has decided */
  readonly reads?: readonly string[];
  /** keep one entry for each change of a row; a flow's `history` renders them */
  readonly keepChanges?: boolean;
}

/** Where a part's rows hang from: those whose joined side equals `link` (or the key) of the part named `part`. */
export interface Joint {
  readonly part: string;
  readonly link: string;
  /** rows found this way are read; that they changed another root tells, by `Derivation.others` */
  readonly quiet?: boolean;
}

/**
 * A table of an aggregate. Rows are found from rows already read: those whose `link` (or key) equals the value of
 * `from.link` (or the key) of the part named `from.part`; `root` stands for the root itself.
 */
export interface Part {
  readonly name: string;
  readonly table: string;
  /** the joined side: a link of this table, or 'key' for its primary key */
  readonly link: string;
  readonly from: Joint;
  /** where more of its rows hang from */
  readonly also?: readonly Joint[];
  /** of all rows with the same joined value only the one with the smallest key: where any will do, however many there are */
  readonly first?: boolean;
  /** a link of this table: only another value of it concerns the root, not every change of the row */
  readonly watch?: string;
}

/**
 * The recorded moves of a link, as if they were a source table: one row each, never changed. Named
 * `moves:<schema.table>:<link>`, with the columns `from`, `to`, `row` and links of the same names.
 */
export const movesOf = (table: string, link: string): string => `moves:${table}:${link}`;

/**
 * What was found out about rows of a table, as if it were a source table: at most one row each, under the row's key. Shared
 * by the live run and its shadows.
 */
export const factsOf = (table: string, fact: string): string => `facts:${table}:${fact}`;

export const jointsOf = ({ from, also = [] }: Part): readonly Joint[] => [from, ...also];

/** Whether it hangs from the root's own key, so that a value of the joined side is the root. */
export const isAtRoot = ({ part, link }: Joint): boolean => part === 'root' && link === 'key';

/** A landed row as a transformer sees it. The last image stays readable after a delete. */
export interface LandedRow {
  readonly table: string;
  readonly key: string;
  readonly image: Image;
  readonly deleted: boolean;
  /** commit time of the newest change, ISO UTC with microseconds */
  readonly sourceTime: string;
  /** log position of the newest change, decimal; names the change in audit stamps, never orders anything */
  readonly lsn: string;
}

export interface Aggregate {
  /** key of the root row, or the shared link value of a group */
  readonly key: string;
  /** null for a group */
  readonly root: LandedRow | null;
  readonly parts: Readonly<Record<string, readonly LandedRow[]>>;
}

/** One recorded change of a root's own row. */
export interface RecordedChange {
  /** stable name of the change: the same for every re-sending of it */
  readonly entry: string;
  readonly table: string;
  readonly key: string;
  readonly op: Operation;
  readonly before: Image | null;
  /** for a delete the last image */
  readonly after: Image;
  readonly sourceTime: string;
  readonly lsn: string;
}

export interface DeriveContext {
  /** the landed tick: ISO UTC; the only time a transformer may know */
  readonly asOf: string;
}

/** What a transformer makes of an aggregate: all documents of this root, as they should be now. */
export interface Derivation {
  readonly documents: readonly Document[];
  readonly issues: readonly Issue[];
  /** the root cannot be derived until this part has a row; nothing is written meanwhile */
  readonly waitingFor?: string;
  /** rows of it that are held back until something else is there; the rest of it is written */
  readonly heldBack?: number;
  /** derive this root again at this time (ISO UTC), e.g. when a consent expires */
  readonly wakeAt?: string;
  /** roots of the same flow to be derived after this one, as rows of this one are theirs (a merged patient) */
  readonly others?: readonly string[];
  /** what is to be logged of it; only of migrations with `NoteRules` */
  readonly notes?: readonly Note[];
}

/**
 * The log of a migration in words of its own. One that has these rules declares that the keys of its roots are nobody's
 * (a service, a code) and may be told.
 */
export interface NoteRules {
  readonly levelOf: (code: string) => NoteLevel;
  /** a few words for a reader */
  readonly textOf: (code: string) => string;
  /** codes whose rates are compared: counted from 0 on, or a rate would miss the first of them */
  readonly rated?: readonly string[];
  readonly opening: Note;
  /** what closes a run, from how often each code was told in it */
  readonly closing: (told: ReadonlyMap<string, number>) => Note;
}

export interface PostgresTarget {
  readonly kind: 'postgres';
  /** `schema.table` */
  readonly name: string;
  readonly key: readonly string[];
  /** state: the newest content; append: inserted once, never changed or removed */
  readonly mode: 'state' | 'append';
  /** each row tells of something that the rules refuse */
  readonly refusals?: boolean;
}

export interface FhirTarget {
  readonly kind: 'fhir';
  /** `fhir.<ResourceType>` */
  readonly name: string;
  readonly resourceType: string;
  readonly mode: 'state' | 'append';
}

export interface DynamoDbTarget {
  readonly kind: 'dynamodb';
  /** `dynamodb.<entity>` */
  readonly name: string;
  /** the part of the table's name that does not change with environment and workspace */
  readonly table: string;
  /**
   * Hash key, and range key where there is one; all are attributes of the content. A document's id is its key: the value
   * itself of one attribute, a JSON array of the values of two.
   */
  readonly key: readonly string[];
  /**
   * Secondary indexes with their keys. DynamoDB refuses an index key that is null: content leaves it out, and then the
   * item is not in that index.
   */
  readonly indexes: Readonly<Record<string, readonly string[]>>;
  /** attributes that documents have as stamps: they are no content. `a.b` is one inside the attribute `a`. */
  readonly stamps?: readonly string[];
  /** others follow the table by a stream of old and new images */
  readonly stream?: boolean;
  readonly mode: 'state' | 'append';
}

export type Target = PostgresTarget | FhirTarget | DynamoDbTarget;

export interface Flow {
  readonly name: string;
  /** the root is a row of a table, or the group of rows sharing a link value */
  readonly root: { readonly table: string } | { readonly group: string };
  readonly parts: readonly Part[];
  readonly targets: readonly Target[];
  /** Pure. Throws a SluiceError (ROW_INVALID, TRANSFORM_FAILED) to park the root. */
  readonly transform: (aggregate: Aggregate, context: DeriveContext) => Derivation;
  /** Pure: the append documents of one change of the root's own row. */
  readonly history?: (change: RecordedChange) => readonly Document[];
  /**
   * Pure: the last form of a document of a remote state target that is no longer produced, made from what it held
   * (a guardian struck off the list stays as `active: false`). Without it such a document is left as it is.
   */
  readonly retire?: (target: string, last: JsonObject) => JsonObject | null;
  /** Pure: the kind whose switch says whether this root is written now; null when it always is. */
  readonly switchedBy?: (aggregate: Aggregate) => string | null;
  /** set by `copyFlow` */
  readonly copy?: readonly CopyColumn[];
}

/** How a history of writes is held against the items whose writes it tells of. Its entries are appended, for ever. */
export interface HistoryRules {
  /** the key of its table is the subject and the time */
  readonly target: DynamoDbTarget;
  /** targets whose writes it tells of */
  readonly tellsOf: readonly DynamoDbTarget[];
  /** what the entries of one item have in common */
  readonly subjectOf: (item: DocumentRef) => string;
  /** null: it names no item */
  readonly itemOf: (subject: string) => DocumentRef | null;
  /** the time of the entry that tells of the newest write of a stored item; null: it does not say */
  readonly newestOf: (stored: JsonObject) => string | null;
  /** whether an entry tells of a first write; null: the first entry need not */
  readonly isFirst: ((entry: JsonObject) => boolean) | null;
}

/** What a migration says of its DynamoDB tables beside its targets. Pure. */
export interface DynamoDbRules {
  /** every table there is to be, those that only `journal` writes to included */
  readonly tables: readonly DynamoDbTarget[];
  /** a table's whole name in one environment and workspace */
  readonly tableName: (table: string, environment: string, workspace?: string) => string;
  /** the stamps of a write that happens at `at` (ISO UTC): what the document says of them, after the stored item's */
  readonly stamp: (
    target: DynamoDbTarget,
    stamps: JsonObject,
    stored: JsonObject | null,
    content: JsonObject,
    at: string,
  ) => JsonObject;
  /** the entry that tells of a write, written with it; null when it is not told of */
  readonly journal: (
    target: DynamoDbTarget,
    before: JsonObject | null,
    after: JsonObject | null,
    at: string,
  ) => { readonly target: DynamoDbTarget; readonly content: JsonObject } | null;
  /** what the entries of `journal` must be beside the items they tell of */
  readonly history?: HistoryRules;
  /** items that somebody else wrote are taken over; otherwise they park */
  readonly adopt: boolean;
  /** what is to be logged of a transaction, and of which root; null when nothing is */
  readonly notesOf?: (writes: readonly SettledWrite[]) => RootNotes | null;
}

export interface RootNotes {
  readonly flow: string;
  readonly root: string;
  readonly notes: readonly Note[];
}

/** What became of one write of a transaction. */
export interface SettledWrite {
  readonly target: DynamoDbTarget;
  readonly id: string;
  /** as readers saw it */
  readonly before: JsonObject | null;
  readonly content: JsonObject | null;
  readonly result: 'written' | 'condition refused' | 'refused';
}

export interface Migration {
  /** also the topic prefix and the name of the live pipeline */
  readonly name: string;
  readonly tables: readonly SourceTable[];
  /** in an order in which documents that others need come first */
  readonly flows: readonly Flow[];
  /** folders of numbered SQL that make the target schemas, one a schema */
  readonly targetSchemas: readonly string[];
  /**
   * Aggregates of the outboxes whose newest word is told on a compacted topic, `cdc.<name>`, beside the events of their
   * service. Where this is set each target schema has an outbox (`sluice.add_outbox`).
   */
  readonly cleaned?: Readonly<Record<string, string>>;
  /**
   * nothing is derived before the first snapshot has been landed whole: its documents are made of rows of many tables,
   * and no reader is to meet one made of half of them
   */
  readonly wholeSnapshotFirst?: boolean;
  /**
   * Names the rule that decides a field of a target; for the path '' that of its documents as wholes. Null where no named
   * rule does. Without it a flow's transformer is its one rule.
   */
  readonly ruleOf?: (target: string, path: string) => string | null;
  readonly dynamodb?: DynamoDbRules;
  readonly notes?: NoteRules;
}

/** The raw topic of a source table. */
export const topicOf = (migration: string, table: string): string => `${migration}.${table}`;
