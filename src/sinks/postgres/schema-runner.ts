import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type pg from 'pg';
import { SluiceError } from '../../core/index.ts';
import { ident } from './sql.ts';

export interface SchemaState {
  readonly schema: string;
  readonly applied: readonly string[];
  readonly pending: readonly string[];
}

interface SchemaFile {
  readonly name: string;
  readonly sql: string;
  readonly checksum: string;
}

async function filesOf(folder: string): Promise<SchemaFile[]> {
  const names = (await readdir(folder)).filter((name) => /^\d{4}_[\w-]+\.sql$/.test(name)).sort();
  return Promise.all(
    names.map(async (name) => {
      const sql = await readFile(join(folder, name), 'utf8');
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
    }),
  );
}

async function appliedIn(client: pg.ClientBase, schema: string): Promise<Map<string, string>> {
  const found = await client.query<{ exists: boolean }>('select to_regclass($1) is not null as exists', [
    `${ident(schema)}.schema_version`,
  ]);
  if (!found.rows[0]?.exists) return new Map();
  const rows = await client.query<{ name: string; checksum: string }>(
    `select name, checksum from ${ident(schema)}.schema_version order by name`,
  );
  return new Map(rows.rows.map((row) => [row.name, row.checksum]));
}

function refuseEdited(schema: string, files: readonly SchemaFile[], applied: ReadonlyMap<string, string>): void {
  for (const file of files) {
    const checksum = applied.get(file.name);
    if (checksum !== undefined && checksum !== file.checksum) {
      throw new SluiceError(
        'CONFIG_INVALID',
        `${schema}: ${file.name} was changed after it was applied. Put it back and write a new numbered file.`,
      );
    }
  }
}

/**
 * Brings one schema to the newest of its numbered files. The files name no schema: they run with `search_path` set,
 * so that a shadow gets the same tables under another name. Each file is one transaction; a lock keeps two runs apart.
 */
export async function applySchema(client: pg.ClientBase, schema: string, folder: string): Promise<SchemaState> {
  const files = await filesOf(folder);
  await client.query('select pg_advisory_lock(hashtextextended($1, 0))', [`sluice schema ${schema}`]);
  try {
    const applied = await appliedIn(client, schema);
    refuseEdited(schema, files, applied);
    const pending = files.filter((file) => !applied.has(file.name));
    for (const file of pending) await applyFile(client, schema, file);
    return { schema, applied: files.map((file) => file.name), pending: pending.map((file) => file.name) };
  } finally {
    await client.query('select pg_advisory_unlock(hashtextextended($1, 0))', [`sluice schema ${schema}`]);
  }
}

async function applyFile(client: pg.ClientBase, schema: string, file: SchemaFile): Promise<void> {
  await client.query('begin');
  try {
    await client.query(`create schema if not exists ${ident(schema)}`);
    await client.query(`set local search_path to ${ident(schema)}, public`);
    await client.query(
      'create table if not exists schema_version (name text primary key, checksum text not null, at timestamptz not null default now())',
    );
    await client.query(file.sql);
    await client.query('insert into schema_version (name, checksum) values ($1, $2)', [file.name, file.checksum]);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback');
    const reason = error instanceof Error ? error.message : 'unknown';
    throw new SluiceError('CONFIG_INVALID', `${schema}: ${file.name} could not be applied: ${reason}`);
  }
}

/** What `applySchema` would do, without doing it. */
export async function schemaState(client: pg.ClientBase, schema: string, folder: string): Promise<SchemaState> {
  const files = await filesOf(folder);
  const applied = await appliedIn(client, schema);
  refuseEdited(schema, files, applied);
  return {
    schema,
    applied: files.filter((file) => applied.has(file.name)).map((file) => file.name),
    pending: files.filter((file) => !applied.has(file.name)).map((file) => file.name),
  };
}
