import { readFile } from 'node:fs/promises';
import pg from 'pg';
import { SluiceError } from '../../core/index.ts';
import { understood } from '../database/index.ts';
import { COPY_SETTINGS } from '../database/snapshot.ts';
import { grantAgain, readWriteGrants, revoke, rolesThatOwn, rolesThatWrite, type WriteGrant } from './grants.ts';
import { type RowsSeal, sealFault, sealRows } from './rows.ts';
import { closeWard, moveWard, openWard, type WrittenSince, wardFault, wardOf, writesSince } from './wal.ts';

const RECORD = new URL('./record.sql', import.meta.url);

/** The legacy tables of a migration, to be made read-only. Throws SOURCE_UNAVAILABLE, UNAUTHORISED, CONFIG_INVALID. */
export interface LegacyTables {
  readonly url: string;
  readonly migration: string;
  /** `schema.table` */
  readonly tables: readonly string[];
}

/** Who can still write, whatever is revoked. */
export interface StillAble {
  /** superusers and members of pg_write_all_data */
  readonly write: readonly string[];
  /** owners and who may act as one: they can grant themselves what was taken */
  readonly own: readonly string[];
}

export interface Frozen {
  /** nothing was committed to the tables after it */
  readonly lsn: string;
  readonly revoked: readonly WriteGrant[];
  readonly rows: readonly RowsSeal[];
  readonly stillAble: StillAble;
}

interface Open {
  readonly id: string;
  readonly lsn: string;
  readonly proved_to: string;
  readonly frozen_at: Date;
  readonly tables: readonly string[];
  readonly grants: readonly WriteGrant[];
  readonly seals: readonly RowsSeal[];
}

async function connected<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000, application_name: 'sluice' });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query(COPY_SETTINGS);
    return await work(client);
  } catch (error) {
    throw refusal(error);
  } finally {
    await client.end().catch(() => undefined);
  }
}

function refusal(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === '55P03' || code === '57014')
    return new SluiceError(
      'CONFIG_INVALID',
      'somebody is writing to the tables still; end that, or give --wait more time',
    );
  if (code === '42501')
    return new SluiceError('UNAUTHORISED', 'freezing needs the right of replication, and the tables or a superuser');
  if (code === '55000' || code === '53400')
    return new SluiceError('CONFIG_INVALID', 'freezing needs wal_level = logical and a free replication slot');
  if (code === '55006') return new SluiceError('CONFIG_INVALID', 'the tables are being verified by somebody else');
  return understood(error);
}

async function openFreeze(client: pg.ClientBase, migration: string): Promise<Open | null> {
  const there = await client.query(`select from pg_class where oid = to_regclass('sluice_cdc.freeze')`);
  if (there.rowCount === 0) return null;
  const found = await client.query<Open>(
    `select id, lsn::text, proved_to::text, frozen_at, tables, grants, seals from sluice_cdc.freeze
     where migration = $1 and unfrozen_at is null`,
    [migration],
  );
  return found.rows[0] ?? null;
}

async function requireFrozen(client: pg.ClientBase, migration: string): Promise<Open> {
  const open = await openFreeze(client, migration);
  if (!open) throw new SluiceError('CONFIG_INVALID', `the tables of ${migration} are not frozen`);
  return open;
}

const stillAble = async (client: pg.ClientBase, tables: readonly string[]): Promise<StillAble> => ({
  write: await rolesThatWrite(client, tables),
  own: await rolesThatOwn(client, tables),
});

export interface FreezeOptions {
  readonly by: string;
  /** how long other writers are waited for; meanwhile new ones queue */
  readonly waitSeconds: number;
  /** nothing is kept, and nothing is changed */
  readonly dryRun: boolean;
}

/**
 * Takes the right to write from everybody, after those who write now have ended; who comes later is refused. Everything
 * that was taken is kept in the source database.
 */
export function freeze(legacy: LegacyTables, options: FreezeOptions): Promise<Frozen> {
  const { url, migration, tables } = legacy;
  return connected(url, async (client) => {
    if (await openFreeze(client, migration))
      throw new SluiceError('CONFIG_INVALID', `the tables of ${migration} are frozen already`);
    const wait = `${Math.max(1, options.waitSeconds) * 1000}`;
    if (options.dryRun) return takeRights(client, legacy, options, wait);
    await client.query(await readFile(RECORD, 'utf8'));
    const ward = wardOf(migration);
    try {
      await client.query(`set statement_timeout = ${wait}`);
      await openWard(client, ward, tables);
      await client.query('set statement_timeout = 0');
      const frozen = await takeRights(client, legacy, options, wait);
      await moveWard(client, ward, frozen.lsn);
      return frozen;
    } catch (error) {
      await client.query('rollback');
      // a slot that nobody moves on would keep the log for ever
      if (!(await openFreeze(client, migration))) await closeWard(client, ward);
      throw error;
    }
  });
}

/** The transaction of a freeze: rights, rows and record are of one moment. */
async function takeRights(
  client: pg.Client,
  { migration, tables }: LegacyTables,
  { by, dryRun }: FreezeOptions,
  wait: string,
): Promise<Frozen> {
  await client.query('begin');
  await client.query(`set local lock_timeout = ${wait}`);
  // waits for every transaction that has written, and nobody writes until it is over
  await client.query(`lock table ${tables.map(quoted).join(', ')} in share mode`);
  const revoked = await readWriteGrants(client, tables);
  await revoke(client, revoked);
  const rows: RowsSeal[] = [];
  for (const table of tables) rows.push(await sealRows(client, table));
  const able = await stillAble(client, tables);
  const { lsn } = await oneRow<{ lsn: string }>(client, 'select pg_current_wal_insert_lsn()::text as lsn');
  if (!dryRun)
    await client.query(
      `insert into sluice_cdc.freeze (migration, frozen_by, lsn, proved_to, tables, grants, seals)
       values ($1, $2, $3, $3, $4, $5, $6)`,
      [migration, by, lsn, tables, JSON.stringify(revoked), JSON.stringify(rows)],
    );
  await client.query(dryRun ? 'rollback' : 'commit');
  return { lsn, revoked, rows, stillAble: able };
}

export interface FreezeProof {
  readonly frozenAt: string;
  readonly from: string;
  /** up to here the log was looked through */
  readonly to: string;
  /** why the log proves nothing; null: it does */
  readonly unproven: string | null;
  readonly writes: readonly WrittenSince[];
  readonly changed: readonly { readonly table: string; readonly what: string }[];
  /** rights to write that somebody has given since */
  readonly granted: readonly WriteGrant[];
  readonly stillAble: StillAble;
  readonly proven: boolean;
}

/** Looks through the log since the freeze, or since the last proof, and at every row; changes nothing but its own record. */
export function verifyFreeze({ url, migration }: LegacyTables): Promise<FreezeProof> {
  return connected(url, async (client) => {
    const open = await requireFrozen(client, migration);
    const ward = wardOf(migration);
    const unproven = await wardFault(client, ward, open.tables, open.proved_to);
    const { to } = await oneRow<{ to: string }>(client, 'select pg_current_wal_flush_lsn()::text as to');
    // a freeze that was cut off before it had moved its slot
    if (unproven === null) await moveWard(client, ward, open.proved_to);
    const writes = unproven === null ? await writesSince(client, ward, to) : [];
    const changed = await changedTables(client, open.seals);
    const granted = await readWriteGrants(client, open.tables);
    const proven = unproven === null && writes.length === 0 && changed.length === 0 && granted.length === 0;
    if (proven) {
      // in this order: a slot beyond what the record says would be somebody else's doing
      await client.query(
        'update sluice_cdc.freeze set proved_to = $2, proved_at = clock_timestamp() where id = $1 and proved_to < $2',
        [open.id, to],
      );
      await moveWard(client, ward, to);
    }
    return {
      frozenAt: open.frozen_at.toISOString(),
      from: open.lsn,
      to,
      unproven,
      writes,
      changed,
      granted,
      stillAble: await stillAble(client, open.tables),
      proven,
    };
  });
}

async function changedTables(client: pg.Client, seals: readonly RowsSeal[]): Promise<FreezeProof['changed']> {
  const changed: { table: string; what: string }[] = [];
  for (const then of seals) {
    const { there } = await oneRow<{ there: boolean }>(client, 'select to_regclass($1) is not null as there', [
      then.table,
    ]);
    const what = there ? sealFault(then, await sealRows(client, then.table)) : 'is gone';
    if (what !== null) changed.push({ table: then.table, what });
  }
  return changed;
}

export interface Unfrozen {
  readonly given: readonly WriteGrant[];
  /** what cannot be given back: a role or a column that is gone */
  readonly lost: readonly WriteGrant[];
}

/** Gives back what the freeze took, by whom it had been granted, and ends the record. */
export function unfreeze({ url, migration }: LegacyTables, by: string): Promise<Unfrozen> {
  return connected(url, async (client) => {
    await client.query('begin');
    const open = await requireFrozen(client, migration);
    await client.query('select from sluice_cdc.freeze where id = $1 for update', [open.id]);
    const lost = await grantAgain(client, open.grants);
    await client.query('update sluice_cdc.freeze set unfrozen_at = clock_timestamp(), unfrozen_by = $2 where id = $1', [
      open.id,
      by,
    ]);
    await client.query('commit');
    await closeWard(client, wardOf(migration));
    return { given: open.grants.filter((grant) => !lost.includes(grant)), lost };
  });
}

const quoted = (name: string): string => name.split('.').map(pg.escapeIdentifier).join('.');

async function oneRow<T extends pg.QueryResultRow>(
  client: pg.ClientBase,
  statement: string,
  values: readonly unknown[] = [],
): Promise<T> {
  const found = await client.query<T>(statement, [...values]);
  const [row] = found.rows;
  if (!row) throw new SluiceError('INTERNAL', 'the source database answers without a row');
  return row;
}
