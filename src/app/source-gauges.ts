import type { Clock, Log, Meter } from '../core/index.ts';
import { connectorState, readConnector, rowEstimates } from '../source/index.ts';
import type { Config } from './config.ts';
import { connectorFolder } from './folders.ts';
import { gaugeConnector, oneHot, SNAPSHOT_STATES } from './gauges.ts';
import type { OpenPipeline } from './pipeline.ts';
import { repeat } from './repeat.ts';

const LOOK_EVERY_MS = 5_000;

/** Keeps the gauges of the connector and of how far a snapshot is. The source is asked only while one is not complete. */
export async function gaugeSource(
  config: Config,
  migrationName: string,
  open: OpenPipeline,
  meter: Meter,
  clock: Clock,
  signal: AbortSignal,
  log: Log,
): Promise<void> {
  const pipeline = open.name;
  const definition = await readConnector(connectorFolder, migrationName, config.prefix);
  return repeat(LOOK_EVERY_MS, clock, signal, log, 'looking at the source', async () => {
    const state = await connectorState(definition, config.connect).catch(() => 'unreachable' as const);
    gaugeConnector(meter, pipeline, definition.name, state);
    const snapshot = await open.admin.snapshotState();
    oneHot(meter, 'sluice_snapshot_state', { pipeline }, 'state', SNAPSHOT_STATES, snapshot);
    if (snapshot === 'complete') return;
    const tables = open.migration.tables.map(({ name }) => name);
    for (const [table, rows] of await rowEstimates(config.sourceUrl(migrationName), tables))
      meter.gauge('sluice_snapshot_rows_expected', { pipeline, table }, rows);
  });
}
