import { connectorState, readConnector, rowEstimates } from '../source/index.ts';
import type { Chore } from './chore.ts';
import { connectorFolder } from './folders.ts';
import { gaugeConnector, oneHot, SNAPSHOT_STATES } from './gauges.ts';
import { repeat } from './repeat.ts';

const LOOK_EVERY_MS = 5_000;

/** Keeps the gauges of the connector and of how far a snapshot is. The source is asked only while one is not complete. */
export async function gaugeSource(chore: Chore): Promise<void> {
  const { config, migration, open, meter } = chore;
  const pipeline = open.name;
  const definition = await readConnector(connectorFolder, migration, config.prefix);
  return repeat(LOOK_EVERY_MS, chore, 'looking at the source', async () => {
    const state = await connectorState(definition, config.connect).catch(() => 'unreachable' as const);
    gaugeConnector(meter, pipeline, definition.name, state);
    const snapshot = await open.admin.snapshotState();
    oneHot(meter, 'sluice_snapshot_state', { pipeline }, 'state', SNAPSHOT_STATES, snapshot);
    if (snapshot === 'complete') return;
    const tables = open.migration.tables.map(({ name }) => name);
    for (const [table, rows] of await rowEstimates(config.sourceUrl(migration), tables))
      meter.gauge('sluice_snapshot_rows_expected', { pipeline, table }, rows);
  });
}
