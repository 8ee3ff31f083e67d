import { type ConnectorDefinition, type ConnectorVariables, renderConfig } from './definition.ts';
import { ConnectApi, type ConnectorState, describeState } from './rest.ts';
import { dropSlot, prepareSource } from './source-database.ts';

export interface Drift {
  readonly setting: string;
  readonly wanted: string | null;
  readonly found: string | null;
}

export interface Applied {
  readonly name: string;
  readonly action: 'created' | 'updated' | 'unchanged' | 'new epoch';
  readonly epoch: number;
  readonly drift: readonly Drift[];
  readonly source: readonly string[];
}

export interface ConnectorPlace {
  readonly connectUrl: string;
  readonly sourceUrl: string;
  readonly variables: Omit<ConnectorVariables, 'epoch'>;
}

const EPOCH = 'transforms.epoch.value.literal';
const SECRET = /password|secret|token/i;

/** What a reader may see of a setting. */
const shown = (setting: string, value: string | undefined): string | null =>
  value === undefined ? null : SECRET.test(setting) && !value.startsWith('${') ? '***' : value;

export function driftOf(wanted: Readonly<Record<string, string>>, found: Readonly<Record<string, string>>): Drift[] {
  const settings = new Set([...Object.keys(wanted), ...Object.keys(found)]);
  // Connect adds the name itself
  settings.delete('name');
  return [...settings]
    .sort()
    .flatMap((setting) =>
      wanted[setting] === found[setting]
        ? []
        : [{ setting, wanted: shown(setting, wanted[setting]), found: shown(setting, found[setting]) }],
    );
}

/** The epoch in force, 1 for a connector that is not there yet. */
const epochIn = (config: Readonly<Record<string, string>> | null): number => Number(config?.[EPOCH] ?? '1');

/** Brings a connector to its file. Idempotent; with `newEpoch` everything is read anew under a higher epoch. */
export async function applyConnector(
  definition: ConnectorDefinition,
  place: ConnectorPlace,
  options: { newEpoch: boolean; dryRun: boolean },
): Promise<Applied> {
  const api = new ConnectApi(place.connectUrl);
  const { name } = definition;
  const found = await api.config(name);
  const epoch = epochIn(found) + (options.newEpoch && found ? 1 : 0);
  const wanted = renderConfig(definition, { ...place.variables, epoch: String(epoch) });
  const drift = found ? driftOf(wanted, found) : [];
  const action =
    options.newEpoch && found ? 'new epoch' : !found ? 'created' : drift.length > 0 ? 'updated' : 'unchanged';
  if (options.dryRun) return { name, action, epoch, drift, source: [] };
  const source = await prepareSource(place.sourceUrl, definition);
  if (action === 'new epoch') {
    // In this order: nothing may stream between the old offsets and the new slot, and workers who miss the slot find
    // the new epoch announced.
    await api.stop(name);
    await api.put(name, wanted);
    await dropSlot(place.sourceUrl, wanted['slot.name'] ?? '', null);
    await api.deleteOffsets(name);
    await api.resume(name);
  } else if (action !== 'unchanged') await api.put(name, wanted);
  return { name, action, epoch, drift, source };
}

export function connectorState(definition: ConnectorDefinition, connectUrl: string): Promise<ConnectorState | null> {
  return new ConnectApi(connectUrl).state(definition.name);
}

/** The epoch a connector is to write now; null when there is no connector. */
export async function connectorEpoch(definition: ConnectorDefinition, connectUrl: string): Promise<number | null> {
  const found = await new ConnectApi(connectUrl).config(definition.name);
  return found === null ? null : epochIn(found);
}

/** What Connect says of a connector's place in the source's log. */
export interface CaptureState {
  /** e.g. RUNNING, STOPPED */
  readonly state: string;
  readonly epoch: number;
  /** server, database and slot it reads */
  readonly place: string;
  /** newest position it has stored; null when it has stored none */
  readonly stored: bigint | null;
  /** tables an incremental snapshot has still to read, as `schema.table` */
  readonly snapshotting: readonly string[];
}

/** null when there is no such connector */
export async function captureState(
  definition: Pick<ConnectorDefinition, 'name'>,
  connectUrl: string,
): Promise<CaptureState | null> {
  const api = new ConnectApi(connectUrl);
  const config = await api.config(definition.name);
  if (config === null) return null;
  const [state, offset] = await Promise.all([api.state(definition.name), api.offsets(definition.name)]);
  const setting = (name: string): string => config[name] ?? '';
  const { 'database.hostname': host, 'database.port': port, 'database.dbname': database, 'slot.name': slot } = config;
  return {
    state: state?.state ?? '',
    epoch: epochIn(config),
    place: `${host}:${port}/${database} slot ${slot} as ${setting('topic.prefix')}`,
    stored: storedPosition(offset),
    snapshotting: snapshotTables(offset),
  };
}

/** The newest of the positions in a stored offset. */
export function storedPosition(offset: Readonly<Record<string, unknown>> | null): bigint | null {
  const positions = ['lsn_proc', 'lsn_commit', 'lsn']
    .map((name) => offset?.[name])
    .filter((value) => typeof value === 'number' || (typeof value === 'string' && /^\d+$/.test(value)))
    .map((value) => BigInt(value as number | string));
  return positions.reduce<bigint | null>((newest, one) => (newest === null || one > newest ? one : newest), null);
}

/** Debezium keeps in its offset which tables it has still to read; nothing of it is there when it is done. */
export function snapshotTables(offset: Readonly<Record<string, unknown>> | null): readonly string[] {
  const listed = offset?.incremental_snapshot_collections;
  if (typeof listed !== 'string') return [];
  const tables = JSON.parse(listed) as { incremental_snapshot_collections_id?: string }[];
  return tables.map((table) => (table.incremental_snapshot_collections_id ?? '').replaceAll('"', ''));
}

/** Waits until the connector runs or has failed, half a minute at most; answers as `describeState` does. */
export async function settledState(definition: ConnectorDefinition, connectUrl: string): Promise<string> {
  const api = new ConnectApi(connectUrl);
  for (let attempt = 0; ; attempt++) {
    const verdict = describeState(await api.state(definition.name));
    if (verdict === 'RUNNING' || verdict.startsWith('FAILED') || attempt >= 60) return verdict;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

export function restartConnector(definition: ConnectorDefinition, connectUrl: string): Promise<void> {
  return new ConnectApi(connectUrl).restart(definition.name);
}

/** Restarts what has failed of a connector, if anything has; answers why it had. Connect does not do so by itself. */
export async function reviveConnector(definition: ConnectorDefinition, connectUrl: string): Promise<string | null> {
  const api = new ConnectApi(connectUrl);
  const verdict = describeState(await api.state(definition.name));
  if (!verdict.startsWith('FAILED')) return null;
  await api.restart(definition.name, true);
  return verdict;
}

/** Removes the connector; with `purge` also its offsets, slot and publication, after which a new one reads everything. */
export async function removeConnector(
  definition: ConnectorDefinition,
  place: ConnectorPlace,
  options: { purge: boolean },
): Promise<void> {
  const api = new ConnectApi(place.connectUrl);
  if ((await api.config(definition.name)) !== null) {
    if (options.purge) {
      await api.stop(definition.name);
      await api.deleteOffsets(definition.name);
    }
    await api.remove(definition.name);
  }
  if (!options.purge) return;
  const config = renderConfig(definition, { ...place.variables, epoch: '1' });
  const { 'slot.name': slot = '', 'publication.name': publication = null } = config;
  await dropSlot(place.sourceUrl, slot, publication);
}
