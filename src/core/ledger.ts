import type { CopyFlow } from './copy.ts';
import type { Delivery, DeliveryOutcome, Document, DocumentRef, Issue, NumberRef } from './document.ts';
import type { ErrorCode } from './errors.ts';
import type { Image, Json, JsonObject } from './json.ts';
import type { Aggregate, Flow, LandedRow, RecordedChange } from './migration.ts';
import type { Note } from './observe.ts';
import type { Position } from './position.ts';
import type { Copied, CopyBatch } from './rows.ts';

/** A landed row with what only landing needs to know. */
export interface LandedState extends LandedRow {
  readonly position: Position;
  readonly links: Readonly<Record<string, string | null>>;
}

/** A row as it was before a batch. Its image is read only where something is made of it, and otherwise null. */
export type LandedBefore = Omit<LandedState, 'image'> & { readonly image: Image | null };

/** "Derive this again": of a root (`part` empty), or of every root that joins `key` through `part`. */
export interface Mark {
  readonly flow: string;
  readonly part: string;
  readonly key: string;
  /** commit time of the change that caused it, for measuring how long it took */
  readonly sourceTime: string;
}

export interface LinkMove {
  readonly table: string;
  readonly link: string;
  readonly entry: string;
  readonly row: string;
  readonly from: string;
  readonly to: string;
  readonly sourceTime: string;
  readonly position: Position;
}

/** A record that could not be landed, kept whole so that it can be tried again. */
export interface ParkedRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly table: string;
  readonly key: string;
  readonly code: ErrorCode;
  readonly detail: Json;
  readonly rawKey: Buffer | null;
  readonly rawValue: Buffer | null;
  readonly headers: Readonly<Record<string, string>>;
}

/** What some records of one epoch show of it. */
export interface EpochSeen {
  readonly epoch: number;
  /** newest position an initial snapshot was read at; null when none of the records is of one */
  readonly snapshotLsn: bigint | null;
  /** oldest known end of a transaction before a streamed one; null when none is known */
  readonly firstCommit: bigint | null;
}

export interface Advance {
  readonly topic: string;
  readonly partition: number;
  readonly from: bigint;
  readonly to: bigint;
  readonly fence: bigint;
  /** newest source commit time in the batch, null when it held no change */
  readonly sourceTime: string | null;
  /** newest Kafka timestamp in the batch, null when it held no record */
  readonly logTimeMs: number | null;
}

/** The one transaction of a landing batch. Everything or nothing of it is kept. */
export interface LandingTransaction {
  /** Moves progress and proves the fence; false: another worker owns the partition, or progress is not `from`. */
  advance(move: Advance): Promise<boolean>;
  /** Reads rows, those of `whole` with their images, and holds them until the end: who else lands one of them waits. */
  landed(
    table: string,
    keys: readonly string[],
    whole: ReadonlySet<string>,
  ): Promise<ReadonlyMap<string, LandedBefore>>;
  /** Rows alive that an initial snapshot of `epoch` at `snapshotLsn` must have shown and did not; held like `landed`. */
  notSeen(table: string, epoch: number, snapshotLsn: bigint, limit: number): Promise<readonly LandedState[]>;
  /** Throws UNANNOUNCED_SNAPSHOT when a snapshot was read after the same epoch had begun to stream. */
  observeEpoch(seen: EpochSeen): Promise<void>;
  save(table: string, rows: readonly LandedState[]): Promise<void>;
  mark(marks: readonly Mark[]): Promise<void>;
  recordMoves(moves: readonly LinkMove[]): Promise<void>;
  recordChanges(changes: readonly RecordedChange[]): Promise<void>;
  park(records: readonly ParkedRecord[]): Promise<void>;
  /** Which of these rows have a parked record that nothing has healed yet. */
  openParked(table: string, keys: readonly string[]): Promise<ReadonlySet<string>>;
  /** Whether any record of the table is parked and not healed. */
  hasParked(table: string): Promise<boolean>;
  /** Parked records, by id, that are landed once more in this transaction. */
  closeParked(ids: readonly string[], by: string): Promise<void>;
  /** A complete image at this offset makes the parked records before it moot, by key. */
  heal(table: string, complete: ReadonlyMap<string, bigint>): Promise<void>;
  deriving: DerivingTransaction;
  /** Writes the rows that are newer than what the flow's target holds. `beside`: not as part of the log's progress. */
  copy(flow: CopyFlow, batch: CopyBatch, beside: boolean): Promise<Copied>;
  /** Ends rows of a copied table that an initial snapshot must have shown and did not; answers how many. */
  sweepCopy(flow: CopyFlow, epoch: number, snapshotLsn: bigint, limit: number): Promise<number>;
  /** Runs `work` so that a failure undoes only its own statements. */
  attempt<T>(work: () => Promise<T>): Promise<T>;
}

/** The recorded hash of a document that is to be written again whatever it holds, in hexadecimal. */
export const CLEARED_HASH = '00';

/** A document as the ledger knows it. */
export interface KnownDocument {
  readonly target: string;
  readonly id: string;
  readonly flow: string;
  readonly root: string;
  readonly revision: bigint;
  /** see `contentHash` */
  readonly hash: string;
  readonly gone: boolean;
  /** kept for remote targets only */
  readonly content: JsonObject | null;
}

export interface DocumentWrite {
  readonly root: string;
  readonly document: Document;
  readonly revision: bigint;
  /** see `contentHash` */
  readonly hash: string;
  readonly gone: boolean;
  readonly sourceTime: string;
}

export interface LockedRoot {
  readonly key: string;
  readonly markIds: readonly bigint[];
  /** oldest source commit time among the marks */
  readonly sourceTime: string;
  /** seconds since the oldest of its marks was made; absent: it has none */
  readonly waitedSeconds?: number;
}

export interface RootVerdict {
  readonly root: string;
  readonly issues: readonly Issue[];
  readonly wakeAt: string | null;
  readonly state: 'derived' | 'waiting' | 'parked';
  /** what a waiting root waits for; a part is written as target `part:<name>` */
  readonly needs: readonly DocumentRef[];
  readonly code: ErrorCode | null;
  readonly detail: Json;
  readonly notes?: readonly Note[];
  /** oldest source commit time of what was derived; what waits is owed since then */
  readonly sourceTime?: string;
}

/** One transaction of deriving. Roots stay locked until it ends. */
export interface DerivingTransaction {
  /** Locks those of the roots nobody else holds, then reads their marks: in this order, or a change could be missed. */
  lock(flow: Flow, keys: readonly string[]): Promise<readonly LockedRoot[]>;
  /** The same for roots that changed in this transaction at the given source times, marked or not. */
  take(flow: Flow, changed: ReadonlyMap<string, string>): Promise<readonly LockedRoot[]>;
  aggregates(flow: Flow, keys: readonly string[]): Promise<ReadonlyMap<string, Aggregate>>;
  pendingChanges(table: string, keys: readonly string[]): Promise<ReadonlyMap<string, readonly RecordedChange[]>>;
  documentsOf(flow: Flow, roots: readonly string[]): Promise<readonly KnownDocument[]>;
  documentsById(refs: readonly DocumentRef[]): Promise<readonly KnownDocument[]>;
  /** The landed tick, the same for all roots of the flow in this transaction. */
  asOf(flow: Flow): Promise<string>;
  /** The numbers of business keys in the order asked for; those that have none yet get one. */
  numbersOf(refs: readonly NumberRef[]): Promise<readonly number[]>;
  /** Lowest revision of this ledger's life: later ledgers start higher, so their writes win at remote servers. */
  firstRevision(): Promise<bigint>;
  /** Answers those it did not write, because the same or a newer revision of the document is there. */
  writeState(flow: Flow, writes: readonly DocumentWrite[]): Promise<readonly DocumentWrite[]>;
  appendHistory(flow: Flow, writes: readonly DocumentWrite[]): Promise<void>;
  changesRendered(table: string, changes: readonly RecordedChange[]): Promise<void>;
  settle(flow: Flow, verdicts: readonly RootVerdict[]): Promise<void>;
  mark(marks: readonly Mark[]): Promise<void>;
  deleteMarks(ids: readonly bigint[]): Promise<void>;
}

export interface Claim {
  /** null: nothing landed yet, start at the beginning of the log */
  readonly nextOffset: bigint | null;
  readonly fence: bigint;
  /** newest Kafka timestamp landed so far; null when not known */
  readonly logTimeMs: number | null;
}

/** A document on its way to a remote target. */
export interface Intent extends Delivery {
  readonly flow: string;
  readonly root: string;
  readonly orderKey: string;
  readonly attempts: number;
  readonly sourceTime: string;
  /** seconds since it was first owed, when it was read */
  readonly waitedSeconds: number;
}

export interface SettledIntent {
  readonly intent: Intent;
  readonly outcome: DeliveryOutcome;
}

export interface Halt {
  /** a flow name, or `topic/partition` */
  readonly scope: string;
  readonly code: ErrorCode;
  readonly reason: string;
  readonly at: string;
}

/** What landing, deriving and delivering need of the ledger. One pipeline's view of it. */
export interface Ledger {
  readonly pipeline: string;
  claim(topic: string, partition: number, worker: string): Promise<Claim>;
  /** Sets the first offset of a partition that has no progress yet. */
  begin(topic: string, partition: number, offset: bigint, fence: bigint): Promise<boolean>;
  landing<T>(work: (tx: LandingTransaction) => Promise<T>): Promise<T>;
  deriving<T>(work: (tx: DerivingTransaction) => Promise<T>): Promise<T>;
  /** Whether a snapshot has ever been landed whole. */
  hasSnapshot(): Promise<boolean>;
  /** Roots with marks, oldest first; repeats left out. `upTo`: no newer marks than this; all unless told. */
  markedRoots(
    flow: string,
    limit: number,
    after: bigint,
    upTo?: bigint,
  ): Promise<{ keys: readonly string[]; last: bigint }>;
  /** Turns marks of joined keys, the new ones with newer ids, into marks of roots; answers how many it turned. */
  expandMarks(flow: Flow, limit: number, upTo?: bigint): Promise<number>;
  /** Marks roots whose time has come or whose missing parent has arrived; moves the landed tick. */
  tick(now: string): Promise<number>;
  leaseLanes(store: string, owner: string, wanted: number, seconds: number): Promise<readonly number[]>;
  releaseLanes(store: string, owner: string): Promise<void>;
  /** The next documents of these lanes that may be sent, at most one batch, in order. */
  nextIntents(store: string, lanes: readonly number[], limit: number): Promise<readonly Intent[]>;
  settleIntents(settled: readonly SettledIntent[]): Promise<void>;
  /** A batch of its own for whoever lands a copied table, to be cleared and used again. */
  copyBatch(flow: CopyFlow): CopyBatch;
  halt(scope: string, code: ErrorCode, reason: string): Promise<void>;
  halts(): Promise<readonly Halt[]>;
  close(): Promise<void>;
}
