import type pg from 'pg';
import { explain, openPool, type SourceAddress } from '../database.ts';
import { requireRehearsal } from '../guard.ts';
import { insertRowSet, type Row } from '../insert.ts';
import type { SeedOptions, SeedReport } from '../seed-report.ts';
import { generateMasters, generatePatient } from './generate.ts';
import { SCHEMA, type StagedTable, type Staging, sameColumns, stagedRow } from './staged.ts';

const PATIENTS_A_BATCH = 100;

/** Makes the staging tables where they are missing, and the mark that says they are a rehearsal's. */
async function makeTables(client: pg.ClientBase, { tables, ddl }: Staging): Promise<void> {
  await client.query(`create schema if not exists ${SCHEMA}`);
  await client.query('create schema if not exists rehearsal');
  for (const table of tables) {
    const found = await client.query<{ columns: string[] | null }>(
      `select array_agg(attname::text) as columns from pg_attribute
       where attrelid = to_regclass($1) and attnum > 0 and not attisdropped`,
      [`${SCHEMA}.${table.name}`],
    );
    for (const statement of ddl(table, found.rows[0]?.columns ?? [])) await client.query(statement);
  }
}

/** Rows of a batch by table. Those of one key are told apart by a count, the same in every run. */
function collector(tables: ReadonlyMap<string, StagedTable>) {
  const rows = new Map<StagedTable, Row[]>();
  const copies = new Map<string, number>();
  return {
    rows,
    put: (index: number) => (name: string, row: Readonly<Record<string, string>>) => {
      const table = tables.get(name.toLowerCase());
      // the generator also makes tables that nothing reads, so that an extract has them
      if (!table) return;
      const staged = stagedRow(table, row, 1);
      const key = table.key.map((column) => staged[column] ?? '');
      const place = `${table.name} ${key.join('|')}`;
      const nth = (copies.get(place) ?? 0) + 1;
      copies.set(place, nth);
      // those without a patient meet the ones of other batches under the same blank key
      const copy = key[0] === '' ? index * 10 + nth : nth;
      const list = rows.get(table) ?? [];
      rows.set(table, list);
      list.push({ ...staged, sluice_copy: copy });
    },
  };
}

/** Fills a staging database with invented patients. Run again with the same seed it adds only what is missing. */
export async function seedPas(
  address: SourceAddress,
  staging: Staging,
  options: SeedOptions & { readonly dirty: number },
): Promise<SeedReport> {
  const started = performance.now();
  const seconds = (): number => (performance.now() - started) / 1000;
  const tables = new Map(staging.tables.map((table) => [table.name, table]));
  const counts = new Map(staging.tables.map(({ name }) => [name, { made: 0, inserted: 0 }]));
  const names = staging.tables.map(({ name }) => `${SCHEMA}.${name}`);
  const oddities: Record<string, number> = {};
  const count = (kind: string): void => {
    oddities[kind] = (oddities[kind] ?? 0) + 1;
  };
  let rows = 0;
  const pool = openPool(address, 1);
  try {
    const client = await pool.connect();
    const write = async (batch: ReadonlyMap<StagedTable, readonly Row[]>): Promise<void> => {
      const set = Object.fromEntries([...batch].map(([t, list]) => [`${SCHEMA}.${t.name}`, sameColumns(t, list)]));
      const inserted = await insertRowSet(client, names, set);
      for (const [{ name }, list] of batch) {
        const before = counts.get(name) ?? { made: 0, inserted: 0 };
        const added = inserted.get(`${SCHEMA}.${name}`) ?? 0;
        counts.set(name, { made: before.made + list.length, inserted: before.inserted + added });
        rows += list.length;
      }
    };
    try {
      await requireRehearsal(client, address, 'v83.patdata');
      await makeTables(client, staging);
      const masters = collector(tables);
      generateMasters(options, masters.put(0), count);
      await write(masters.rows);
      for (let from = 1; from <= options.rows && !options.signal?.aborted; from += PATIENTS_A_BATCH) {
        const to = Math.min(options.rows, from + PATIENTS_A_BATCH - 1);
        const batch = collector(tables);
        for (let index = from; index <= to; index++) generatePatient(index, options, batch.put(index), count);
        await write(batch.rows);
        options.onProgress?.({ done: to, of: options.rows, rows, seconds: seconds() });
      }
    } finally {
      client.release(true);
    }
  } catch (error) {
    throw explain(error, address);
  } finally {
    await pool.end();
  }
  const made = [...counts].map(([table, of]) => ({ table, ...of })).filter((table) => table.made > 0);
  return { tables: made, oddities, rows, seconds: seconds(), stopped: options.signal?.aborted ?? false };
}
