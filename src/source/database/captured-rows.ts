import pg from 'pg';
import type { Image, Json } from '../../core/index.ts';
import { keyText } from '../decode/record.ts';
import { understood } from './index.ts';
import { COPY_SETTINGS } from './snapshot.ts';

/** Rows of one moment, in the order of the key. */
export interface CapturedRows {
  readonly rows: readonly { readonly key: string; readonly image: Image }[];
  /** all that is in them was committed before it */
  readonly lsn: bigint;
  /** the server's clock, ISO UTC with microseconds */
  readonly at: string;
  /** columns of text: what is written in another way there is another value, numbers not excepted */
  readonly texts: ReadonlySet<string>;
}

/** Columns of a result that hold text. */
export const textsOf = (fields: readonly pg.FieldDef[]): ReadonlySet<string> =>
  new Set(fields.filter(({ dataTypeID }) => TEXTS.has(dataTypeID)).map(({ name }) => name));

/** Reads whole tables in batches; a row comes out as capture would have sent it. */
export interface CapturedRowReader {
  /** Rows after a key, at most so many. Throws SOURCE_UNAVAILABLE, UNAUTHORISED, CONFIG_INVALID. */
  batch(table: string, key: string, after: string | null, limit: number): Promise<CapturedRows>;
  count(table: string): Promise<number>;
  /** where the source's log is now */
  position(): Promise<bigint>;
  /** the same with the source's clock: what was committed later has a later time */
  moment(): Promise<{ readonly lsn: bigint; readonly at: string }>;
  /** what a replication slot says its reader has taken; null when there is no such slot */
  confirmed(slot: string): Promise<bigint | null>;
  close(): Promise<void>;
}

const OID = {
  bool: 16,
  bytea: 17,
  int2: 21,
  int4: 23,
  float4: 700,
  float8: 701,
  date: 1082,
  time: 1083,
  timestamptz: 1184,
  textArray: 1009,
  varcharArray: 1015,
};
/** text, varchar, char, name */
const TEXTS: ReadonlySet<number> = new Set([25, 1043, 1042, 19]);
const DAY_MS = 86_400_000;

const quoted = (name: string): string => name.split('.').map(pg.escapeIdentifier).join('.');

/** Values in the form that the connectors' settings give them: exact decimals, microseconds, dates as days. */
export const types = {
  getTypeParser(oid: number) {
    if (oid === OID.bool) return (text: string) => text === 't';
    if (oid === OID.int2 || oid === OID.int4 || oid === OID.float4 || oid === OID.float8) return Number;
    if (oid === OID.time) return millisOfDay;
    if (oid === OID.date) return daysOf;
    if (oid === OID.timestamptz) return instantOf;
    if (oid === OID.textArray || oid === OID.varcharArray) return pg.types.getTypeParser(OID.textArray);
    return (text: string) => text;
  },
} as pg.CustomTypesConfig;

/** Debezium's `io.debezium.time.Date`. */
function daysOf(text: string): Json {
  const match = /^(\d{4,})-(\d\d)-(\d\d)$/.exec(text);
  if (!match) return text;
  const time = new Date(0);
  time.setUTCFullYear(Number(match[1]), Number(match[2]) - 1, Number(match[3]));
  return time.getTime() / DAY_MS;
}

/** Debezium's `io.debezium.time.Time`, of a column without fractions of a second. */
function millisOfDay(text: string): Json {
  const match = /^(\d\d):(\d\d):(\d\d)$/.exec(text);
  return match ? ((Number(match[1]) * 60 + Number(match[2])) * 60 + Number(match[3])) * 1000 : text;
}

/** Debezium's `ZonedTimestamp`: six places always. */
function instantOf(text: string): Json {
  const match = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?\+00$/.exec(text);
  return match ? `${match[1]}T${match[2]}.${(match[3] ?? '').padEnd(6, '0')}Z` : text;
}

/** @param name what the source sees who asks */
export function openCapturedRows(url: string, name = 'sluice migrate'): CapturedRowReader {
  const pool = new pg.Pool({
    connectionString: url,
    max: 1,
    connectionTimeoutMillis: 10_000,
    application_name: name,
    options: '-c default_transaction_read_only=on -c timezone=UTC',
    types,
  });
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  const asked = async <T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> => {
    let client: pg.PoolClient | null = null;
    try {
      client = await pool.connect();
      const answer = await work(client);
      client.release();
      client = null;
      return answer;
    } catch (error) {
      client?.release(true);
      throw understood(error);
    }
  };
  const lsn = `(pg_current_wal_insert_lsn() - '0/0')::text as lsn`;
  return {
    batch: (table, key, after, limit) =>
      asked(async (client) => {
        await client.query(COPY_SETTINGS);
        await client.query('begin isolation level repeatable read read only');
        const where = after === null ? '' : `where ${quoted(key)} > $2`;
        const found = await client.query<Image>(
          `select * from ${quoted(table)} ${where} order by ${quoted(key)} limit $1`,
          after === null ? [limit] : [limit, after],
        );
        const now = await client.query<{ lsn: string; at: string }>(
          `select ${lsn}, to_char(clock_timestamp(), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at`,
        );
        await client.query('commit');
        const rows = found.rows.map((image) => ({ key: keyText([image[key]], [key]), image: { ...image } }));
        return { rows, lsn: BigInt(now.rows[0]?.lsn ?? 0), at: now.rows[0]?.at ?? '', texts: textsOf(found.fields) };
      }),
    count: (table) =>
      asked(async (client) => {
        const found = await client.query<{ n: string }>(`select count(*) as n from ${quoted(table)}`);
        return Number(found.rows[0]?.n ?? 0);
      }),
    position: () =>
      asked(async (client) => BigInt((await client.query<{ lsn: string }>(`select ${lsn}`)).rows[0]?.lsn ?? 0)),
    moment: () =>
      asked(async (client) => {
        const found = await client.query<{ lsn: string; at: string }>(
          `select ${lsn}, to_char(clock_timestamp(), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at`,
        );
        return { lsn: BigInt(found.rows[0]?.lsn ?? 0), at: found.rows[0]?.at ?? '' };
      }),
    confirmed: (slot) =>
      asked(async (client) => {
        const found = await client.query<{ lsn: string | null }>(
          `select (confirmed_flush_lsn - '0/0')::text as lsn from pg_replication_slots where slot_name = $1`,
          [slot],
        );
        const { lsn: confirmed = null } = found.rows[0] ?? {};
        return confirmed === null ? null : BigInt(confirmed);
      }),
    close: () => pool.end(),
  };
}
