import {
  type ChangeEvent,
  type CopyFlow,
  copyOf,
  type LandedState,
  type Ledger,
  type Migration,
} from '../core/index.ts';
import { foldChanges } from './fold.ts';
import type { Subscriptions } from './subscriptions.ts';

/** A finished initial snapshot. */
export interface FinishedSnapshot {
  readonly epoch: number;
  readonly snapshotLsn: bigint;
  /** ISO UTC, the source time its deletions get */
  readonly at: string;
}

const BATCH = 500;

/**
 * Ends the rows of a table that a finished snapshot did not show: they were deleted while nobody was looking, and a
 * snapshot tells of no deletes. Only when all of the snapshot has been landed. Answers how many rows it ended.
 */
export async function sweepTable(
  ledger: Ledger,
  migration: Migration,
  subscriptions: Subscriptions,
  name: string,
  snapshot: FinishedSnapshot,
): Promise<number> {
  const copied = copyOf(migration, name);
  if (copied) return sweepCopied(ledger, copied, snapshot);
  const table = subscriptions.table(name);
  if (!table) return 0;
  for (let swept = 0; ; ) {
    const ended = await ledger.landing(async (tx) => {
      const rows = await tx.notSeen(name, snapshot.epoch, snapshot.snapshotLsn, BATCH);
      const landed = new Map(rows.map((row) => [row.key, row]));
      const events = rows.map((row) => deletion(row, snapshot));
      const folded = foldChanges({ table, landed, doubtful: new Map(), events }, subscriptions);
      await tx.save(name, [...folded.rows.values()]);
      await tx.recordMoves(folded.moves);
      await tx.recordChanges(folded.changes);
      await tx.mark(folded.marks);
      return rows.length;
    });
    swept += ended;
    if (ended < BATCH) return swept;
  }
}

async function sweepCopied(ledger: Ledger, flow: CopyFlow, { epoch, snapshotLsn }: FinishedSnapshot): Promise<number> {
  for (let swept = 0; ; ) {
    const ended = await ledger.landing((tx) => tx.sweepCopy(flow, epoch, snapshotLsn, BATCH));
    swept += ended;
    if (ended < BATCH) return swept;
  }
}

const deletion = (row: LandedState, { epoch, snapshotLsn, at }: FinishedSnapshot): ChangeEvent => ({
  kind: 'change',
  table: row.table,
  key: row.key,
  op: 'd',
  after: null,
  before: null,
  unsent: [],
  // where the snapshot would have shown the row
  position: { epoch, phase: 0, a: -1n, b: snapshotLsn, txId: null, offset: -1n },
  sourceTime: at,
  origin: null,
});
