import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { csvFolder } from '../../src/app/pas/source-files.ts';
import { type LoadedTable, loadExtract } from '../../src/app/pas/staging/load.ts';
import { STAGING_SCHEMA } from '../../src/migrations/pas/index.ts';
import type { SourceAddress } from '../../src/rehearsal/index.ts';
import { extractOf } from './pas-run.ts';
import { staging } from './pas-stream.ts';
import { urlOf } from './service-database.ts';

/** Brings an extract into a staging database as `sluice pas load-extract` does; answers lines that were refused too. */
export async function stageExtract(url: string, folder: string, allowEmpty = false) {
  const rejects: string[] = [];
  const tables = await loadExtract({
    extract: csvFolder(folder, 'utf-8'),
    url,
    schema: STAGING_SCHEMA,
    tables: staging,
    allowEmpty,
    reject: (line) => void rejects.push(line),
    progress: () => undefined,
    cancelled: () => false,
    now: () => 0,
  });
  const of = (table: string): LoadedTable => {
    const found = tables.find((loaded) => loaded.table === table);
    if (!found) throw new Error(`${table} was not loaded`);
    return found;
  };
  return { tables, rejects, of };
}

/** A staging database of invented patients, a tenth of whose rows have something wrong. */
export async function seedPas(address: SourceAddress, { rows }: { readonly rows: number }): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-staging-'));
  try {
    extractOf(folder, rows, 0.1);
    await stageExtract(urlOf(address, address.database), folder);
    // says that nobody real is in it, so that traffic may be let loose on it
    const client = new pg.Client(urlOf(address, address.database));
    await client.connect();
    await client.query('create schema rehearsal');
    await client.end();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
