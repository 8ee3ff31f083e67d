import { createHash } from 'node:crypto';
import pg from 'pg';
import { SluiceError } from '../../core/index.ts';
import { COPY_SETTINGS, copyOut } from '../../source/index.ts';
import { copyIn } from '../backup/copy-in.ts';
import type { BackupPlace } from '../backup/place.ts';
import type { ArchiveTable } from './manifest.ts';
import { fetchRows, verifyArchive } from './verify.ts';

export interface RestoredArchive {
  readonly position: string;
  readonly tables: readonly { readonly table: string; readonly rows: number }[];
  /** defaults, constraints and indexes that lean on what the archive does not hold */
  readonly leftOut: readonly { readonly table: string; readonly what: string; readonly code: string }[];
}

const quoted = (name: string): string => name.split('.').map(pg.escapeIdentifier).join('.');

/**
 * Makes the tables of an archive in a database that has none in their schemas, loads them and reads them back: each has
 * the rows of the source, byte for byte. One transaction: whatever fails, the database is as it was.
 *
 * Throws BACKUP_DAMAGED, CONFIG_INVALID for a database that is not empty, TARGET_UNAVAILABLE, TARGET_REFUSED.
 */
export async function restoreArchive(
  place: BackupPlace,
  url: string,
  tell: (at: { readonly what: string; readonly done: number; readonly of: number }) => void,
): Promise<RestoredArchive> {
  const { contents, faults } = await verifyArchive(place, ({ part, done, of }) =>
    tell({ what: `verifying ${part}`, done: done / 2, of }),
  );
  const [fault] = faults;
  if (fault) throw new SluiceError('BACKUP_DAMAGED', `${fault.where} ${fault.what}`);
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000, application_name: 'sluice' });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query(COPY_SETTINGS);
    await client.query('begin');
    await requireEmpty(client, contents.tables);
    const of = contents.tables.reduce((sum, { rows }) => sum + rows, 0);
    let done = 0;
    for (const table of contents.tables) {
      await makeTable(client, table);
      for (const part of table.parts) {
        await load(client, table, await fetchRows(place, part));
        done += part.rows;
        tell({ what: table.name, done: (of + done) / 2, of });
      }
    }
    for (const table of contents.tables) await proveTable(client, table);
    const leftOut = await finish(client, contents.tables);
    await client.query('commit');
    const tables = contents.tables.map(({ name, rows }) => ({ table: name, rows }));
    return { position: contents.position.lsn, tables, leftOut };
  } catch (error) {
    throw refusal(error);
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function requireEmpty(client: pg.Client, tables: readonly ArchiveTable[]): Promise<void> {
  const schemas = [...new Set(tables.map(({ name }) => name.split('.')[0] ?? ''))];
  const found = await client.query<{ name: string }>(
    `select c.oid::regclass::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where n.nspname = any($1) and c.relkind in ('r', 'p', 'v', 'm', 'f') order by 1 limit 1`,
    [schemas],
  );
  if (found.rows[0])
    throw new SluiceError('CONFIG_INVALID', `--into: the database is not empty: it has ${found.rows[0].name}`);
  for (const schema of schemas) await client.query(`create schema if not exists ${quoted(schema)}`);
}

async function makeTable(client: pg.Client, { name, columns }: ArchiveTable): Promise<void> {
  const list = columns.map((column) => `${quoted(column.name)} ${column.type}${column.notNull ? ' not null' : ''}`);
  await client.query(`create table ${quoted(name)} (${list.join(', ')})`);
}

async function load(client: pg.Client, { name, columns }: ArchiveTable, rows: Buffer): Promise<void> {
  const list = columns.map((column) => quoted(column.name)).join(', ');
  const copy = await copyIn(client, `copy ${quoted(name)} (${list}) from stdin`);
  for (let at = 0; at < rows.length; at += 1 << 18) {
    copy.writeBytes(rows.subarray(at, at + (1 << 18)));
    await copy.drain();
  }
  await copy.end();
}

async function proveTable(client: pg.Client, { name, columns, key, rows, sha256 }: ArchiveTable): Promise<void> {
  const content = createHash('sha256');
  let found = 0;
  const list = columns.map((column) => quoted(column.name)).join(', ');
  const statement = `copy (select ${list} from ${quoted(name)} order by ${key.map(quoted).join(', ')}) to stdout`;
  await copyOut(client, statement, async (piece, count) => {
    content.update(piece);
    found += count;
  });
  if (found !== rows) throw new SluiceError('TARGET_REFUSED', `${name}: ${found} rows were read back, not ${rows}`);
  if (content.digest('hex') !== sha256)
    throw new SluiceError('TARGET_REFUSED', `${name}: what was read back is not what was archived`);
}

/** Defaults, then keys and checks, then indexes, then what refers to other tables. */
async function finish(client: pg.Client, tables: readonly ArchiveTable[]): Promise<RestoredArchive['leftOut']> {
  const leftOut: { table: string; what: string; code: string }[] = [];
  const attempt = async (table: string, what: string, statement: string): Promise<void> => {
    await client.query('savepoint one');
    try {
      await client.query(statement);
      await client.query('release savepoint one');
    } catch (error) {
      await client.query('rollback to savepoint one');
      leftOut.push({ table, what, code: codeOf(error) });
    }
  };
  const isForeign = ({ definition }: { readonly definition: string }): boolean => definition.startsWith('FOREIGN');
  const constrain = (table: string, { name, definition }: ArchiveTable['constraints'][number]): Promise<void> =>
    attempt(table, name, `alter table ${quoted(table)} add constraint ${pg.escapeIdentifier(name)} ${definition}`);
  for (const { name, columns, constraints, indexes } of tables) {
    for (const column of columns)
      if (column.default !== null)
        await attempt(
          name,
          `default of ${column.name}`,
          `alter table ${quoted(name)} alter column ${pg.escapeIdentifier(column.name)} set default ${column.default}`,
        );
    for (const constraint of constraints) if (!isForeign(constraint)) await constrain(name, constraint);
    for (const index of indexes) await attempt(name, /INDEX (\S+)/.exec(index)?.[1] ?? 'an index', index);
  }
  for (const { name, constraints } of tables)
    for (const constraint of constraints) if (isForeign(constraint)) await constrain(name, constraint);
  return leftOut;
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';

/** The database's own words may quote values: its code tells enough. */
function refusal(error: unknown): unknown {
  if (error instanceof SluiceError) return error;
  const code = codeOf(error);
  if (code === '3D000') return new SluiceError('CONFIG_INVALID', '--into: there is no such database');
  if (code === 'ERR_INVALID_URL') return new SluiceError('CONFIG_INVALID', '--into: that is no URL');
  if (code.startsWith('28') || code === '42501')
    return new SluiceError('UNAUTHORISED', `the database refuses the login (${code})`);
  if (/^([0-46-9A-Z][0-9A-Z]|5[0-24-6])[0-9A-Z]{3}$/.test(code) && !code.startsWith('08'))
    return new SluiceError('TARGET_REFUSED', `the database refuses the archive (${code})`, { cause: error });
  return new SluiceError('TARGET_UNAVAILABLE', `the database gave no answer (${code || 'none'})`, { cause: error });
}
