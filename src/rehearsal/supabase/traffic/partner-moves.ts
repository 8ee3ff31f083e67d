import { randomUUID } from 'node:crypto';
import { FIRST_NAMES, SURNAMES } from '../names.ts';
import { makeLabel, makePayout, makeTemperature } from '../partners.ts';
import { makePlan, makeTask } from '../visits.ts';
import { change, type Desk, fresh, insertOne, type Move, withRow } from './desk.ts';

/** A visit at the front desk. The name is unique there, so a second visit overwrites the first. */
async function checkIn(desk: Desk): Promise<number> {
  const name = `${desk.chance.pick(FIRST_NAMES.slice(0, 30))} ${desk.chance.pick(SURNAMES.slice(0, 10))}`;
  const answer = await desk.client.query<{ id: string }>(
    `insert into public.partner_checkins (patient_name, status) values ($1, 'Waiting')
     on conflict (patient_name) do update set status = 'Waiting', arrived_at = now(), updated_at = now(), ready_at = null
     returning id`,
    [name],
  );
  for (const row of answer.rows) desk.known.checkins.put(row);
  return answer.rowCount ?? 0;
}

export const PARTNER_MOVES: readonly Move[] = [
  { kind: 'patient checked in', weight: 2, size: 1, run: checkIn },
  {
    kind: 'check-in walks on',
    weight: 2,
    size: 1,
    run: (desk) =>
      withRow(desk, desk.known.checkins, ({ id }) => {
        const status = desk.chance.pick(['Vitals complete', 'Roomed', 'ready']);
        return change(
          desk.client,
          `update public.partner_checkins set status = $2, updated_at = now(),
             ready_at = case when $2 = 'ready' then now() else ready_at end where id = $1`,
          [id, status],
        );
      }),
  },
  {
    kind: 'stock counted',
    weight: 3,
    size: 1,
    run: (desk) =>
      withRow(desk, desk.known.stock, ({ id }) =>
        change(
          desk.client,
          `update public.partner_stock_levels set quantity = greatest(0, quantity + $2), updated_at = now(),
             status = case when quantity + $2 < 15 then 'Restock soon' else 'Healthy' end where id = $1`,
          [id, desk.chance.pick([-1, -1, -2, -5, 40])],
        ),
      ),
  },
  {
    kind: 'temperature logged',
    weight: 4,
    size: 1,
    run: async (desk) => {
      const row = fresh(desk, makeTemperature(desk.chance, desk.context.baseMs));
      // a database that was never seeded has no stock to measure
      const stock = desk.known.stock.take(desk.chance);
      const changes = await insertOne(desk, 'public.partner_temperature_logs', { ...row, stock_id: stock?.id ?? null });
      if (stock !== null) desk.known.stock.put(stock);
      if (row.is_excursion && row.resolved_at === null) desk.known.temperatures.put({ id: row.id });
      return changes;
    },
  },
  {
    kind: 'excursion resolved',
    weight: 0.7,
    size: 1,
    run: async (desk) => {
      const row = desk.known.temperatures.take(desk.chance);
      if (row === null) return 0;
      return change(
        desk.client,
        "update public.partner_temperature_logs set resolved_at = now(), notes = 'moved to Fridge 2' where id = $1",
        [row.id],
      );
    },
  },
  {
    kind: 'label queued',
    weight: 1,
    size: 1,
    run: async (desk) => {
      const code = `RX-${desk.chance.below(0x7fffffff).toString(36).toUpperCase()}`;
      const row = { ...fresh(desk, makeLabel(desk.chance, code, desk.context.baseMs)), printed_at: null };
      const changes = await insertOne(desk, 'public.partner_label_queue', row);
      if (changes > 0) desk.known.labels.put({ id: row.id });
      return changes;
    },
  },
  {
    kind: 'label printed',
    weight: 1,
    size: 1,
    run: async (desk) => {
      const row = desk.known.labels.take(desk.chance);
      if (row === null) return 0;
      return change(desk.client, 'update public.partner_label_queue set printed_at = now() where id = $1', [row.id]);
    },
  },
  {
    kind: 'payout booked',
    weight: 1,
    size: 1,
    run: async (desk) => {
      const row = fresh(desk, makePayout(desk.chance, desk.context.baseMs));
      const changes = await insertOne(desk, 'public.partner_payouts', row);
      if (changes > 0) desk.known.payouts.put({ id: row.id });
      return changes;
    },
  },
  {
    kind: 'payout corrected',
    weight: 0.5,
    size: 1,
    run: (desk) =>
      withRow(desk, desk.known.payouts, ({ id }) =>
        change(desk.client, "update public.partner_payouts set amount = $2, notes = 'corrected' where id = $1", [
          id,
          (desk.chance.below(90_000) / 100).toFixed(2),
        ]),
      ),
  },
  {
    kind: 'payout key changed',
    weight: 0.3,
    size: 1,
    run: (desk) =>
      withRow(desk, desk.known.payouts, (row) => {
        const before = row.id;
        row.id = randomUUID();
        return change(desk.client, 'update public.partner_payouts set id = $2 where id = $1', [before, row.id]);
      }),
  },
  {
    kind: 'plan uploaded',
    weight: 1,
    size: 1,
    run: (desk) =>
      withRow(desk, desk.known.submissions, async ({ id }) => {
        const plan = fresh(desk, makePlan(desk.chance, { id, created_at: desk.now() }));
        const changes = await insertOne(desk, 'public.action_plans', { ...plan, uploaded_by: null });
        if (changes > 0) desk.known.plans.put({ id: plan.id });
        return changes;
      }),
  },
  {
    kind: 'plan removed',
    weight: 0.3,
    size: 1,
    run: async (desk) => {
      const row = desk.known.plans.take(desk.chance);
      return row === null ? 0 : change(desk.client, 'delete from public.action_plans where id = $1', [row.id]);
    },
  },
  {
    kind: 'task opened',
    weight: 1,
    size: 1,
    run: (desk) =>
      withRow(desk, desk.known.submissions, async ({ id }) => {
        const made = makeTask(
          desk.chance,
          { id, first_name: null, surname: null },
          'consent_expiry',
          desk.context.baseMs,
        );
        const task = fresh(desk, {
          ...made,
          title: 'Consent runs out',
          status: 'open',
          resolved_by: null,
          resolved_at: null,
        });
        // one open task of a kind: a second is silently not made, and counts as nothing done
        const changes = await insertOne(desk, 'public.compliance_tasks', task);
        if (changes > 0) desk.known.tasks.put({ id: task.id });
        return changes;
      }),
  },
  {
    kind: 'task resolved',
    weight: 1,
    size: 1,
    run: async (desk) => {
      const row = desk.known.tasks.take(desk.chance);
      if (row === null) return 0;
      return change(
        desk.client,
        `update public.compliance_tasks set status = 'resolved', resolved_at = now(), resolution_notes = $2 where id = $1`,
        [row.id, desk.chance.pick(['Rang, renewed', '', null])],
      );
    },
  },
];
