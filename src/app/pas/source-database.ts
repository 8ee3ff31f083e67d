import pg from 'pg';
import { SluiceError } from '../../core/index.ts';
import { notConnected } from './database-error.ts';
import type { Extract, ExtractHandler } from './source-files.ts';

const BATCH = 5_000;
const STATEMENT_TIMEOUT_MS = 600_000;
const CONTROLS = ['\u001e', '\u001f'];

/**
 * The source tables in a schema of a PostgreSQL database, one snapshot of all of them, read only. Values are taken as
 * text; the position of a row is its place in that snapshot.
 */
export function postgresSchema(url: string, schema: string): Extract {
  const client = new pg.Client({ connectionString: url, statement_timeout: STATEMENT_TIMEOUT_MS });
  // a connection that breaks between two questions tells by an event; the next question then fails
  client.on('error', () => undefined);
  let opened: Promise<ReadonlyMap<string, Table>> | null = null;
  const open = (): Promise<ReadonlyMap<string, Table>> => {
    opened ??= begin(client, schema);
    return opened;
  };
  return {
    name: `postgres:${schema}`,
    async tables() {
      return [...(await open())].map(([table, { bytes }]) => ({ table, bytes }));
    },
    async read(table, handler) {
      const known = (await open()).get(table);
      if (known) await readTable(client, schema, known, handler);
    },
    close: async () => (opened === null ? undefined : client.end()),
  };
}

interface Table {
  readonly name: string;
  readonly columns: readonly string[];
  readonly bytes: number;
}

async function begin(client: pg.Client, schema: string): Promise<ReadonlyMap<string, Table>> {
  try {
    await client.connect();
  } catch (cause) {
    throw notConnected('the source database', cause);
  }
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  const { rows } = await client.query<{ name: string; columns: string[]; bytes: string }>(
    `SELECT c.relname AS name, array_agg(a.attname::text ORDER BY a.attnum) AS columns,
            pg_relation_size(c.oid) AS bytes
       FROM pg_class c
       JOIN pg_namespace n ON n.oid = c.relnamespace
       JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
      WHERE n.nspname = $1 AND c.relkind IN ('r', 'p', 'v', 'm')
      GROUP BY c.oid, c.relname`,
    [schema],
  );
  if (rows.length === 0)
    throw new SluiceError('CONFIG_INVALID', `--db-schema: there is no table this user may see in schema ${schema}`);
  const tables = new Map<string, Table>();
  for (const { name, columns, bytes } of rows) {
    if (tables.has(name.toUpperCase()))
      throw new SluiceError('CONFIG_INVALID', `schema ${schema} has two tables ${name.toUpperCase()}, by letter case`);
    tables.set(name.toUpperCase(), { name, columns, bytes: Number(bytes) });
  }
  return tables;
}

async function readTable(client: pg.Client, schema: string, table: Table, handler: ExtractHandler): Promise<void> {
  handler.header(table.columns);
  const columns = table.columns.map((column) => `${client.escapeIdentifier(column)}::text`).join(', ');
  const from = `${client.escapeIdentifier(schema)}.${client.escapeIdentifier(table.name)}`;
  await client.query(`DECLARE pas_extract NO SCROLL CURSOR FOR SELECT ${columns} FROM ${from}`);
  for (let position = 1; ; ) {
    const { rows } = await client.query<(string | null)[]>({
      text: `FETCH ${BATCH} FROM pas_extract`,
      rowMode: 'array',
    });
    for (const row of rows) {
      const cells = row.map((value) => value ?? '');
      // the same rule as for files: such characters part rows and cells wherever they are kept for a while
      const text = cells.join('');
      if (CONTROLS.some((control) => text.includes(control))) handler.bad(String(position), 'CSV_CONTROL');
      else handler.row(cells, String(position));
      position += 1;
    }
    if (rows.length < BATCH) break;
  }
  await client.query('CLOSE pas_extract');
}
