import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { messagesOf } from '../../src/app/outbox.ts';
import { type ChangeEvent, canonicalJson, type Image } from '../../src/core/index.ts';
import { supabase } from '../../src/migrations/supabase/index.ts';
import { Deriver } from '../../src/pipeline/deriver.ts';
import { landBatch, type PipelineContext, Subscriptions } from '../../src/pipeline/index.ts';
import { type OutboxRow, PostgresOutbox } from '../../src/sinks/postgres/index.ts';
import { type ServiceDatabase, serviceDatabase } from '../support/service-database.ts';
import {
  checkin,
  form,
  id,
  label,
  later,
  order,
  orderEvent,
  payout,
  plan,
  reading,
  request,
  stock,
  task,
  visit,
} from './supabase-story.ts';

const migration = supabase();
const subscriptions = new Subscriptions(migration);
const SQL = fileURLToPath(new URL('../../src/migrations/supabase/sql/', import.meta.url));

let db: ServiceDatabase;
let context: PipelineContext;
let told = 0;

const fileText = (schema: string): string =>
  readdirSync(`${SQL}${schema}`)
    .sort()
    .map((file) => readFileSync(`${SQL}${schema}/${file}`, 'utf8'))
    .join('\n');

beforeAll(async () => {
  const schemas = Object.fromEntries(migration.targetSchemas.map((schema) => [schema, fileText(schema)]));
  db = await serviceDatabase(inject('stack').postgres, migration, schemas);
  context = db.context();
});
afterAll(() => db?.close());

/** Lands one change and derives all that follows from it. */
async function tell(table: string, op: 'c' | 'u' | 'd', row: Image): Promise<void> {
  await land(table, op, row);
  await settle();
}

async function land(table: string, op: 'c' | 'u' | 'd', row: Image): Promise<void> {
  told += 1;
  const place = { topic: 'supabase', partition: 0, table: `public.${table}` };
  const n = BigInt(told);
  const event: ChangeEvent = {
    kind: 'change',
    table: place.table,
    key: String(row.id),
    op,
    before: op === 'd' ? row : null,
    after: op === 'd' ? null : row,
    unsent: [],
    position: { epoch: 1, phase: 1, a: n, b: 9_000n + n, txId: n, offset: n },
    sourceTime: new Date(Date.UTC(2026, 2, 1, 8, told)).toISOString(),
    origin: null,
  };
  const changes = [{ event, raw: { offset: n, key: null, value: null, headers: {}, timestampMs: 0 } }];
  await context.ledger.landing((tx) =>
    landBatch(
      tx,
      context,
      subscriptions,
      place,
      { changes, parked: [], stop: null, to: 0n },
      { fastFlows: [], hadParked: false },
    ),
  );
}

async function settle(): Promise<void> {
  const derivers = migration.flows.map(
    (flow) => new Deriver(flow, context, { batchRoots: 20, parallel: 1 }, () => undefined),
  );
  for (let quiet = 0; quiet < 2; ) {
    let done = await context.ledger.tick(new Date().toISOString());
    for (const one of derivers) done += (await one.round(0n)).done;
    quiet = done === 0 ? quiet + 1 : 0;
  }
}

const rows = async (sql: string, ...values: unknown[]) => (await db.pool.query(sql, values)).rows;
const parked = () => rows(`select flow, code from sluice.parked where state = 'parked' order by flow`);

describe('the tables of the services', () => {
  beforeAll(async () => {
    await tell('submissions', 'c', form(1));
    await tell('partner_stock_levels', 'c', stock(1));
  });

  test('take a row of each kind', async () => {
    await tell('appointment_requests', 'c', request(1));
    await tell('action_plans', 'c', plan(1));
    await tell('compliance_tasks', 'c', task(1));
    await tell('partner_checkins', 'c', checkin(1));
    await tell('partner_label_queue', 'c', label(1));
    await tell('partner_payouts', 'c', payout(1, { amount: '9999999999.99' }));
    await tell('partner_payouts', 'u', payout(1, { amount: '0.01' }));
    await tell('partner_payouts', 'u', payout(1, { amount: '9999999999.99' }));
    await tell('partner_temperature_logs', 'c', reading(1, { is_excursion: true, temperature_c: '-300.125' }));
    expect(await parked()).toEqual([]);
    for (const table of [
      ...['scheduling.request_queue', 'careplan.action_plan', 'compliance.task', 'compliance.task_event'],
      ...['compliance.storage_location', 'compliance.temperature_reading', 'compliance.excursion'],
      ...['partnerops.checkin', 'partnerops.checkin_visit', 'partnerops.checkin_event', 'partnerops.label_queue'],
      ...['partnerops.stock_item', 'partnerops.stock_snapshot', 'partnerops.stock_current', 'finance.payout'],
    ])
      expect(await rows(`select 1 from ${table}`), table).toHaveLength(1);
    expect(await rows('select amount, currency from finance.payout')).toEqual([
      { amount: '9999999999.99', currency: 'GBP' },
    ]);
    expect(await rows('select temperature_c from compliance.temperature_reading')).toEqual([
      { temperature_c: '-300.125' },
    ]);
  });

  test('each append-only table refuses every change of what was appended, its owner too', async () => {
    await tell('appointments', 'c', visit(1));
    await tell('lab_orders', 'c', order(1));
    await tell('lab_order_events', 'c', orderEvent(1));
    await tell('lab_order_events', 'u', orderEvent(1, { note: 'amended' }));
    await tell('lab_order_events', 'd', orderEvent(1, { note: 'amended' }));
    await rows(
      `insert into compliance.dual_write_change (task_type, is_on, by, reason) values ('t', true, 'a test', 'none')`,
    );
    const declared = migration.flows
      .flatMap(({ targets }) => targets)
      .filter(({ kind, mode }) => kind === 'postgres' && mode === 'append')
      .map(({ name }) => name);
    expect(declared).toHaveLength(8);
    for (const table of [...declared, 'compliance.dual_write_change']) {
      const before = await rows(`select * from ${table}`);
      expect(before.length, table).toBeGreaterThan(0);
      const column = Object.keys(before[0] ?? {}).find((name) => name !== 'seq');
      for (const sql of [`update ${table} set ${column} = ${column}`, `delete from ${table}`, `truncate ${table}`])
        await expect(rows(sql), sql).rejects.toThrow('append-only');
      expect(await rows(`select * from ${table}`), table).toEqual(before);
    }
  });

  test('a queue keeps what was done in it, whatever the source says of the rest of the row', async () => {
    const states = async () => [
      (await rows('select state, attempts from scheduling.request_queue'))[0],
      (await rows('select state, attempts from partnerops.label_queue'))[0],
    ];
    expect(await states()).toEqual([
      { state: 'pending', attempts: 0 },
      { state: 'queued', attempts: 0 },
    ]);
    await rows(`update scheduling.request_queue set queue_state = 'claimed', attempts = 1`);
    await rows(`update partnerops.label_queue set queue_state = 'printed', attempts = 1`);
    await tell('appointment_requests', 'u', request(1, { message: 'at noon, please' }));
    await tell('partner_label_queue', 'u', label(1, { priority: 'high' }));
    expect(await states()).toEqual([
      { state: 'claimed', attempts: 1 },
      { state: 'printed', attempts: 1 },
    ]);
    await rows('update partnerops.label_queue set queue_state = null');
    await tell('appointment_requests', 'u', request(1, { status: 'resolved' }));
    await tell('partner_label_queue', 'u', label(1, { printed_at: later }));
    expect((await states()).map((row) => row.state)).toEqual(['resolved', 'printed']);
  });

  test('a copied file stays copied, until the plan names another', async () => {
    const copy = () => rows('select copy_state, size_bytes from careplan.action_plan');
    await rows(`update careplan.action_plan set copy_state = 'copied', object_key = 'k', size_bytes = 7`);
    await tell('action_plans', 'u', plan(1, { category: 'travel' }));
    expect(await copy()).toEqual([{ copy_state: 'copied', size_bytes: '7' }]);
    await tell('action_plans', 'u', plan(1, { storage_path: 'elsewhere/plan.pdf' }));
    expect(await copy()).toEqual([{ copy_state: 'pending', size_bytes: null }]);
  });

  test('a closed month stays as it was: what would change it is parked, and heals when it is opened', async () => {
    const held = () => rows(`select amount, notes from finance.payout where legacy_id = $1`, id.payout(3));
    const adjusted = () =>
      rows(
        `select difference from finance.payout_adjustment a join finance.payout p on p.id = a.payout_id
         where p.legacy_id = $1`,
        id.payout(3),
      );
    await tell('partner_payouts', 'c', payout(3));
    await rows(`insert into finance.locked_period (month, locked_by) values ('2026-02-01', 'a test')`);
    await tell('partner_payouts', 'u', payout(3, { notes: 'checked' }));
    expect(await held()).toEqual([{ amount: '120.50', notes: 'checked' }]);
    await tell('partner_payouts', 'u', payout(3, { amount: '120.49' }));
    await tell('partner_payouts', 'c', payout(4));
    expect(await parked()).toEqual([
      { flow: 'partner_payouts', code: 'CONSTRAINT_VIOLATED' },
      { flow: 'partner_payouts', code: 'CONSTRAINT_VIOLATED' },
    ]);
    expect(await held()).toEqual([{ amount: '120.50', notes: 'checked' }]);
    expect(await adjusted()).toEqual([]);
    await rows('delete from finance.locked_period');
    await tell('partner_payouts', 'u', payout(3, { amount: '120.49', notes: 'again' }));
    await tell('partner_payouts', 'u', payout(4, { notes: 'again' }));
    expect(await parked()).toEqual([]);
    expect(await held()).toEqual([{ amount: '120.49', notes: 'again' }]);
    expect(await adjusted()).toEqual([{ difference: '-0.01' }]);
  });

  test('counts are told in their order, and the last one is what there is', async () => {
    for (const quantity of [39, 12, 55]) await land('partner_stock_levels', 'u', stock(1, { quantity }));
    await settle();
    const deltas = await rows('select delta from partnerops.stock_snapshot order by seq');
    expect(deltas.map(({ delta }) => Number(delta))).toEqual([40, -1, -27, 43]);
    expect(await rows('select item_name, quantity from partnerops.stock_current')).toEqual([
      { item_name: 'Serum 1', quantity: 55 },
    ]);
  });

  test('counting an item leaves no mark for its readings; other limits leave one for each', async () => {
    const marks = () =>
      rows(`select part, key from sluice.mark where flow = 'partner_temperature_logs' order by part, key`);
    await land('partner_stock_levels', 'u', stock(1, { quantity: 54 }));
    expect(await marks()).toEqual([]);
    await land('partner_stock_levels', 'u', stock(1, { quantity: 54, max_temp: '7.00' }));
    expect(await marks()).toEqual([
      { part: 'formerStock', key: id.stock(1) },
      { part: 'stock', key: id.stock(1) },
    ]);
    await settle();
  });

  test('of the many readings of a place one is read for its name', async () => {
    const flow = migration.flows.find(({ name }) => name === 'storage_locations');
    if (!flow) throw new Error('no such flow');
    for (const n of [3, 2]) await tell('partner_temperature_logs', 'c', reading(n, { storage_location: ' FRIDGE 1' }));
    const found = await context.ledger.deriving((tx) => tx.aggregates(flow, ['fridge 1', 'nowhere']));
    expect(found.get('fridge 1')?.parts.readings?.map((row) => row.key)).toEqual([id.reading(1)]);
    expect(found.get('nowhere')?.parts.readings).toEqual([]);
    expect(await rows('select name from compliance.storage_location')).toEqual([{ name: 'Fridge 1' }]);
  });

  test('a reading is in the partition of its month, also when it is taken at another time after all', async () => {
    const places = async () =>
      (
        await rows(
          `select tableoid::regclass::text as place from compliance.temperature_reading where legacy_id = $1`,
          id.reading(9),
        )
      ).map(({ place }) => place);
    await tell('partner_temperature_logs', 'c', reading(9));
    expect(await places()).toEqual(['compliance.temperature_reading_2026_03']);
    await tell('partner_temperature_logs', 'u', reading(9, { recorded_at: '2031-05-01T00:00:00.000Z' }));
    expect(await places()).toEqual(['compliance.temperature_reading_rest']);
    await rows(`select compliance.add_month('2031-05-01')`);
    await rows(`select compliance.add_month('2031-05-31')`);
    expect(await places()).toEqual(['compliance.temperature_reading_2031_05']);
    await tell('partner_temperature_logs', 'u', reading(9, { recorded_at: '0001-01-02T00:00:00.000Z' }));
    expect(await places()).toEqual(['compliance.temperature_reading_rest']);
    expect(await parked()).toEqual([]);
  });

  test('what the source lets go of is still known', async () => {
    await tell('appointment_requests', 'u', request(1, { appointment_id: null }));
    await tell('partner_temperature_logs', 'u', reading(1, { stock_id: null }));
    await tell('partner_checkins', 'u', checkin(1, { arrived_at: later }));
    expect(await rows('select appointment_legacy_id_last as last from scheduling.request_queue')).toEqual([
      { last: id.visit(1) },
    ]);
    expect(
      await rows(
        'select stock_legacy_id_last as last from compliance.temperature_reading where legacy_id = $1',
        id.reading(1),
      ),
    ).toEqual([{ last: id.stock(1) }]);
    const [held] = await rows(
      `select content from sluice.document where target = 'fhir.Observation' and content->'identifier'->0->>'value' = $1`,
      id.reading(1),
    );
    expect(canonicalJson(held?.content?.referenceRange)).toContain('"value":7');
    expect(await rows('select visit_no from partnerops.checkin_visit order by 1')).toEqual([
      { visit_no: 1 },
      { visit_no: 2 },
    ]);
  });
});

describe('the outboxes of the services', () => {
  const outbox = () => new PostgresOutbox(db.pool, migration.targetSchemas);
  /** Types that were told since, in their order. */
  const told = async (): Promise<OutboxRow[]> => {
    const all: OutboxRow[] = [];
    await outbox().tell(10_000, async (some) => void all.push(...some));
    return all;
  };
  const typesOf = (some: readonly OutboxRow[]): string[] => some.map(({ type }) => type);

  test('have told of all that happened so far, and of nothing that is restricted', async () => {
    const all = await told();
    const kinds = new Set(typesOf(all));
    for (const service of new Set(all.map((one) => one.service))) {
      const numbers = all.filter((one) => one.service === service).map((one) => Number(one.id));
      expect(numbers, service).toEqual(numbers.toSorted((x, y) => x - y));
    }
    expect(Math.max(...all.map((one) => Number(one.id)))).toBeGreaterThan(10);
    for (const kind of [
      ...['patient.created', 'submission.created', 'appointment.created', 'appointment_request.created'],
      ...['lab_order.created', 'lab_order_event.recorded', 'lab_order_event.amended', 'lab_order_event.deleted'],
      ...['action_plan.created', 'task.created', 'checkin.created', 'label.created', 'stock_item.created'],
      ...['stock_item.counted', 'payout.created', 'payout.changed', 'payout.adjusted', 'temperature_reading.created'],
    ])
      expect([...kinds], kind).toContain(kind);
    const text = JSON.stringify(all);
    expect(text).toContain('Ottilie');
    for (const secret of ['secret-of-the-payload', 'row_hash', 'lease_owner', 'claim_stamp'])
      expect(text).not.toContain(secret);
    const first = all.find(({ type }) => type === 'payout.created');
    expect(JSON.parse(first?.data ?? '')).toMatchObject({ amount: '9999999999.99', legacy_id: id.payout(1) });
    expect(await told()).toEqual([]);
  });

  test('tell of a change in the parts of an aggregate, of its end and of its return; not of what is derived again', async () => {
    const secret = { safeguarding_notes: 'do-not-tell', flags: ['hidden-flag'], clinician_notes: 'nor-this' };
    await tell('submissions', 'c', form(7, { first_name: 'Barnaby' }));
    expect(typesOf(await told()).sort()).toEqual(['patient.created', 'submission.created']);
    await tell('submissions', 'u', form(7, { first_name: 'Barnaby', ...secret, symptoms: ['hives', 'cough'] }));
    const changed = await told();
    expect(typesOf(changed)).toEqual(['submission.changed']);
    expect(JSON.stringify(changed)).not.toMatch(/do-not-tell|hidden-flag|nor-this/);
    await rows(
      `insert into sluice.mark (pipeline, flow, key, source_time)
       select pipeline, flow, root, now() from (select distinct pipeline, flow, root from sluice.document) d`,
    );
    await settle();
    expect(await told()).toEqual([]);
    await tell('appointments', 'd', visit(1));
    await tell('appointments', 'c', visit(1));
    await tell('appointments', 'u', visit(1, { notes: 'later' }));
    const moved = (await told()).filter(({ aggregate }) => aggregate === 'appointment');
    expect(typesOf(moved)).toEqual(['appointment.deleted', 'appointment.restored', 'appointment.changed']);
    expect(moved.map(({ isGone }) => isGone)).toEqual([true, false, false]);
  });

  test('keep what could not be sent, and let one at a time send', async () => {
    await tell('partner_payouts', 'c', payout(8, { amount: '0.10' }));
    const unheard = outbox().tell(10, () => Promise.reject(new Error('the broker is away')));
    await expect(unheard).rejects.toThrow('away');
    expect(await outbox().unpublished()).toBe(1);
    const both = await outbox().tell(10, async () => expect(await outbox().tell(10, async () => undefined)).toBeNull());
    expect([both, await outbox().unpublished()]).toEqual([1, 0]);
  });

  test('tell nothing while something before it is still to be committed', async () => {
    await tell('partner_payouts', 'c', payout(9, { amount: '0.20' }));
    expect(typesOf(await told())).toEqual(['payout.created']);
    const slow = await db.pool.connect();
    await slow.query('begin');
    await slow.query(`update finance.payout set notes = 'begun first' where legacy_id = $1`, [id.payout(8)]);
    await rows(`update finance.payout set notes = 'over first' where legacy_id = $1`, id.payout(9));
    expect(await told()).toEqual([]);
    await slow.query('commit');
    slow.release();
    expect((await told()).map(({ data }) => (JSON.parse(data) as { notes: string }).notes)).toEqual([
      'begun first',
      'over first',
    ]);
  });

  test('say nothing of a transaction that was taken back, nor of the tables of a shadow', async () => {
    const client = await db.pool.connect();
    await client.query('begin');
    await client.query(`update finance.payout set notes = 'taken back'`);
    await client.query('rollback');
    await client.query('alter schema finance rename to finance__shadow');
    await client.query(`update finance__shadow.payout set notes = 'of a shadow'`);
    await client.query('alter schema finance__shadow rename to finance');
    expect(await outbox().unpublished()).toBe(0);
    await client.query(`update finance.payout set notes = 'of the service' where legacy_id = $1`, [id.payout(8)]);
    client.release();
    const some = await told();
    const messages = messagesOf(some, migration.cleaned ?? {}, 'blue_');
    expect(messages.map(({ topic }) => topic)).toEqual(['blue_events.finance', 'blue_cdc.partner_payouts']);
    const [event, cleaned] = messages.map(({ messages: [one] }) => JSON.parse(one?.value ?? ''));
    expect(event).toMatchObject({ service: 'finance', type: 'payout.changed', data: { amount: '0.10' } });
    expect(cleaned).toEqual(event.data);
    const gone = messagesOf(
      some.map((row) => ({ ...row, isGone: true })),
      migration.cleaned ?? {},
      '',
    );
    expect(gone[1]?.messages).toMatchObject([{ key: id.payout(8), value: null }]);
  });
});
