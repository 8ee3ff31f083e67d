import { randomBytes } from 'node:crypto';
import { type Clock, SluiceError, topicOf } from '../core/index.ts';
import { logEnd, requestSnapshot, rowEstimates } from '../source/index.ts';
import type { Config } from './config.ts';
import { type LogEnds, owedBefore, readEnds } from './log-ends.ts';
import type { OpenPipeline } from './pipeline.ts';
import type { Probes } from './readings.ts';
import { topicsOfFlow } from './status.ts';

export interface BackfillOptions {
  /** as declared for the CLI, e.g. `supabase` */
  readonly migration: string;
  readonly flow?: string;
  readonly tables: readonly string[];
  readonly where?: string;
  readonly wait: boolean;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: BackfillProgress) => void;
}

export interface BackfillProgress {
  readonly stage: 'asked' | 'reading' | 'landing' | 'done';
  /** records that have reached Kafka since it was asked for, changes of that time included */
  readonly records: number;
  /** rows the tables have, about */
  readonly rows: number;
  readonly tablesLeft: number;
}

export interface Backfilled extends BackfillProgress {
  readonly id: string;
  readonly tables: readonly string[];
}

/** The source tables a backfill reads: those named, or all that feed the flow. */
export function tablesOf({ migration }: OpenPipeline, flowName: string | undefined, named: readonly string[]) {
  const known = migration.tables.map(({ name }) => name);
  const strange = named.find((name) => !known.includes(name));
  if (strange !== undefined)
    throw new SluiceError('CONFIG_INVALID', `there is no table ${strange}; there is ${known.join(', ')}`);
  const flow = migration.flows.find(({ name }) => name === flowName);
  if (flowName !== undefined && !flow)
    throw new SluiceError(
      'CONFIG_INVALID',
      `there is no flow '${flowName}'; there is ${migration.flows.map(({ name }) => name).join(', ')}`,
    );
  if (named.length > 0) return named;
  if (!flow) throw new SluiceError('CONFIG_INVALID', 'say what to read: --flow or --table');
  const topics = topicsOfFlow(migration, flow);
  return known.filter((name) => topics.includes(topicOf(migration.name, name)));
}

/**
 * Has rows read again while changes stream on. What is read is landed as any change is: a row that was written
 * meanwhile keeps its newer change (docs/positions.md), so it may be done at any time.
 */
export async function backfill(
  config: Config,
  open: OpenPipeline,
  probes: Probes,
  clock: Clock,
  options: BackfillOptions,
): Promise<Backfilled> {
  const tables = tablesOf(open, options.flow, options.tables);
  const url = config.sourceUrl(options.migration);
  await mustCapture(probes);
  const rows = [...(await rowEstimates(url, tables)).values()].reduce((sum, some) => sum + some, 0);
  const topics = tables.map((table) => topicOf(open.migration.name, table));
  const before = sumOf(await readEnds(probes, topics));
  const id = `sluice-${randomBytes(6).toString('hex')}`;
  await requestSnapshot(url, id, tables, options.where);
  const asked = await logEnd(url);
  let now: BackfillProgress = { stage: 'asked', records: 0, rows, tablesLeft: tables.length };
  const tell = (told: Partial<BackfillProgress>): void => {
    now = { ...now, ...told };
    options.onProgress(now);
  };
  tell({});
  const more = async (): Promise<number> => Number(sumOf(await readEnds(probes, topics)) - before);
  // the connector keeps in its own offsets which tables it has still to read: beyond the request and none left is over
  for (let over = 0; options.wait && over < 2; ) {
    await clock.sleep(700, options.signal);
    if (options.signal.aborted) return { id, tables, ...now };
    const capture = await mustCapture(probes);
    const taken = capture.stored !== null && capture.stored >= asked;
    over = taken && capture.snapshotting.length === 0 ? over + 1 : 0;
    const left = taken ? capture.snapshotting.length : tables.length;
    tell({ stage: taken ? 'reading' : 'asked', records: await more(), tablesLeft: left });
  }
  if (options.wait) {
    const ends = await readEnds(probes, topics);
    tell({ stage: 'landing', records: await more(), tablesLeft: 0 });
    while ((await owedBefore(open, ends)) > 0n) {
      await clock.sleep(300, options.signal);
      if (options.signal.aborted) return { id, tables, ...now };
    }
    tell({ stage: 'done' });
  }
  return { id, tables, ...now };
}

/** Throws CONFIG_INVALID when nobody would read the request. */
async function mustCapture(probes: Probes) {
  const capture = await probes.capture();
  if (!capture) throw new SluiceError('CONFIG_INVALID', 'there is no connector: `sluice connectors apply` first');
  if (capture.state !== 'RUNNING')
    throw new SluiceError('CONFIG_INVALID', `the connector is ${capture.state}: \`sluice connectors status\` has more`);
  return capture;
}

const sumOf = (ends: LogEnds): bigint => [...ends.values()].reduce((sum, { high }) => sum + high, 0n);
