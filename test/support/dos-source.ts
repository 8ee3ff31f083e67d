import { randomBytes } from 'node:crypto';
import pg from 'pg';
import type { Image } from '../../src/core/index.ts';
import { SCHEMA } from '../../src/migrations/dos/index.ts';
import { parseAddress, seedDos } from '../../src/rehearsal/index.ts';
import { type PostgresAddress, urlOf } from './service-database.ts';

/** A Directory of Services of its own, seeded. */
export async function dosSource(server: PostgresAddress, services: number) {
  const name = `test_${randomBytes(5).toString('hex')}`;
  const root = new pg.Client(urlOf(server, 'postgres'));
  await root.connect();
  await root.query(`create database ${name}`);
  const url = urlOf(server, name);
  await seedDos(parseAddress(url), { rows: services, seed: 5n });
  const client = new pg.Client(url);
  await client.connect();
  return {
    url,
    query: (sql: string, values: unknown[] = []) => client.query(sql, values),
    /** every row of every table, as PostgreSQL itself writes it as JSON */
    async rows(): Promise<Record<string, readonly Image[]>> {
      const tables = await client.query<{ name: string }>(
        'select tablename as name from pg_tables where schemaname = $1',
        [SCHEMA],
      );
      const all: Record<string, readonly Image[]> = {};
      for (const { name: table } of tables.rows) {
        const found = await client.query<{ row: Image }>(
          `select to_jsonb(t) as row from ${SCHEMA}.${table} t order by id`,
        );
        all[table] = found.rows.map(({ row }) => row);
      }
      return all;
    },
    /** how many rows were written since the database was made */
    async writes(): Promise<string> {
      await client.query('select pg_stat_clear_snapshot()');
      const found = await client.query(
        'select coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0)::text as n from pg_stat_user_tables where schemaname = $1',
        [SCHEMA],
      );
      return (found.rows[0] as { n: string }).n;
    },
    async close(): Promise<void> {
      await client.end();
      await root.query(`drop database ${name} with (force)`);
      await root.end();
    },
  };
}

export type DosSourceDatabase = Awaited<ReturnType<typeof dosSource>>;
