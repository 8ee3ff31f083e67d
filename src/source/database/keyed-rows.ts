import pg from 'pg';
import type { Image, SourceTable } from '../../core/index.ts';
import { keyText } from '../decode/record.ts';
import { type CapturedRows, textsOf, types } from './captured-rows.ts';
import { understood } from './index.ts';
import { COPY_SETTINGS } from './snapshot.ts';

/** Reads rows of declared tables as capture would have sent them, by ranges and by keys. Writes nothing. */
export interface KeyedRowReader {
  /** Rows after a key in the order of the key, at most so many. Throws SOURCE_UNAVAILABLE, UNAUTHORISED, CONFIG_INVALID. */
  range(table: SourceTable, after: string | null, limit: number): Promise<CapturedRows>;
  byKeys(table: SourceTable, keys: readonly string[]): Promise<CapturedRows>;
  /** Which of the keys have a row; the rows themselves are not read. */
  keysThere(table: SourceTable, keys: readonly string[]): Promise<ReadonlySet<string>>;
  close(): Promise<void>;
}

const quoted = (name: string): string => name.split('.').map(pg.escapeIdentifier).join('.');

const valuesOf = ({ key }: SourceTable, text: string): readonly string[] =>
  key.length === 1 ? [text] : (JSON.parse(text) as string[]);

const rowOf = (table: SourceTable, text: string): Record<string, string> =>
  Object.fromEntries(valuesOf(table, text).map((value, i) => [table.key[i] as string, value]));

export function openKeyedRows(url: string): KeyedRowReader {
  const pool = new pg.Pool({
    connectionString: url,
    max: 2,
    connectionTimeoutMillis: 10_000,
    application_name: 'sluice reconcile',
    options: '-c default_transaction_read_only=on -c timezone=UTC',
    types,
  });
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  const read = async (table: SourceTable, text: string, values: unknown[]): Promise<CapturedRows> => {
    let client: pg.PoolClient | null = null;
    try {
      client = await pool.connect();
      await client.query(COPY_SETTINGS);
      await client.query('begin isolation level repeatable read read only');
      const found = await client.query<Image>(text, values);
      const now = await client.query<{ lsn: string; at: string }>(
        `select (pg_current_wal_insert_lsn() - '0/0')::text as lsn,
           to_char(clock_timestamp(), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at`,
      );
      await client.query('commit');
      client.release();
      client = null;
      const rows = found.rows.map((image) => ({
        key: keyText(
          table.key.map((column) => image[column]),
          table.key,
        ),
        image: { ...image },
      }));
      return { rows, lsn: BigInt(now.rows[0]?.lsn ?? 0), at: now.rows[0]?.at ?? '', texts: textsOf(found.fields) };
    } catch (error) {
      client?.release(true);
      throw understood(error);
    }
  };
  const byKeys = (table: SourceTable, keys: readonly string[], columns: readonly string[]): Promise<CapturedRows> => {
    const name = quoted(table.name);
    const match = table.key.map(pg.escapeIdentifier).map((column) => `t.${column} = w.${column}`);
    return read(
      table,
      `select ${columns.map((column) => `t.${column}`).join(', ')}
       from jsonb_populate_recordset(null::${name}, $1) w join ${name} t on ${match.join(' and ')}`,
      [JSON.stringify(keys.map((key) => rowOf(table, key)))],
    );
  };
  return {
    range(table, after, limit) {
      const [name, key] = [quoted(table.name), table.key.map(pg.escapeIdentifier)];
      const from = `select ${key.map((column) => `r.${column}`).join(', ')} from jsonb_populate_record(null::${name}, $2) r`;
      const where = after === null ? '' : `where (${key.join(', ')}) > (${from})`;
      return read(table, `select * from ${name} ${where} order by ${key.join(', ')} limit $1`, [
        limit,
        ...(after === null ? [] : [JSON.stringify(rowOf(table, after))]),
      ]);
    },
    byKeys: (table, keys) => byKeys(table, keys, ['*']),
    async keysThere(table, keys) {
      const found = await byKeys(table, keys, table.key.map(pg.escapeIdentifier));
      return new Set(found.rows.map(({ key }) => key));
    },
    close: () => pool.end(),
  };
}
