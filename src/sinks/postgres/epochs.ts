import { type EpochSeen, SluiceError } from '../../core/index.ts';
import type { Queryable } from './sql.ts';

interface EpochRecord {
  snapshot_lsn: string | null;
  first_commit: string | null;
}

/**
 * Keeps what an epoch has shown of itself, and refuses an initial snapshot read after the epoch had begun to stream:
 * its rows would lose against what streamed before, and nobody would see it. Whichever of the two lands first.
 */
export async function observeEpoch(db: Queryable, pipeline: string, seen: EpochSeen): Promise<void> {
  const key = [pipeline, seen.epoch];
  const found = await db.query<EpochRecord>(
    'select snapshot_lsn, first_commit from sluice.epoch where pipeline = $1 and epoch = $2',
    key,
  );
  const known = found.rows[0];
  const news =
    known === undefined ||
    (seen.snapshotLsn !== null && (known.snapshot_lsn === null || seen.snapshotLsn > BigInt(known.snapshot_lsn))) ||
    (seen.firstCommit !== null && (known.first_commit === null || seen.firstCommit < BigInt(known.first_commit)));
  if (!news) return;
  const now = await db.query<EpochRecord>(
    `insert into sluice.epoch (pipeline, epoch, snapshot_lsn, first_commit) values ($1, $2, $3, $4)
     on conflict (pipeline, epoch) do update set snapshot_lsn = greatest(epoch.snapshot_lsn, excluded.snapshot_lsn),
       first_commit = least(epoch.first_commit, excluded.first_commit)
     returning snapshot_lsn, first_commit`,
    [...key, seen.snapshotLsn?.toString() ?? null, seen.firstCommit?.toString() ?? null],
  );
  const { snapshot_lsn: snapshot, first_commit: commit } = now.rows[0] ?? { snapshot_lsn: null, first_commit: null };
  if (snapshot === null || commit === null || BigInt(snapshot) <= BigInt(commit)) return;
  throw new SluiceError('UNANNOUNCED_SNAPSHOT', `epoch ${seen.epoch} streamed before its snapshot was read`, {
    context: { epoch: seen.epoch },
  });
}

/** An epoch whose snapshot is over and whose rows not seen in it are still held. */
export interface UnsweptEpoch {
  readonly epoch: number;
  readonly snapshotLsn: bigint;
  readonly firstCommit: bigint;
}

/**
 * The newest epoch, if it has begun to stream and was not swept since its newest snapshot. One that had no rows to read
 * has its snapshot at 0.
 */
export async function unsweptEpoch(db: Queryable, pipeline: string): Promise<UnsweptEpoch | null> {
  const found = await db.query<{ epoch: number } & EpochRecord>(
    `select epoch, snapshot_lsn, first_commit from (
       select * from sluice.epoch where pipeline = $1 order by epoch desc limit 1) newest
     where first_commit is not null and swept_lsn is distinct from coalesce(snapshot_lsn, 0)`,
    [pipeline],
  );
  const row = found.rows[0];
  if (!row) return null;
  return { epoch: row.epoch, snapshotLsn: BigInt(row.snapshot_lsn ?? 0), firstCommit: BigInt(row.first_commit ?? 0) };
}

/** none: nothing was landed. reading: nothing was streamed yet. landing: its rows are on their way. */
export type SnapshotState = 'none' | 'reading' | 'landing' | 'complete';

export async function snapshotState(db: Queryable, pipeline: string): Promise<SnapshotState> {
  const found = await db.query<{ streams: boolean; swept: boolean }>(
    `select first_commit is not null as streams, swept_lsn is not distinct from coalesce(snapshot_lsn, 0) as swept
     from sluice.epoch where pipeline = $1 order by epoch desc limit 1`,
    [pipeline],
  );
  const [newest] = found.rows;
  if (!newest) return 'none';
  return !newest.streams ? 'reading' : newest.swept ? 'complete' : 'landing';
}

/** The newest epoch anything was landed of; null before the first record. */
export async function newestEpoch(db: Queryable, pipeline: string): Promise<number | null> {
  const found = await db.query<{ epoch: number | null }>(
    'select max(epoch) as epoch from sluice.epoch where pipeline = $1',
    [pipeline],
  );
  return found.rows[0]?.epoch ?? null;
}

export async function epochSwept(db: Queryable, pipeline: string, epoch: number, snapshotLsn: bigint): Promise<void> {
  await db.query('update sluice.epoch set swept_lsn = $3 where pipeline = $1 and epoch = $2', [
    pipeline,
    epoch,
    String(snapshotLsn),
  ]);
}

/** Whether the rows of a snapshot have all been landed, of whichever epoch. */
export async function hasSnapshot(db: Queryable, pipeline: string): Promise<boolean> {
  const found = await db.query<{ there: boolean }>(
    'select exists (select from sluice.epoch where pipeline = $1 and swept_lsn is not null) as there',
    [pipeline],
  );
  return found.rows[0]?.there === true;
}
