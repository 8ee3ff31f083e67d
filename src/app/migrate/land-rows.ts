import { BESIDE_EPOCH, type ChangeEvent, type SourceTable, topicOf } from '../../core/index.ts';
import { landBatch, type PipelineContext, type Subscriptions, sweepTable } from '../../pipeline/index.ts';
import type { CapturedRows } from '../../source/index.ts';

export interface Landed {
  readonly applied: number;
  /** the ledger had them from the stream, or newer */
  readonly known: number;
}

const NO_RECORD = { offset: -1n, timestampMs: 0, key: null, value: null, headers: {} };

/** Lands rows that were read beside the stream: as a snapshot's, below anything that came through it. */
export async function landRows(
  context: PipelineContext,
  subscriptions: Subscriptions,
  table: SourceTable,
  read: CapturedRows,
): Promise<Landed> {
  const { migration, ledger } = context;
  const changes = read.rows.map(({ key, image }) => ({ event: readOf(table, key, image, read), raw: NO_RECORD }));
  const place = { topic: topicOf(migration.name, table.name), partition: -1, table: table.name };
  const batch = { changes, parked: [], stop: null, to: 0n };
  const folded = await ledger.landing((tx) =>
    landBatch(tx, context, subscriptions, place, batch, { fastFlows: [], hadParked: false }),
  );
  return { applied: folded?.applied ?? 0, known: folded?.stale ?? 0 };
}

const readOf = (
  table: SourceTable,
  key: string,
  after: CapturedRows['rows'][number]['image'],
  { lsn, at }: CapturedRows,
): ChangeEvent => ({
  kind: 'change',
  table: table.name,
  key,
  op: 'r',
  after,
  before: null,
  unsent: [],
  position: { epoch: BESIDE_EPOCH, phase: 0, a: -1n, b: lsn, txId: null, offset: -1n },
  sourceTime: at,
  origin: null,
});

/** Ends rows that an earlier run had read and this one did not: they are gone at the source. The stream's are left alone. */
export const endMissing = (
  { ledger, migration }: PipelineContext,
  subscriptions: Subscriptions,
  table: string,
  run: { readonly lsn: bigint; readonly at: string },
): Promise<number> =>
  sweepTable(ledger, migration, subscriptions, table, { epoch: BESIDE_EPOCH, snapshotLsn: run.lsn, at: run.at });
