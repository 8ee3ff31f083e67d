import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { SluiceError } from '../../core/index.ts';
import { copyOut } from './copy-out.ts';
import { understood } from './index.ts';
import { readTableForm, type TableForm } from './table-form.ts';

/** Where in the source's log a snapshot lies. */
export interface SnapshotPosition {
  /** e.g. `0/16B3748` */
  readonly lsn: string;
  /**
   * true: what was committed before `lsn` is in it, and nothing that was committed after. false: nothing that was
   * committed after `lsn` is in it, but something committed just before may be missing.
   */
  readonly exact: boolean;
  /** of the server, so that positions of another are not taken for its own */
  readonly systemId: string | null;
  readonly timeline: number | null;
  /** ISO UTC, the server's clock */
  readonly at: string;
}

/** All tables of a source as they are at one position. */
export interface SourceSnapshot {
  readonly position: SnapshotPosition;
  form(table: string): Promise<TableForm>;
  /** about how many rows a table has; 0 when nobody knows */
  estimate(table: string): Promise<number>;
  /** Rows in COPY's text format, in the order of the key. */
  copy(
    asked: { readonly table: string; readonly columns: readonly string[]; readonly key: readonly string[] },
    take: (rows: Buffer, count: number) => Promise<void>,
  ): Promise<void>;
  close(): Promise<void>;
}

/** The text of a value depends on these. */
export const COPY_SETTINGS =
  "set timezone = 'UTC'; set datestyle = 'ISO, YMD'; set intervalstyle = 'postgres'; set bytea_output = 'hex'; " +
  'set extra_float_digits = 1; set client_encoding = utf8; set statement_timeout = 0; ' +
  'set idle_in_transaction_session_timeout = 0';

const SLOT_WAIT_MS = 60_000;

interface ExportedSnapshot {
  readonly name: string;
  readonly position: Omit<SnapshotPosition, 'at'>;
  release(): Promise<void>;
}

const quoted = (name: string): string => name.split('.').map(pg.escapeIdentifier).join('.');

/**
 * Takes one snapshot of a source database and holds it until it is closed. With `slot`, a temporary replication slot
 * proves its position; without, the position is a bound.
 *
 * Throws SOURCE_UNAVAILABLE, UNAUTHORISED, CONFIG_INVALID.
 */
export async function openSnapshot(url: string, options: { readonly slot: boolean }): Promise<SourceSnapshot> {
  const client = connection(url);
  let exported: ExportedSnapshot | null = null;
  try {
    await client.connect();
    await client.query(COPY_SETTINGS);
    exported = options.slot ? await exportBySlot(url) : null;
    await client.query('begin isolation level repeatable read read only');
    if (exported) await client.query(`set transaction snapshot ${pg.escapeLiteral(exported.name)}`);
    const found = await client.query<{ lsn: string; at: Date }>(
      `select case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_insert_lsn() end::text as lsn,
         clock_timestamp() as at`,
    );
    const { lsn = '', at = new Date(0) } = found.rows[0] ?? {};
    const bound = { lsn, exact: false, systemId: null, timeline: null };
    const position = { ...(exported?.position ?? bound), at: at.toISOString() };
    return {
      position,
      form: (table) => readTableForm(client, table),
      async estimate(table) {
        const answer = await client.query<{ rows: number }>(
          'select greatest(reltuples, 0)::float8 as rows from pg_class where oid = to_regclass($1)',
          [table],
        );
        return answer.rows[0]?.rows ?? 0;
      },
      async copy({ table, columns, key }, take) {
        const list = columns.map(quoted).join(', ');
        const order = key.map(quoted).join(', ');
        const statement = `copy (select ${list} from ${quoted(table)} order by ${order}) to stdout`;
        await copyOut(client, statement, take).catch((error: unknown) => {
          throw understood(error);
        });
      },
      close: () => client.end(),
    };
  } catch (error) {
    await client.end().catch(() => undefined);
    throw understood(error);
  } finally {
    // the transaction holds the snapshot now
    await exported?.release();
  }
}

function connection(url: string, more: object = {}): pg.Client {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: 10_000,
    application_name: 'sluice archive',
    ...more,
  });
  client.on('error', () => undefined);
  return client;
}

/** Making a logical slot is the one way to learn which position a snapshot is of. It goes with its connection. */
async function exportBySlot(url: string): Promise<ExportedSnapshot> {
  const client = connection(url, { replication: 'database' });
  try {
    await client.connect();
    const system = await client.query<{ systemid: string; timeline: number }>('IDENTIFY_SYSTEM');
    const name = `sluice_archive_${randomBytes(6).toString('hex')}`;
    const made = await within(
      client.query<{ consistent_point: string; snapshot_name: string }>(
        `CREATE_REPLICATION_SLOT ${name} TEMPORARY LOGICAL pgoutput EXPORT_SNAPSHOT`,
      ),
    );
    const [slot, { systemid = null, timeline = null } = {}] = [made.rows[0], system.rows[0]];
    if (!slot) throw new SluiceError('SOURCE_UNAVAILABLE', 'the source database made no replication slot');
    const position = { lsn: slot.consistent_point, exact: true, systemId: systemid, timeline: Number(timeline) };
    return { name: slot.snapshot_name, position, release: () => client.end().catch(() => undefined) };
  } catch (error) {
    // not waited for: a server that is still looking for a quiet moment answers nobody
    client.end().catch(() => undefined);
    throw slotRefused(error);
  }
}

async function within<T>(work: Promise<T>): Promise<T> {
  work.catch(() => undefined);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const message = 'no replication slot within 60 s: a transaction of the source has been open for long';
    timer = setTimeout(() => reject(new SluiceError('SOURCE_UNAVAILABLE', message)), SLOT_WAIT_MS);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

function slotRefused(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const reasons: Readonly<Record<string, string>> = {
    '42501': 'the login lacks the right of replication',
    '53400': 'all replication slots are taken (max_replication_slots)',
    '53300': 'all connections for replication are taken (max_wal_senders)',
    '55000': 'the source database has no logical decoding (wal_level)',
  };
  const reason = reasons[code];
  if (reason === undefined) return understood(error);
  const message = `${reason}, so the exact position cannot be told; --without-slot takes the snapshot with a bound instead`;
  return new SluiceError('CONFIG_INVALID', message, { cause: error });
}
