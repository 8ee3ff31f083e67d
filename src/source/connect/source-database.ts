import { readFile } from 'node:fs/promises';
import pg from 'pg';
import { SluiceError } from '../../core/index.ts';
import type { ConnectorDefinition } from './definition.ts';

/** characters of `sluice_cdc.signal.data` */
const SIGNAL_ROOM = 2_048;

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

/** Where the source's log is, as a decimal; all that was committed before is below. */
export function logEnd(url: string): Promise<bigint> {
  return withSource(url, async (client) => {
    const found = await client.query<{ at: string }>(
      `select (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::text as at`,
    );
    return BigInt(found.rows[0]?.at ?? 0);
  });
}

/**
 * Asks for an incremental snapshot of tables, by the signal table; with `where`, a condition in SQL, of their rows that
 * meet it. Throws CONFIG_INVALID when the source cannot make sense of the condition.
 */
export function requestSnapshot(url: string, id: string, tables: readonly string[], where?: string): Promise<void> {
  return withSource(url, async (client) => {
    for (const table of where === undefined ? [] : tables) await tryCondition(client, table, where as string);
    const conditions = where === undefined ? [] : tables.map((table) => ({ 'data-collection': table, filter: where }));
    const data = JSON.stringify({
      'data-collections': tables,
      type: 'incremental',
      ...(conditions.length === 0 ? {} : { 'additional-conditions': conditions }),
    });
    if (data.length > SIGNAL_ROOM)
      throw new SluiceError('CONFIG_INVALID', 'that is too much for one request: name fewer tables by --table');
    await client.query(`insert into sluice_cdc.signal (id, type, data) values ($1, 'execute-snapshot', $2)`, [
      id,
      data,
    ]);
  });
}

/** A connector that is told nonsense fails, and with it everything that streams. */
async function tryCondition(client: pg.Client, table: string, where: string): Promise<void> {
  const name = table
    .split('.')
    .map((part) => client.escapeIdentifier(part))
    .join('.');
  try {
    await client.query('begin read only');
    // by a name it goes as one statement: a second one behind a semicolon is refused
    await client.query({ name: 'condition', text: `select from ${name} where (${where}) limit 0` });
  } catch (cause) {
    // five characters are what the server says; anything else is the way to it
    const refused = cause instanceof Error && 'code' in cause && /^[0-9A-Z]{5}$/.test(String(cause.code));
    if (!refused) throw new SluiceError('SOURCE_UNAVAILABLE', 'the source database gives no answer', { cause });
    throw new SluiceError('CONFIG_INVALID', `the source refuses the condition on ${table} (${cause.code})`);
  } finally {
    await client.query('rollback').catch(() => undefined);
  }
}

/** Rows of each table, as the planner knows them: 0 for one that was never analysed, or is not there. */
export function rowEstimates(url: string, tables: readonly string[]): Promise<ReadonlyMap<string, number>> {
  return withSource(url, async (client) => {
    const found = await client.query<{ name: string; rows: number }>(
      `select u.name, greatest(coalesce(c.reltuples, 0), 0)::float8 as rows
       from unnest($1::text[]) u(name) left join pg_class c on c.oid = to_regclass(u.name)`,
      [tables],
    );
    return new Map(found.rows.map(({ name, rows }) => [name, Math.round(rows)]));
  });
}

/** The source and one of its slots at one moment. Of a slot that is not there all is null. */
export interface SlotReading {
  /** names the source: another system, timeline or database is another source */
  readonly server: string;
  readonly active: boolean | null;
  readonly walStatus: string | null;
  /** bytes of log, decimal */
  readonly retained: string | null;
  readonly unconfirmed: string | null;
  /** log position, decimal */
  readonly confirmed: string | null;
  /** bytes of log a slot may hold back, decimal; negative: as much as it likes */
  readonly walLimit: string;
}

export function readSlot(url: string, slot: string): Promise<SlotReading> {
  return withSource(url, async (client) => {
    const found = await client.query<SlotReading>(
      `select format('system %s timeline %s database %s %s', system_identifier,
           ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int, d.oid, d.datname) as server,
         s.active, s.wal_status as "walStatus", pg_wal_lsn_diff(pg_current_wal_lsn(), s.restart_lsn) as retained,
         pg_wal_lsn_diff(pg_current_wal_lsn(), s.confirmed_flush_lsn) as unconfirmed,
         (s.confirmed_flush_lsn - '0/0'::pg_lsn)::text as confirmed,
         (select setting::bigint * 1048576 from pg_settings where name = 'max_slot_wal_keep_size')::text as "walLimit"
       from pg_control_system() join pg_database d on d.datname = current_database()
       left join pg_replication_slots s on s.slot_name = $1`,
      [slot],
    );
    return found.rows[0] as SlotReading;
  });
}
