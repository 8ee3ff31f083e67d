import pg from 'pg';
import { type Image, SluiceError } from '../../core/index.ts';

/** Which rows of a table: those with one of some values in a column, or those after a key, in its order. */
export type RowsWanted =
  | { readonly by: string; readonly values: readonly (number | string)[] }
  | { readonly after: number; readonly limit: number }
  | 'all';

export interface RowsAsked {
  /** `schema.table`; its key is `id` */
  readonly table: string;
  readonly columns: readonly string[];
  readonly rows: RowsWanted;
  /** more that must hold: a column and the values it may have */
  readonly only?: Readonly<Record<string, readonly number[]>>;
}

/** How many rows a table has, those up to a key left out where one is given. */
export type CountRows = (table: string, after?: number) => Promise<number>;

/** Rows as they are at one moment, in the order of their ids, values as `Image` has them. */
export type ReadRows = (asked: RowsAsked) => Promise<readonly Image[]>;

/**
 * Reads a source database and can do nothing else there: its transactions are read only.
 * Throws SOURCE_UNAVAILABLE, UNAUTHORISED, CONFIG_INVALID for a table or column that is not there.
 */
export interface SourceReader {
  /** All that `work` reads is of one moment. */
  moment<T>(work: (read: ReadRows, count: CountRows) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

const DATE = 1082;
const NUMBERS: ReadonlySet<number> = new Set([21, 23, 700, 701]);

/** A date stays text: as an instant it would be another day elsewhere. */
const types = {
  getTypeParser(oid: number, format?: 'text' | 'binary') {
    if (oid === DATE || oid === 20) return (text: string) => text;
    if (NUMBERS.has(oid)) return Number;
    return pg.types.getTypeParser(oid, format);
  },
} as pg.CustomTypesConfig;

export function openSourceReader(url: string, connections = 2): SourceReader {
  const pool = new pg.Pool({
    // as SQLAlchemy writes it, the driver behind a plus
    connectionString: url.replace(/^postgres(ql)?\+\w+:/, 'postgres:'),
    max: connections,
    connectionTimeoutMillis: 10_000,
    application_name: 'sluice',
    options: '-c default_transaction_read_only=on',
    types,
  });
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  return {
    async moment(work) {
      const client = await pool.connect().catch((error: unknown) => {
        throw understood(error);
      });
      let broken = true;
      try {
        await client.query('begin isolation level repeatable read read only');
        const answer = await work(
          (asked) => readRows(client, asked),
          (table, after) => countRows(client, table, after),
        );
        await client.query('commit');
        broken = false;
        return answer;
      } catch (error) {
        throw understood(error);
      } finally {
        client.release(broken);
      }
    },
    close: () => pool.end(),
  };
}

const quoted = (name: string): string => name.split('.').map(pg.escapeIdentifier).join('.');

async function readRows(
  client: pg.PoolClient,
  { table, columns, rows, only = {} }: RowsAsked,
): Promise<readonly Image[]> {
  const values: unknown[] = [];
  const value = (one: unknown): string => `$${values.push(one)}`;
  const conditions = Object.entries(only).map(([name, some]) => `${quoted(name)} = any(${value(some)}::bigint[])`);
  if (rows !== 'all' && 'by' in rows) {
    if (rows.values.length === 0) return [];
    // ids from messages may be none that an integer column can have
    const type = typeof rows.values[0] === 'number' ? 'bigint[]' : 'text[]';
    conditions.push(`${quoted(rows.by)} = any(${value(rows.values)}::${type})`);
  }
  if (rows !== 'all' && 'after' in rows) conditions.push(`id > ${value(rows.after)}::bigint`);
  const where = conditions.length === 0 ? '' : ` where ${conditions.join(' and ')}`;
  const limit = rows !== 'all' && 'limit' in rows ? ` limit ${value(rows.limit)}` : '';
  const list = columns.map(quoted).join(', ');
  const found = await client.query<Image>(`select ${list} from ${quoted(table)}${where} order by id${limit}`, values);
  return found.rows;
}

async function countRows(client: pg.PoolClient, table: string, after?: number): Promise<number> {
  const [where, values] = after === undefined ? ['', []] : [' where id > $1::bigint', [after]];
  const found = await client.query<{ n: string }>(`select count(*) n from ${quoted(table)}${where}`, values);
  return Number(found.rows[0]?.n ?? 0);
}

/** The database's own words may quote values: its code tells enough. */
export function understood(error: unknown): unknown {
  if (error instanceof SluiceError) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === '42P01' || code === '3F000' || code === '42703')
    return new SluiceError('CONFIG_INVALID', `the source database lacks a table or column of its migration (${code})`);
  if (code === '3D000') return new SluiceError('CONFIG_INVALID', 'there is no such source database');
  if (code.startsWith('28') || code === '42501')
    return new SluiceError('UNAUTHORISED', `the source database refuses the login (${code})`);
  if (error instanceof TypeError && code === 'ERR_INVALID_URL')
    return new SluiceError('CONFIG_INVALID', 'the address of the source database is no URL');
  return new SluiceError('SOURCE_UNAVAILABLE', `the source database cannot be read (${code || 'no answer'})`, {
    cause: error,
  });
}
