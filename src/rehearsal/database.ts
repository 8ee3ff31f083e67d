import pg from 'pg';
import { SluiceError } from '../core/index.ts';

/** Where a source database is. */
export interface SourceAddress {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

/** Reads `postgres://user:password@host:port/database`; what is left out takes PostgreSQL's usual value. */
export function parseAddress(url: string): SourceAddress {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    throw new SluiceError(
      'CONFIG_INVALID',
      'the database address is no URL; it looks like postgres://user@host:5432/name',
    );
  }
  if (parsed.protocol !== 'postgres:' && parsed.protocol !== 'postgresql:')
    throw new SluiceError('CONFIG_INVALID', 'the database address must begin with postgres://');
  return {
    host: decodeURIComponent(parsed.hostname).replace(/^\[|\]$/g, '') || 'localhost',
    port: parsed.port === '' ? 5432 : Number(parsed.port),
    user: decodeURIComponent(parsed.username) || 'postgres',
    password: decodeURIComponent(parsed.password),
    database: decodeURIComponent(parsed.pathname.slice(1)) || 'supabase',
  };
}

/** A few connections, their sessions in UTC: the source's default times are wrong in any other zone. */
export function openPool(address: SourceAddress, connections: number): pg.Pool {
  const pool = new pg.Pool({
    ...address,
    max: connections,
    connectionTimeoutMillis: 10_000,
    application_name: 'sluice rehearsal',
    options: '-c TimeZone=UTC -c client_min_messages=warning',
  });
  // a connection that breaks is replaced on next use; without listeners, idle or lent out, it would end the process
  pool.on('error', () => {});
  pool.on('connect', (client) => client.on('error', () => {}));
  return pool;
}

export async function inTransaction<T>(client: pg.ClientBase, work: () => Promise<T>): Promise<T> {
  await client.query('begin');
  try {
    const answer = await work();
    await client.query('commit');
    return answer;
  } catch (error) {
    // the first failure is the one worth telling
    await client.query('rollback').catch(() => {});
    throw error;
  }
}

/** SQLSTATE of a database error, or the network's code; empty for anything else. */
export const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';

/** The server is away or on its way back: the same is worth trying again. */
export function isAway(error: unknown): boolean {
  if (/^(ECONN|ENOTFOUND|EAI_|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|EPIPE|08|57P0)/.test(codeOf(error))) return true;
  // pg gives its own time-outs and cut connections no code
  return error instanceof Error && /timeout|terminated|Connection ended/i.test(error.message);
}

/** The same trouble in Sluice's words, with what to do about it. */
export function explain(error: unknown, address: SourceAddress): unknown {
  const code = codeOf(error);
  const where = `${address.host}:${address.port}`;
  if (code === '3D000')
    return new SluiceError('CONFIG_INVALID', `there is no database "${address.database}" at ${where}`, {
      cause: error,
    });
  if (code.startsWith('28'))
    return new SluiceError('UNAUTHORISED', `${where} refuses user "${address.user}"`, { cause: error });
  if (code === '42501')
    return new SluiceError('UNAUTHORISED', `user "${address.user}" lacks a right in "${address.database}"`, {
      cause: error,
    });
  if (isAway(error))
    return new SluiceError('SOURCE_UNAVAILABLE', `no PostgreSQL answers at ${where}`, { cause: error });
  return error;
}
