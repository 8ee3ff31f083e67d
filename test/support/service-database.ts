import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { systemClock } from '../../src/app/clock.ts';
import { type Migration, silentLog, silentMeter } from '../../src/core/index.ts';
import type { PipelineContext } from '../../src/pipeline/index.ts';
import { openLedger, openPool, PipelineAdmin, type PostgresLedger } from '../../src/sinks/postgres/index.ts';

export interface PostgresAddress {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
}

export const urlOf = (server: PostgresAddress, database: string): string =>
  `postgres://${server.user}:${server.password}@${server.host}:${server.port}/${database}`;

export interface ServiceDatabase {
  readonly url: string;
  readonly pool: pg.Pool;
  readonly admin: PipelineAdmin;
  openLedger(): PostgresLedger;
  context(worker?: string): PipelineContext;
  close(): Promise<void>;
}

/** A database of its own for one test file, with the ledger and the given target tables in it. */
export async function serviceDatabase(
  server: PostgresAddress,
  migration: Migration,
  schemas: Readonly<Record<string, string>>,
): Promise<ServiceDatabase> {
  const name = `test_${randomBytes(5).toString('hex')}`;
  const root = new pg.Client(urlOf(server, 'postgres'));
  await root.connect();
  await root.query(`create database ${name}`);
  const url = urlOf(server, name);
  const pool = openPool(url, 12);
  const home = await mkdtemp(join(tmpdir(), 'sluice-schema-'));
  const folders = [];
  for (const [schema, sql] of Object.entries(schemas)) {
    const folder = await mkdtemp(join(home, `${schema}-`));
    await writeFile(join(folder, '0001_tables.sql'), sql);
    folders.push({ schema, folder });
  }
  const admin = new PipelineAdmin(pool, migration, migration.name);
  await admin.applySchemas(folders);
  const open = (): PostgresLedger => openLedger(pool, { migration, pipeline: migration.name, schemaSuffix: '' });
  return {
    url,
    pool,
    admin,
    openLedger: open,
    context: (worker = 'test') => ({
      migration,
      ledger: open(),
      log: silentLog,
      meter: silentMeter,
      clock: systemClock,
      worker,
    }),
    async close() {
      await pool.end();
      await root.query(`drop database ${name} with (force)`);
      await root.end();
      await rm(home, { recursive: true, force: true });
    },
  };
}
