import pg from 'pg';
import { SluiceError } from '../../core/index.ts';
import { classify } from '../../sinks/postgres/index.ts';

/** The source database, for the few commands that write there or compare with it. */
export interface Legacy {
  /** Throws SOURCE_UNAVAILABLE where it cannot be reached, else what `classify` says, without the server's words. */
  query<T extends pg.QueryResultRow>(sql: string, values?: readonly unknown[]): Promise<readonly T[]>;
  close(): Promise<void>;
}

export function openLegacy(url: string, connections = 2): Legacy {
  const pool = new pg.Pool({
    connectionString: url,
    max: connections,
    connectionTimeoutMillis: 10_000,
    application_name: 'sluice',
    // columns of the source take their times without a zone from it, and capture runs in UTC
    options: '-c TimeZone=UTC',
  });
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  return {
    async query<T extends pg.QueryResultRow>(sql: string, values: readonly unknown[] = []) {
      try {
        return (await pool.query<T>(sql, [...values])).rows;
      } catch (error) {
        throw asSourceFault(error);
      }
    },
    close: () => pool.end(),
  };
}

function asSourceFault(error: unknown): SluiceError {
  const fault = classify(error);
  if (fault.code === 'TARGET_UNAVAILABLE')
    return new SluiceError('SOURCE_UNAVAILABLE', 'the source database gives no answer');
  if (fault.context.sqlstate === '42501')
    return new SluiceError('UNAUTHORISED', 'the source database refuses this login the statement (42501)');
  if (fault.code === 'SCHEMA_OUTDATED')
    return new SluiceError('CONFIG_INVALID', 'the source database lacks a table or column of its migration');
  return fault;
}
