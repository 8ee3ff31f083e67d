import pg from 'pg';
import { SluiceError } from '../../../core/index.ts';
import { notConnected } from '../database-error.ts';
import { type Limits, noSuchTable, type SourceColumn, type SourceConnector, tooSlow } from './connector.ts';

interface Found {
  readonly name: string;
  readonly bytes: string;
}

/** A schema of a PostgreSQL database, in sessions that cannot write. Tables are found whatever case they are written in. */
export function postgresSource(url: string, schema: string, limits: Limits): SourceConnector {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: limits.seconds * 1_000,
    statement_timeout: limits.seconds * 1_000,
    application_name: 'sluice pas source',
    options: '-c default_transaction_read_only=on',
  });
  client.on('error', () => undefined);
  let connected: Promise<unknown> | null = null;
  const ask = async <T extends pg.QueryResultRow>(text: string, values: unknown[]): Promise<T[]> => {
    connected ??= client.connect();
    try {
      await connected;
    } catch (cause) {
      throw notConnected('the source database', cause);
    }
    try {
      return (await client.query<T>(text, values)).rows;
    } catch (cause) {
      // 57014: the statement took too long
      if (cause instanceof Error && 'code' in cause && cause.code === '57014') throw tooSlow(limits.seconds);
      throw new SluiceError('SOURCE_UNAVAILABLE', 'the source database cannot be read', { cause });
    }
  };
  const list = (): Promise<Found[]> =>
    ask<Found>(
      `select c.relname as name, pg_relation_size(c.oid) as bytes from pg_class c
       join pg_namespace n on n.oid = c.relnamespace
       where n.nspname = $1 and c.relkind in ('r', 'p', 'v', 'm') order by 1`,
      [schema],
    );
  const nameOf = async (table: string): Promise<string> => {
    const found = (await list()).find(({ name }) => name.toUpperCase() === table);
    if (!found) throw noSuchTable(table);
    return found.name;
  };
  const describe = async (table: string): Promise<SourceColumn[]> =>
    ask<{ name: string; type: string }>(
      `select attname::text as name, format_type(atttypid, atttypmod) as type from pg_attribute
       where attrelid = to_regclass($1) and attnum > 0 and not attisdropped order by attnum`,
      [`${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(await nameOf(table))}`],
    );
  return {
    name: `postgres:${schema}`,
    list: async () => (await list()).map(({ name, bytes }) => ({ table: name.toUpperCase(), bytes: Number(bytes) })),
    describe,
    async sample(table) {
      const columns = (await describe(table)).map(({ name }) => name);
      const texts = columns.map((column) => `${pg.escapeIdentifier(column)}::text`).join(', ');
      const from = `${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(await nameOf(table))}`;
      const rows = await ask<Record<string, string | null>>(`select ${texts} from ${from} limit $1`, [limits.rows]);
      return { columns, rows: rows.map((row) => columns.map((column) => row[column] ?? '')) };
    },
    close: async () => (connected === null ? undefined : client.end()),
  };
}
