import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { supabase } from '../../src/migrations/supabase/index.ts';
import { parseAddress, seedSupabase } from '../../src/rehearsal/index.ts';
import { freeze, type LegacyTables, unfreeze, verifyFreeze } from '../../src/source/index.ts';
import { asAdmin } from '../support/pg-copy.ts';
import { urlOf } from '../support/service-database.ts';

const run = randomBytes(4).toString('hex');
const database = `freeze_${run}`;
const [portal, clerk, desk, owner] = ['portal', 'clerk', 'desk', 'owner'].map((role) => `${role}_${run}`);
const server = inject('stack').postgres;
const url = urlOf(server, database);
const legacy: LegacyTables = { url, migration: `f${run}`, tables: supabase().tables.map(({ name }) => name) };
let admin: pg.Client;

const options = { by: 'tester', waitSeconds: 2, dryRun: false };
const verdict = async () => {
  const { proven, unproven, writes, changed, granted } = await verifyFreeze(legacy);
  return {
    proven,
    unproven,
    writes: writes.map(({ table, writes: n }) => [table, n]),
    changed,
    granted: granted.length,
  };
};
const well = { proven: true, unproven: null, writes: [], changed: [], granted: 0 };

/** Access lists with their entries in one order: what a table without one has by default is said. */
const lists = async () =>
  (
    await admin.query(
      `select t, array(select x::text from unnest(coalesce(c.relacl, acldefault('r', c.relowner))) x order by 1) as entries,
         (select array_agg(attname || ' ' || attacl::text order by attname) from pg_attribute
           where attrelid = c.oid and cardinality(attacl) > 0) as columns
       from unnest($1::text[]) t join pg_class c on c.oid = to_regclass(t) order by 1`,
      [legacy.tables],
    )
  ).rows;

const refused = (role: string | undefined, statement: string) =>
  expect(
    (async () => {
      await admin.query('begin');
      try {
        await admin.query(`set local role ${role}`);
        await admin.query(statement);
      } finally {
        await admin.query('rollback');
      }
    })(),
  ).rejects.toMatchObject({ code: '42501' });

beforeAll(async () => {
  await asAdmin(server, `create database ${database}`);
  await seedSupabase(parseAddress(url), { rows: 60, seed: 7n });
  admin = new pg.Client(url);
  await admin.connect();
  await admin.query(`
    create role ${portal} login; create role ${clerk} login; create role ${desk}; create role ${owner};
    grant usage, create on schema public to ${owner};
    grant select, insert, update, delete on all tables in schema public to ${portal};
    grant update on public.submissions to ${clerk} with grant option;
    grant update (notes) on public.partner_payouts to ${desk};
    grant insert on public.partner_checkins to public;
    grant truncate on public.partner_label_queue to ${desk};
    alter table public.partner_stock_levels owner to ${owner};
    set role ${clerk}; grant update on public.submissions to ${desk}; reset role`);
});

afterAll(async () => {
  await unfreeze(legacy, 'tester').catch(() => undefined);
  await admin.end();
  await asAdmin(
    server,
    `drop database ${database} with (force)`,
    ...[desk, clerk, portal, owner].map((role) => `drop role if exists ${role}`),
  );
});

beforeEach(async () => {
  await unfreeze(legacy, 'tester').catch(() => undefined);
});

describe('a freeze', () => {
  test('takes every right to write, and gives back exactly those', async () => {
    const before = await lists();
    expect((await freeze(legacy, { ...options, dryRun: true })).revoked.length).toBeGreaterThan(40);
    expect(await lists()).toEqual(before);
    const frozen = await freeze(legacy, options);
    expect(frozen.stillAble.write).toEqual([server.user]);
    expect(frozen.stillAble.own).toContain(owner);
    await refused(portal, `update public.submissions set status = 'x'`);
    await refused(portal, 'delete from public.partner_payouts');
    await refused(clerk, `update public.submissions set status = 'x'`);
    await refused(desk, `update public.submissions set status = 'x'`);
    await refused(desk, `update public.partner_payouts set notes = 'x'`);
    await refused(desk, 'truncate public.partner_label_queue');
    await refused(desk, `insert into public.partner_checkins (patient_name, status) values ('x', 'x')`);
    await refused(owner, 'update public.partner_stock_levels set quantity = 1');
    const read = await admin.query(`set role ${portal}; select count(*) from public.submissions; reset role`);
    expect(read).toBeDefined();
    await expect(freeze(legacy, options)).rejects.toThrow(/frozen already/);
    expect(await verdict()).toEqual(well);

    expect((await unfreeze(legacy, 'tester')).lost).toEqual([]);
    expect(await lists()).toEqual(before);
    await expect(verifyFreeze(legacy)).rejects.toThrow(/are not frozen/);
    expect(
      (await admin.query(`select from pg_replication_slots where slot_name like 'sluice_freeze_f${run}'`)).rowCount,
    ).toBe(0);
  });

  test('lets who is writing end first, and gives up when that takes too long', async () => {
    const writer = new pg.Client(url);
    await writer.connect();
    await writer.query('begin');
    await writer.query(`update public.partner_payouts set notes = 'late'`);
    const before = await lists();
    await expect(freeze(legacy, { ...options, waitSeconds: 1 })).rejects.toThrow(/is writing to the tables still/);
    expect(await lists()).toEqual(before);
    // nothing is left that would keep the log
    expect(
      (await admin.query(`select from pg_replication_slots where slot_name like 'sluice_freeze_f${run}'`)).rowCount,
    ).toBe(0);
    const freezing = freeze(legacy, { ...options, waitSeconds: 20 });
    await new Promise((resolve) => setTimeout(resolve, 500));
    await writer.query('commit');
    await freezing;
    await writer.end();
    // what it had written before is no write since
    expect(await verdict()).toEqual(well);
  });

  test('is proved again and again, while others write elsewhere', async () => {
    await freeze(legacy, options);
    for (let n = 0; n < 3; n += 1) {
      await admin.query(`insert into public.clinician_emails (email) values ('freeze-${n}-${run}@example.test')`);
      await admin.query('vacuum freeze public.submissions');
      expect(await verdict()).toEqual(well);
    }
  });

  test.each([
    ['an update that changes nothing', `update public.partner_payouts set notes = notes`],
    [
      'a row that came and went',
      `insert into public.partner_payouts (id, amount) values (gen_random_uuid(), 123.45);
       delete from public.partner_payouts where amount = 123.45`,
    ],
    ['a truncate', 'truncate public.partner_label_queue'],
    [
      'a deletion that takes others along',
      'delete from public.submissions where id = (select submission_id from public.appointments limit 1)',
    ],
  ])('is not proved after %s', async (_, statement) => {
    await freeze(legacy, options);
    expect(await verdict()).toEqual(well);
    for (const one of statement.split(';')) await admin.query(one);
    const first = await verdict();
    expect(first.proven).toBe(false);
    expect(first.writes.length).toBeGreaterThan(0);
    // a second look finds it still
    expect((await verdict()).writes).toEqual(first.writes);
  });

  test('finds what the log was made not to tell, by the rows', async () => {
    await freeze(legacy, options);
    await admin.query(`alter publication sluice_freeze_${legacy.migration} drop table public.partner_payouts`);
    await admin.query(`update public.partner_payouts set notes = notes`);
    await admin.query(`alter publication sluice_freeze_${legacy.migration} add table public.partner_payouts`);
    expect(await verdict()).toMatchObject({
      proven: false,
      changed: [{ table: 'public.partner_payouts', what: 'has rows that were written since' }],
    });
  });

  test('is not proved when its slot is gone or was moved, or somebody was given a right', async () => {
    await freeze(legacy, options);
    const slot = `sluice_freeze_${legacy.migration}`;
    await admin.query(`grant insert on public.partner_payouts to ${portal}`);
    expect(await verdict()).toEqual({ ...well, proven: false, granted: 1 });
    await admin.query(`revoke insert on public.partner_payouts from ${portal}`);
    await admin.query(`insert into public.clinician_emails (email) values ('moved-${run}@example.test')`);
    await admin.query('select pg_replication_slot_advance($1, pg_current_wal_flush_lsn())', [slot]);
    expect((await verdict()).unproven).toMatch(/moved on/);
    await admin.query('select pg_drop_replication_slot($1)', [slot]);
    expect((await verdict()).unproven).toMatch(/is gone/);
  });

  test('says what cannot be given back', async () => {
    await freeze(legacy, options);
    await admin.query(`drop owned by ${desk}; drop role ${desk}`);
    const { lost } = await unfreeze(legacy, 'tester');
    expect(new Set(lost.map(({ grantee }) => grantee))).toEqual(new Set([desk]));
  });
});
