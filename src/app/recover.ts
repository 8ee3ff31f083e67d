import { type Clock, type Gap, gapKindOf, type Log, SluiceError, topicOf } from '../core/index.ts';
import {
  applyConnector,
  type ConnectorPlace,
  diffTopics,
  readConnector,
  readSlot,
  readTopics,
} from '../source/index.ts';
import type { Config } from './config.ts';
import { connectorFolder, topicFolder } from './folders.ts';
import { gapsOf, openGaps } from './gaps.ts';
import { owedBefore, readEnds } from './log-ends.ts';
import type { OpenPipeline } from './pipeline.ts';
import type { Probes } from './readings.ts';

export interface RecoverOptions {
  readonly migration: string;
  readonly flow?: string;
  /** the source is meant to be another database from now on */
  readonly acceptSource: boolean;
  readonly wait: boolean;
  readonly place: ConnectorPlace;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: RecoverProgress) => void;
}

export interface RecoverProgress {
  readonly stage: 'new epoch' | 'snapshot' | 'landing and sweep' | 'closed';
  /** records in Kafka and not landed yet; null when that cannot be known */
  readonly owed: number | null;
}

export interface Recovered {
  /** null: nothing was to be recovered */
  readonly epoch: number | null;
  readonly resumed: readonly string[];
  readonly gaps: readonly Gap[];
}

/**
 * Has everything read anew under a new epoch, lets what was halted go on, and waits until the snapshot has been landed
 * and what it did not show has been ended: then the gaps are closed by whichever worker swept. One slot feeds all
 * tables, so one epoch is one proof for all of them; nothing that is right changes. Throws CONFIG_INVALID while the
 * cause still stands.
 */
export async function recover(
  config: Config,
  open: OpenPipeline,
  probes: Probes,
  clock: Clock,
  log: Log,
  options: RecoverOptions,
): Promise<Recovered> {
  const book = openGaps(open);
  const gaps = gapsOf(open, await book.list(true), options.flow);
  if (gaps.length === 0) return { epoch: null, resumed: [], gaps: [] };
  await refuseWhileCauseStands(config, open, probes, log, options);
  const definition = await readConnector(connectorFolder, options.migration, config.prefix);
  options.onProgress({ stage: 'new epoch', owed: null });
  const { epoch } = await applyConnector(definition, options.place, { newEpoch: true, dryRun: false });
  const halts = (await open.ledger.halts()).filter(({ code }) => gapKindOf(code) !== null);
  for (const { scope } of halts) await open.admin.resume(scope);
  const resumed = halts.map(({ scope }) => scope);
  const ids = new Set(gaps.map(({ id }) => id));
  const ours = async (): Promise<readonly Gap[]> => (await book.list(false)).filter(({ id }) => ids.has(id));
  while (options.wait && !options.signal.aborted) {
    const left = (await ours()).filter(({ closedAt }) => closedAt === null);
    if (left.length === 0) break;
    const capture = await probes.capture().catch(() => null);
    const streams = (capture?.stored ?? null) !== null;
    options.onProgress({ stage: streams ? 'landing and sweep' : 'snapshot', owed: await owed(open, probes) });
    await clock.sleep(1_000, options.signal);
  }
  const now = await ours();
  if (now.every(({ closedAt }) => closedAt !== null)) options.onProgress({ stage: 'closed', owed: 0 });
  return { epoch, resumed, gaps: now };
}

async function owed(open: OpenPipeline, probes: Probes): Promise<number | null> {
  try {
    const topics = open.migration.tables.map(({ name }) => topicOf(open.migration.name, name));
    return Number(await owedBefore(open, await readEnds(probes, topics)));
  } catch {
    return null;
  }
}

async function refuseWhileCauseStands(
  config: Config,
  open: OpenPipeline,
  probes: Probes,
  log: Log,
  { migration, acceptSource }: RecoverOptions,
): Promise<void> {
  const capture = await probes.capture();
  if (!capture)
    throw new SluiceError('CONFIG_INVALID', 'there is no connector: `sluice connectors apply`, then recover');
  const topics = (await readTopics(topicFolder, migration, config.prefix)).filter(({ kind }) => kind === 'raw');
  const [drift] = await diffTopics(config.kafka, topics, log);
  if (drift)
    throw new SluiceError(
      'CONFIG_INVALID',
      `what was lost would be lost again: ${drift.topic} ${drift.what} is ${drift.found}, not ${drift.wanted}. \`sluice topics apply ${migration}\` first`,
    );
  const known = await openGaps(open).capture();
  const { server } = await readSlot(config.sourceUrl(migration), '');
  if (known !== null && known.server !== server && !acceptSource)
    throw new SluiceError(
      'CONFIG_INVALID',
      `the source was ${known.server} and is ${server}. Set its address right; if the move is meant, --accept-source`,
    );
}
