import { SluiceError, type SourceTable, silentMeter } from '../../core/index.ts';
import { type PipelineContext, Subscriptions } from '../../pipeline/index.ts';
import { type CapturedRowReader, openCapturedRows } from '../../source/index.ts';
import { systemClock } from '../clock.ts';
import type { Config } from '../config.ts';
import { createLog } from '../logger.ts';
import { type OpenPipeline, openPipeline } from '../pipeline.ts';
import { openProbes } from '../probes.ts';
import { deriveAll } from '../replay.ts';
import { untilLanded } from './caught-up.ts';
import { deliverAll } from './deliver.ts';
import { endMissing, landRows } from './land-rows.ts';
import { keptProgress, noProgress, type RunProgress } from './progress.ts';
import { type FlowReport, flowReport } from './report.ts';

export interface MigrateOptions {
  readonly migration: string;
  /** one table; all unless told */
  readonly table?: string | undefined;
  readonly batchRows: number;
  /** goes on with a run that did not end */
  readonly resume: boolean;
  /** into a shadow that is dropped: its name */
  readonly shadow?: string | undefined;
  /** remote stores that are not sent to; a worker or fhir-sync does it later */
  readonly without: readonly string[];
  readonly signal?: AbortSignal | undefined;
  readonly onProgress: (at: MigrateProgress) => void;
}

export interface MigrateProgress {
  readonly stage: 'read' | 'derive' | 'deliver';
  readonly table: string | null;
  /** rows read, roots derived, or documents left to send */
  readonly done: number;
  readonly of: number;
  readonly parked: number;
}

export interface MigratedTable {
  readonly table: string;
  /** rows read, those of a run that was gone on with included */
  readonly read: number;
  /** rows whose image the ledger took */
  readonly landed: number;
  /** rows the ledger had from the stream, or newer */
  readonly known: number;
  /** rows that an earlier run had read and that are gone at the source */
  readonly ended: number;
}

export interface Migrated {
  readonly tables: readonly MigratedTable[];
  readonly flows: readonly FlowReport[];
  readonly written: number;
  readonly stopped: boolean;
}

/**
 * Reads tables in batches, lands them beside the stream and derives what they touch. May be stopped or killed at any time.
 *
 * Throws CONFIG_INVALID when a run is under way, and what source and ledger throw.
 */
export async function migrateTables(config: Config, options: MigrateOptions): Promise<Migrated> {
  const open = openPipeline(config, options.migration, options.shadow);
  const reader = openCapturedRows(config.sourceUrl(options.migration));
  const lock = await open.pool.connect();
  try {
    if (options.shadow === undefined) await open.admin.requireSchemas(open.folders);
    else await open.admin.applySchemas(open.folders);
    const locked = await lock.query<{ mine: boolean }>(
      `select pg_try_advisory_lock(hashtextextended('sluice migrate ' || $1, 0)) as mine`,
      [open.name],
    );
    if (locked.rows[0]?.mine !== true)
      throw new SluiceError('CONFIG_INVALID', `${open.name} is being migrated already; wait for that run to end`);
    return await migrateInto(config, options, open, reader);
  } finally {
    // the lock goes with its session
    lock.release(true);
    await reader.close();
    await open.close();
  }
}

async function migrateInto(
  config: Config,
  options: MigrateOptions,
  open: OpenPipeline,
  reader: CapturedRowReader,
): Promise<Migrated> {
  const { migration, ledger, name } = open;
  const chosen = migration.tables.filter(
    (table) =>
      options.table === undefined || table.name.replace(/^public\./, '') === options.table.replace(/^public\./, ''),
  );
  if (chosen.length === 0)
    throw new SluiceError(
      'CONFIG_INVALID',
      `--table: there is no such table; there is ${migration.tables.map((one) => one.name).join(', ')}`,
    );
  const progress = open.shadow ? noProgress : keptProgress(open.pool, name);
  if (!options.resume) await progress.forget(chosen.map((table) => table.name));
  const log = createLog({ level: 'warn' }, { pipeline: name });
  const context: PipelineContext = {
    migration,
    ledger,
    log,
    meter: silentMeter,
    clock: systemClock,
    worker: 'migrate',
  };
  const run = { options, context, reader, progress, subscriptions: new Subscriptions(migration) };
  const probes = await openProbes(config, options.migration);
  const slot = `${config.prefix}sluice_${options.migration}`;
  // a stream that was begun is waited for, landed or not, or a row could be seen to go back in time
  const isBegun = (await reader.confirmed(slot)) !== null || (await open.admin.newestEpoch()) !== null;
  const isStreamed = isBegun && !open.shadow;
  const wait = (lsn: bigint): Promise<void> =>
    isStreamed ? untilLanded({ reader, probes, open, clock: systemClock, slot }, lsn) : Promise.resolve();
  let parked = 0;
  const counting = setInterval(
    () =>
      void parkedOf(open).then(
        (now) => (parked = now),
        () => undefined,
      ),
    1_000,
  );
  const tell = (stage: MigrateProgress['stage'], table: string | null, done: number, of: number): void =>
    options.onProgress({ stage, table, done, of, parked });
  try {
    let of = 0;
    for (const table of chosen) of += await reader.count(table.name);
    const tables: MigratedTable[] = [];
    let before = 0;
    for (const table of chosen) {
      const moved = await migrateTable(run, table, wait, (done) => tell('read', table.name, before + done, of));
      before += moved.read;
      tables.push(moved);
      if (options.signal?.aborted) break;
    }
    const isStopped = (): boolean => options.signal?.aborted === true;
    const written = isStopped() ? 0 : await deriveAll(open, (done) => tell('derive', null, done, 0));
    if (!isStopped()) await progress.forget(chosen.map((table) => table.name));
    if (!isStopped() && !open.shadow)
      await deliverAll(config, open, options.without, {
        signal: options.signal,
        tell: (left) => tell('deliver', null, left, 0),
      });
    return { tables, flows: await flowReport(open), written, stopped: isStopped() };
  } finally {
    clearInterval(counting);
    await probes.close();
  }
}

async function parkedOf({ admin }: OpenPipeline): Promise<number> {
  return (await admin.flows()).reduce((sum, flow) => sum + flow.parked, 0);
}

interface TableRun {
  readonly options: MigrateOptions;
  readonly context: PipelineContext;
  readonly reader: CapturedRowReader;
  readonly progress: RunProgress;
  readonly subscriptions: Subscriptions;
}

async function migrateTable(
  { options, context, reader, progress, subscriptions }: TableRun,
  table: SourceTable,
  wait: (lsn: bigint) => Promise<void>,
  tell: (done: number) => void,
): Promise<MigratedTable> {
  const [key = 'id'] = table.key;
  const kept = await progress.of(table.name);
  let at = kept ?? { runLsn: await reader.position(), afterKey: null, readRows: 0, finished: false };
  const sum = { landed: 0, known: 0, ended: 0 };
  let readAt = '';
  while (!at.finished && !options.signal?.aborted) {
    const read = await reader.batch(table.name, key, at.afterKey, options.batchRows);
    readAt = read.at;
    const last = read.rows.at(-1);
    if (last) {
      await wait(read.lsn);
      const { applied, known } = await landRows(context, subscriptions, table, read);
      sum.landed += applied;
      sum.known += known;
    }
    const finished = read.rows.length < options.batchRows;
    if (finished) sum.ended = await endMissing(context, subscriptions, table.name, { lsn: at.runLsn, at: readAt });
    at = { ...at, afterKey: last?.key ?? at.afterKey, readRows: at.readRows + read.rows.length, finished };
    // after the landing: a batch that is landed twice changes nothing
    await progress.keep(table.name, at);
    tell(at.readRows);
  }
  return { table: table.name, read: at.readRows, ...sum };
}
