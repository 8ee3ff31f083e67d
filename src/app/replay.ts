import { randomBytes } from 'node:crypto';
import { type Log, type Migration, SluiceError, silentMeter, topicOf } from '../core/index.ts';
import { Deriver } from '../pipeline/index.ts';
import { PostgresShadows } from '../sinks/postgres/index.ts';
import { topicFaults } from '../source/index.ts';
import { systemClock } from './clock.ts';
import type { Config } from './config.ts';
import { deriveLive } from './derive-live.ts';
import { createLog } from './logger.ts';
import { type OpenPipeline, openPipeline } from './pipeline.ts';
import { columnsOf, watched } from './shadow/columns.ts';
import { type Bounds, type LandProgress, landRange } from './shadow/land.ts';
import { rulesHash } from './shadow/rules.ts';
import { type ReplayStart, startOf } from './shadow/start.ts';
import { lacksOf, type ReplayWarning, warningsOf } from './shadow/whole.ts';
import { topicsOfFlow } from './status.ts';
import { releaseSwitchedOn, switchesOf } from './supabase/dual-write.ts';
import { openReader } from './wire.ts';

export interface ReplayOptions {
  readonly migration: string;
  readonly flow?: string;
  /** a new ledger and target schemas under this name; into the live run when not given */
  readonly shadow?: string;
  /** the beginning unless told */
  readonly start?: ReplayStart;
  /** records a second at most; null: as fast as it goes */
  readonly rate?: number | null;
  /** rules to be rehearsed in place of those of this release */
  readonly rules?: (migration: Migration) => Migration;
  readonly onWarning?: (warning: ReplayWarning) => void;
  readonly onProgress: (progress: LandProgress) => void;
}

export interface Replayed {
  readonly records: string;
  /** documents that differed where the replay itself derived: into live nothing of what a worker does is counted */
  readonly written: number;
  /** marks nobody has derived: of flows that are halted, or of roots that somebody holds on to; of a shadow none */
  readonly left: number;
  readonly seconds: number;
  readonly warnings: readonly ReplayWarning[];
}

/**
 * Reads topics once more, from where it is told to the end they had when the replay began, landing beside the log's
 * progress. The positions in the landed rows decide as always, which is why a replay into the live run is harmless.
 */
export async function replayInto(config: Config, options: ReplayOptions): Promise<Replayed> {
  const seen = columnsOf();
  const rules = (migration: Migration): Migration => watched(options.rules?.(migration) ?? migration, seen);
  const open = openPipeline(config, options.migration, options.shadow, rules);
  const log = createLog({ level: 'warn' }, { pipeline: open.name });
  const began = systemClock.now();
  try {
    if (options.shadow !== undefined) await open.admin.applySchemas(open.folders);
    else await open.admin.requireSchemas(open.folders);
    const topics = open.migration.tables.map((table) => topicOf(open.migration.name, table.name));
    const warnings = warningsOf(topics, await topicFaults(config.kafka, topics, log));
    for (const warning of warnings) options.onWarning?.(warning);
    const start = options.start ?? { kind: 'beginning' };
    const shadow = options.shadow === undefined ? null : new PostgresShadows(open.pool, open.migration, options.shadow);
    const lacks = lacksOf(start, warnings);
    const rulesBy = rulesHash(config, options.migration);
    await shadow?.begin({ flow: options.flow ?? null, from: start.kind, lacks, rules: rulesBy });
    // what a flow's documents need of others is made as well, so a shadow is filled whole, whatever is compared of it
    const only = options.shadow === undefined ? options.flow : undefined;
    const { records, reached } = await replayRange(
      config,
      open,
      log,
      topicsWanted(open, only),
      options,
      async (topic, bounds, after) => {
        if (shadow && lacks === null && bounds.low > 0n)
          throw new SluiceError('CONFIG_INVALID', `${topic} has lost its first records just now: run it again`);
        return startOf(start, topic, bounds, after);
      },
    );
    const derived = shadow ? { written: await deriveAll(open), left: 0 } : await deriveLive(open, only, log);
    await shadow?.filled(seen.known(), reached);
    const seconds = (systemClock.now() - began) / 1000;
    return { records: String(records), ...derived, seconds, warnings };
  } finally {
    await open.close();
  }
}

/** Lands what the topics hold between a start and `until`, their ends when it is null. */
export async function replayRange(
  config: Config,
  open: OpenPipeline,
  log: Log,
  topics: readonly string[],
  { rate, onProgress }: Pick<ReplayOptions, 'rate' | 'onProgress'>,
  from: (topic: string, bounds: Bounds, after: (ms: number) => Promise<bigint>) => Promise<bigint>,
  until: ReadonlyMap<string, bigint> | null = null,
): Promise<{ records: bigint; reached: ReadonlyMap<string, bigint> }> {
  const group = `sluice.replay.${open.name}.${randomBytes(4).toString('hex')}`;
  const { client, decoder } = openReader(config, open.migration, group, log);
  try {
    const places = new Map<string, { from: bigint; next: bigint; end: bigint }>();
    for (const topic of topics) {
      for (const bounds of await client.offsets(topic)) {
        const after = (ms: number): Promise<bigint> => client.offsetAfter(topic, bounds.partition, ms);
        const begin = await from(topic, bounds, after);
        const name = `${topic}/${bounds.partition}`;
        const end = until === null ? bounds.high : (until.get(name) ?? begin);
        places.set(name, { from: begin, next: begin, end: end > begin ? end : begin });
      }
    }
    const records = await landRange(open, client, decoder, places, { rate: rate ?? null, onProgress });
    return { records, reached: new Map([...places].map(([name, { end }]) => [name, end])) };
  } finally {
    await client.close();
  }
}

function topicsWanted({ migration }: OpenPipeline, flowName: string | undefined): string[] {
  const flow = migration.flows.find(({ name }) => name === flowName);
  if (flow) return topicsOfFlow(migration, flow);
  if (flowName !== undefined) throw new SluiceError('CONFIG_INVALID', `there is no flow '${flowName}'`);
  return migration.tables.map((table) => topicOf(migration.name, table.name));
}

/** Derives all that is marked, until nothing is, which traffic can put off. Answers how many documents that changed. */
export async function deriveAll(open: OpenPipeline, tell: (roots: number) => void = () => undefined): Promise<number> {
  const { migration, ledger } = open;
  let written = 0;
  const meter = {
    ...silentMeter,
    count: (metric: string, _: unknown, by = 1) => {
      if (metric === 'sluice_documents_written_total') written += by;
    },
  };
  const switches = switchesOf(open, systemClock);
  await releaseSwitchedOn(open, switches);
  const log = createLog({ level: 'warn' });
  const context = { migration, ledger, log, meter, clock: systemClock, worker: 'replay', switches };
  const options = { batchRoots: 100, parallel: 2 };
  const derivers = migration.flows.map((flow) => new Deriver(flow, context, options, () => undefined));
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
