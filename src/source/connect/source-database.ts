import { readFile } from 'node:fs/promises';
import pg from 'pg';
import { SluiceError } from '../../core/index.ts';
import type { ConnectorDefinition } from './definition.ts';

const PREPARE = new URL('./prepare-source.sql', import.meta.url);

async function withSource<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000, application_name: 'sluice' });
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch (cause) {
    throw new SluiceError('SOURCE_UNAVAILABLE', 'the source database cannot be reached', { cause });
  }
  try {
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Makes heartbeat and signal tables and sets each table's replica identity. Answers what it changed. */
export function prepareSource(url: string, definition: ConnectorDefinition): Promise<string[]> {
  return withSource(url, async (client) => {
    const level = await client.query<{ wal_level: string }>('show wal_level');
    if (level.rows[0]?.wal_level !== 'logical') {
      throw new SluiceError('CONFIG_INVALID', 'the source database needs wal_level = logical, and a restart to get it');
    }
    await client.query(await readFile(PREPARE, 'utf8'));
    const changed: string[] = [];
    for (const [table, { replica_identity: wanted }] of Object.entries(definition.source.tables)) {
      const found = await client.query<{ relreplident: string }>(
        'select relreplident from pg_class where oid = to_regclass($1)',
        [table],
      );
      const now = found.rows[0]?.relreplident;
      if (now === undefined) throw new SluiceError('CONFIG_INVALID', `the source database has no table ${table}`);
      if ((wanted === 'full') === (now === 'f')) continue;
      const [schema = '', name = ''] = table.split('.');
      const target = `${client.escapeIdentifier(schema)}.${client.escapeIdentifier(name)}`;
      await client.query(`alter table ${target} replica identity ${wanted}`);
      changed.push(`${table}: replica identity ${wanted}`);
    }
    return changed;
  });
}

/** Drops the slot, and the publication if asked to. A slot that is being read is waited for. */
export function dropSlot(url: string, slot: string, publication: string | null): Promise<void> {
  return withSource(url, async (client) => {
    for (let attempt = 0; ; attempt++) {
      const found = await client.query<{ active: boolean }>(
        'select active from pg_replication_slots where slot_name = $1',
        [slot],
      );
      if (!found.rows[0]) break;
      if (!found.rows[0].active) {
        await client.query('select pg_drop_replication_slot($1)', [slot]);
        break;
      }
      if (attempt >= 60)
        throw new SluiceError('CONFIG_INVALID', `slot ${slot} is still being read; stop its connector`);
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    if (publication !== null) await client.query(`drop publication if exists ${client.escapeIdentifier(publication)}`);
  });
}

/** Asks for an incremental snapshot of tables, by the signal table. */
export function requestSnapshot(url: string, id: string, tables: readonly string[]): Promise<void> {
  return withSource(url, async (client) => {
    const data = JSON.stringify({ 'data-collections': tables, type: 'incremental' });
    await client.query(`insert into sluice_cdc.signal (id, type, data) values ($1, 'execute-snapshot', $2)`, [
      id,
      data,
    ]);
  });
}
