import { randomBytes } from 'node:crypto';
import { SluiceError, silentMeter, topicOf } from '../core/index.ts';
import {
  type Decoder,
  Deriver,
  type Lander,
  type LogClient,
  landerOf,
  type RawRecord,
  type RecordBatch,
  Subscriptions,
} from '../pipeline/index.ts';
import { systemClock } from './clock.ts';
import type { Config } from './config.ts';
import { createLog } from './logger.ts';
import { type OpenPipeline, openPipeline } from './pipeline.ts';
import { openReader } from './wire.ts';

export interface ReplayOptions {
  readonly migration: string;
  readonly flow?: string;
  /** a new ledger and target schemas under this name; into the live run when not given */
  readonly shadow?: string;
  readonly onProgress: (done: bigint, total: bigint) => void;
}

export interface Replayed {
  readonly records: string;
  readonly written: number;
}

/**
 * Reads every topic from its start to the end it had when the replay began, landing beside the log's progress.
 * The positions in the landed rows decide as always, which is why a replay into the live run is harmless.
 */
export async function replayInto(config: Config, options: ReplayOptions): Promise<Replayed> {
  const open = openPipeline(config, options.migration, options.shadow);
  const log = createLog({ level: 'warn' }, { pipeline: open.name });
  const group = `sluice.replay.${open.name}.${randomBytes(4).toString('hex')}`;
  const reader = openReader(config, open.migration, group, log);
  try {
    if (options.shadow !== undefined) {
      await open.admin.applySchemas(open.folders);
    } else await open.admin.requireSchemas(open.folders);
    const records = await landAll(open, reader.client, reader.decoder, options);
    const written = await deriveAll(open, options.flow);
    return { records: String(records), written };
  } finally {
    await reader.client.close();
    await open.close();
  }
}

async function landAll(
  open: OpenPipeline,
  client: LogClient,
  decoder: Decoder,
  options: ReplayOptions,
): Promise<bigint> {
  const { migration, ledger, name } = open;
  const subscriptions = new Subscriptions(migration);
  const context = {
    migration,
    ledger,
    log: createLog({ level: 'warn' }),
    meter: silentMeter,
    clock: systemClock,
    worker: 'replay',
  };
  const ends = new Map<string, { from: bigint; next: bigint; end: bigint }>();
  for (const table of migration.tables) {
    const topic = topicOf(migration.name, table.name);
    for (const { partition, low, high } of await client.offsets(topic)) {
      ends.set(`${topic}/${partition}`, { from: low, next: low, end: high });
    }
  }
  const total = [...ends.values()].reduce((sum, { from, end }) => sum + (end - from), 0n);
  const done = (): bigint =>
    [...ends.values()].reduce((sum, { from, next, end }) => sum + ((next < end ? next : end) - from), 0n);
  await new Promise<void>((resolve, reject) => {
    let chain = Promise.resolve();
    const finishWhenDone = (): void => {
      options.onProgress(done(), total);
      if ([...ends.values()].every(({ next, end }) => next >= end)) resolve();
    };
    const take = async (batch: RecordBatch): Promise<void> => {
      const place = ends.get(`${batch.topic}/${batch.partition}`);
      const table = migration.tables.find((candidate) => topicOf(migration.name, candidate.name) === batch.topic);
      if (!place || !table || place.next >= place.end) return;
      if (batch.fetchedFrom > place.next) {
        client.seek(batch.topic, batch.partition, place.next);
        return;
      }
      const records = batch.records.filter(({ offset }) => offset >= place.next && offset < place.end);
      const at = { topic: batch.topic, partition: batch.partition, table: table.name };
      // What halts or parks the live run has been dealt with there: a replay goes on.
      const lander = landerOf(at, context, decoder, subscriptions, [], { parks: false });
      for (let i = 0; i < records.length; i += 2_000) {
        await landOver(lander, records.slice(i, i + 2_000), batch.nextOffset);
      }
      place.next = batch.nextOffset;
      finishWhenDone();
    };
    client
      .run((batch) => {
        // one batch of each partition in memory, however fast the broker is
        client.pause(batch.topic, batch.partition);
        chain = chain
          .then(() => take(batch))
          .then(() => client.resume(batch.topic, batch.partition))
          .catch(reject);
      })
      .then(finishWhenDone, reject);
  });
  if (total === 0n) throw new SluiceError('CONFIG_INVALID', `the topics of ${name} are empty: nothing to replay`);
  return total;
}

/** Lands these records; over one that stops a live partition it steps. */
async function landOver(lander: Lander, records: readonly RawRecord[], to: bigint): Promise<void> {
  for (let rest = records; rest.length > 0; ) {
    const landing = await lander.land(rest, to, null);
    rest = landing.stop === null ? [] : rest.filter(({ offset }) => offset > landing.to);
  }
}

/** Derives all that is marked, until nothing is. Answers how many documents that changed. */
export async function deriveAll(
  open: OpenPipeline,
  only: string | undefined,
  tell: (roots: number) => void = () => undefined,
): Promise<number> {
  const { migration, ledger } = open;
  let written = 0;
  const meter = {
    ...silentMeter,
    count: (metric: string, _: unknown, by = 1) => {
      if (metric === 'sluice_documents_written_total') written += by;
    },
  };
  const context = { migration, ledger, log: createLog({ level: 'warn' }), meter, clock: systemClock, worker: 'replay' };
  const flows = migration.flows.filter((flow) => only === undefined || flow.name === only);
  if (flows.length === 0) throw new SluiceError('CONFIG_INVALID', `there is no flow '${only}'`);
  const derivers = flows.map((flow) => new Deriver(flow, context, { batchRoots: 100, parallel: 2 }, () => undefined));
  let roots = 0;
  for (let quiet = 0; quiet < 2; ) {
    let done = await ledger.tick(new Date(systemClock.now()).toISOString());
    for (const deriver of derivers) done += (await deriver.round(0n)).done;
    roots += done;
    tell(roots);
    quiet = done === 0 ? quiet + 1 : 0;
  }
  return written;
}

export interface ShadowDifference {
  readonly target: string;
  readonly live: number;
  readonly shadow: number;
  readonly onlyLive: number;
  readonly onlyShadow: number;
  readonly different: number;
}

/** Compares what two pipelines say each target should hold, by content hash. Unless kept, the shadow is dropped after. */
export async function compareShadow(
  config: Config,
  migration: string,
  shadow: string,
  keep: boolean,
): Promise<ShadowDifference[]> {
  const open = openPipeline(config, migration, shadow);
  try {
    const found = await open.pool.query<ShadowDifference>(
      `select coalesce(l.target, s.target) as target, count(l.id)::int as live, count(s.id)::int as shadow,
         count(*) filter (where s.id is null)::int as "onlyLive", count(*) filter (where l.id is null)::int as "onlyShadow",
         count(*) filter (where l.hash <> s.hash)::int as different
       from (select target, id, hash from sluice.document where pipeline = $1 and not gone) l
       full join (select target, id, hash from sluice.document where pipeline = $2 and not gone) s
         on s.target = l.target and s.id = l.id
       group by 1 order by 1`,
      [open.migration.name, open.name],
    );
    const copies = await open.admin.compareCopies();
    if (!keep) await open.admin.dropPipeline(open.folders);
    return [...found.rows, ...copies].sort((x, y) => (x.target < y.target ? -1 : 1));
  } finally {
    await open.close();
  }
}
