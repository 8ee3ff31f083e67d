import { readFile } from 'node:fs/promises';
import type pg from 'pg';
import { explain, openPool, type SourceAddress } from '../database.ts';
import { requireRehearsal } from '../guard.ts';
import { insertRowSet } from '../insert.ts';
import type { SeedOptions, SeedReport } from '../seed-report.ts';
import { lookups } from './lookups.ts';
import { FIRST_OF_TRAFFIC, type Row, type RowSet, SCHEMA, TABLE_NAMES, type TableName } from './rows.ts';
import { makeService } from './service.ts';

const SERVICES_A_BATCH = 250;
const TABLES = TABLE_NAMES.map((name) => `${SCHEMA}.${name}`);

/** Makes the source schema where it is missing. Two at once wait for each other. */
async function applySourceSchema(client: pg.ClientBase): Promise<void> {
  const sql = await readFile(new URL('./source.sql', import.meta.url), 'utf8');
  await client.query(`begin; select pg_advisory_xact_lock(hashtext('sluice rehearsal schema')); ${sql}; commit`);
}

/** Keys given by the database from now on are none that a seed gives. */
async function keepKeysApart(client: pg.ClientBase): Promise<void> {
  for (const table of TABLES)
    await client.query(
      `select setval(s, greatest($2, nextval(s))) from pg_get_serial_sequence($1, 'id') s where s is not null`,
      [table, FIRST_OF_TRAFFIC],
    );
}

function batchOf(seed: bigint, from: number, to: number): RowSet {
  const all: Partial<Record<TableName, Row[]>> = {};
  for (let id = from; id <= to; id++) {
    for (const [table, rows] of Object.entries(makeService(seed, id)) as [TableName, readonly Row[]][]) {
      const list = all[table] ?? [];
      all[table] = list;
      list.push(...rows);
    }
  }
  return all;
}

/** Fills a source database with services that do not exist. Run again with the same seed it adds only what is missing. */
export async function seedDos(address: SourceAddress, options: SeedOptions): Promise<SeedReport> {
  const started = performance.now();
  const seconds = (): number => (performance.now() - started) / 1000;
  const counts = new Map<TableName, { made: number; inserted: number }>();
  let rows = 0;
  const pool = openPool(address, 1);
  try {
    const client = await pool.connect();
    const write = async (set: RowSet): Promise<void> => {
      const named = Object.fromEntries(Object.entries(set).map(([table, list]) => [`${SCHEMA}.${table}`, list]));
      const inserted = await insertRowSet(client, TABLES, named);
      for (const table of TABLE_NAMES) {
        const made = set[table]?.length ?? 0;
        const before = counts.get(table) ?? { made: 0, inserted: 0 };
        const added = inserted.get(`${SCHEMA}.${table}`) ?? 0;
        counts.set(table, { made: before.made + made, inserted: before.inserted + added });
        rows += made;
      }
    };
    try {
      await requireRehearsal(client, address, 'pathwaysdos.services');
      await applySourceSchema(client);
      await write(lookups());
      for (let from = 1; from <= options.rows && !options.signal?.aborted; from += SERVICES_A_BATCH) {
        const to = Math.min(options.rows, from + SERVICES_A_BATCH - 1);
        await write(batchOf(options.seed, from, to));
        options.onProgress?.({ done: to, of: options.rows, rows, seconds: seconds() });
      }
      await keepKeysApart(client);
    } finally {
      client.release(true);
    }
  } catch (error) {
    throw explain(error, address);
  } finally {
    await pool.end();
  }
  const tables = [...counts].map(([table, count]) => ({ table, ...count }));
  return { tables, oddities: {}, rows, seconds: seconds(), stopped: options.signal?.aborted ?? false };
}
