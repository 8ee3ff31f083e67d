import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { rehearseTables } from '../../src/app/migrate/rehearse.ts';
import { migrateTables } from '../../src/app/migrate/run.ts';
import { type Rig, startRig } from '../support/rig.ts';

const SLUICE = fileURLToPath(new URL('../../bin/sluice.js', import.meta.url));
const TABLES = [
  'intake.patient',
  'intake.submission',
  'scheduling.appointment',
  'scheduling.appointment_status_event',
  'diagnostics.lab_order',
  'diagnostics.lab_order_event',
  'careplan.action_plan',
  'compliance.task',
  'compliance.task_event',
  'partnerops.checkin',
  'partnerops.checkin_event',
  'partnerops.stock_snapshot',
  'finance.payout',
  'finance.payout_adjustment',
  'compliance.temperature_reading',
];
let rig: Rig;

const run = (more: Partial<Parameters<typeof migrateTables>[1]> = {}) =>
  migrateTables(rig.config, {
    migration: 'supabase',
    batchRows: 7,
    resume: false,
    without: ['fhir'],
    onProgress: () => undefined,
    ...more,
  });
const rows = async (sql: string) => (await rig.open.pool.query(sql)).rows;
const sum = (tables: readonly object[], name: string): number =>
  tables.reduce((total, table) => total + Number((table as Record<string, unknown>)[name]), 0);

/** Everything that stands at the targets, with how often it was written. */
async function standing() {
  const documents = await rows('select target, id, revision, hash, gone from sluice.document order by 1, 2');
  const tables: Record<string, number> = {};
  for (const table of TABLES) tables[table] = Number((await rows(`select count(*) as n from ${table}`))[0]?.n);
  return { documents, tables, changes: (await rows('select count(*)::int as n from sluice.change'))[0]?.n };
}

/** Images as they are landed, by table and key. */
async function images(): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const { name } of rig.open.migration.tables) {
    const table = `sluice."landed__${rig.open.name}__${name.replace('.', '__')}"`;
    for (const { key, image } of await rows(`select key, image::text as image from ${table}`))
      found.set(`${name} ${key}`, image);
  }
  return found;
}

/** Rows alive that the stream has not shown. */
async function fromBatches(): Promise<number> {
  let count = 0;
  for (const { name } of rig.open.migration.tables) {
    const table = `sluice."landed__${rig.open.name}__${name.replace('.', '__')}"`;
    count += Number((await rows(`select count(*) as n from ${table} where epoch = 0 and not deleted`))[0]?.n);
  }
  return count;
}

const landed = async (): Promise<void> => {
  await expect
    .poll(
      async () => {
        const { flows, heartbeatAgeSeconds } = await rig.status();
        const owing = flows.filter((flow) => flow.lagRecords !== 0 || flow.toDerive > 0).map(({ flow }) => flow);
        return heartbeatAgeSeconds === null ? ['no heartbeat'] : owing;
      },
      { timeout: 90_000, interval: 500 },
    )
    .toEqual([]);
};

const total = (table: string, where: string): string => `select sum(amount)::text as total from ${table} ${where}`;
/** Until the stream has brought what the source says of payouts. */
async function equalTotals(): Promise<void> {
  const there = await rig.source.query(total('public.partner_payouts', ''));
  const here = () => rows(total('finance.payout', 'where deleted_at is null'));
  await expect.poll(here, { timeout: 90_000, interval: 500 }).toEqual(there.rows);
}

beforeAll(async () => {
  rig = await startRig(inject('stack'), { rows: 60, captured: false });
  await rig.source.query(
    `insert into public.partner_payouts (occurred_on, amount, notes) values ('0001-01-01', 0.10, 'to go'), ('9999-12-31', 9999999990.99, null)`,
  );
  // a null in a column with a constant default comes through the connector as that constant: see docs/supabase.md
  await rig.source.query(`update public.lab_orders set priority = coalesce(priority, 'routine')`);
  await rig.source.query(
    `update public.lab_orders set ordered_at = null, last_status_at = null
     where id = (select id from public.lab_orders order by id limit 1)`,
  );
  await rig.source.query(
    `insert into public.partner_checkins (patient_name, status, arrived_at, ready_at) values
       (E'tab\\tünï', '', '0001-01-01 00:00:00.000001Z', '9999-12-31 23:59:59.999999Z'), ('x', E'\\\\', '2026-03-29 01:30:00.5+01', null)`,
  );
  await rig.source.query(
    `update public.submissions set symptoms = array['a,b', '"q"', '{}', 'NULL', ''] where id = (select id from public.submissions order by id limit 1)`,
  );
});
afterAll(() => rig.close());

describe('a batched migration', () => {
  test('is rehearsed: what would come of it is said, and nothing is left', async () => {
    const said = await rehearseTables(rig.config, {
      migration: 'supabase',
      batchRows: 50,
      without: [],
      onProgress: () => undefined,
    });
    expect(said.tables).toHaveLength(12);
    expect(sum(said.tables, 'read')).toBeGreaterThan(200);
    const payouts = said.changes.find(({ target }) => target === 'finance.payout');
    expect(payouts).toMatchObject({ live: 0, onlyShadow: payouts?.shadow });
    expect(said.flows.flatMap(({ issues }) => Object.keys(issues)).length).toBeGreaterThan(0);
    expect(await rows('select from sluice.document')).toEqual([]);
    expect(await rows(`select nspname from pg_namespace where nspname like '%dry_%'`)).toEqual([]);
  });

  test('killed again and again, goes on where it was', async () => {
    const progress = async () => sum(await rows('select read_rows from sluice.migrate_progress'), 'read_rows');
    let before = 0;
    for (let n = 0; n < 2; n += 1) {
      const args = ['migrate', 'supabase', '--batch', '2', '--without', 'fhir', ...(n === 0 ? [] : ['--resume'])];
      const child = spawn(process.execPath, [SLUICE, ...args], { env: { ...process.env, ...rig.variables } });
      const exited = new Promise((resolve) => child.once('exit', resolve));
      await expect.poll(progress, { timeout: 30_000, interval: 20 }).toBeGreaterThan(before + 10);
      child.kill('SIGKILL');
      await exited;
      before = await progress();
    }
    const done = await run({ resume: true });
    expect(await progress()).toBe(0);
    for (const { table, read } of done.tables) {
      const counted = await rig.source.query<{ n: number }>(`select count(*)::int as n from ${table}`);
      expect([table, read]).toEqual([table, counted.rows[0]?.n]);
    }
    expect(sum(done.tables, 'landed')).toBeLessThan(sum(done.tables, 'read'));
  });

  test('run again, it changes nothing; what is gone at the source ends', async () => {
    const before = await standing();
    await run();
    expect(await standing()).toEqual(before);
    await rig.source.query(`delete from public.partner_payouts where notes = 'to go'`);
    const again = await run({ table: 'partner_payouts' });
    expect(again.tables).toMatchObject([{ table: 'public.partner_payouts', ended: 1 }]);
    const left = await rig.source.query('select from public.partner_payouts');
    expect(await rows('select from finance.payout where deleted_at is null')).toHaveLength(left.rowCount ?? 0);
  });

  test('the stream comes to the same, and changes nothing', async () => {
    // the sweep of what the stream never showed is no matter of this comparison
    const [before, imagesBefore] = [await standing(), await images()];
    await rig.capture();
    rig.startWorker(['--without', 'fhir']);
    await landed();
    // every row has come through the stream, too
    await expect.poll(fromBatches, { timeout: 60_000, interval: 500 }).toBe(0);
    await landed();
    const imagesAfter = await images();
    const differing: Record<string, readonly unknown[]> = {};
    for (const [key, image] of imagesBefore) {
      const [mine, theirs] = [image, imagesAfter.get(key) ?? '{}'].map(
        (text) => JSON.parse(text) as Record<string, unknown>,
      );
      for (const column of Object.keys({ ...mine, ...theirs }))
        if (JSON.stringify(mine?.[column]) !== JSON.stringify(theirs?.[column]))
          differing[`${key.split(' ')[0]}.${column}`] = [mine?.[column], theirs?.[column]];
    }
    expect(differing).toEqual({});
    expect(await standing()).toEqual(before);
    expect((await rig.status()).halts).toEqual([]);
  });

  test('beside the stream it takes nothing back, and fills what is missing', async () => {
    await rig.source.query(`update public.partner_payouts set amount = amount + 1`);
    await equalTotals();
    const before = await standing();
    const beside = await run({ batchRows: 100 });
    expect(sum(beside.tables, 'landed')).toBe(0);
    expect(sum(beside.tables, 'known')).toBe(sum(beside.tables, 'read'));
    expect(await standing()).toEqual(before);
    const table = `sluice."landed__${rig.open.name}__public__partner_payouts"`;
    await rows(`delete from ${table} where key = (select min(key) from ${table} where not deleted)`);
    expect((await run({ table: 'partner_payouts' })).tables).toMatchObject([{ landed: 1 }]);
    await rig.source.query(`update public.partner_payouts set amount = amount + 1`);
    await equalTotals();
  });
});
