import { randomUUID } from 'node:crypto';
import { inTransaction } from '../../database.ts';
import { makeEvent, NEXT_STATUSES } from '../lab.ts';
import { CLINICIANS } from '../names.ts';
import { staffEmail, staffId } from '../staff.ts';
import * as words from '../words.ts';
import { change, type Desk, fresh, insertOne, type Move, withRow } from './desk.ts';

const PLACE = `
  insert into public.lab_orders (submission_id, patient_full_name, patient_email, patient_date_of_birth,
    ordering_clinician_id, ordering_clinician_email, order_type, priority, vendor, order_status, external_order_id)
  select s.id, concat_ws(' ', s.first_name, s.surname), s.email, s.date_of_birth, $2, $3, $4, $5, $6, 'submitted', $7
    from public.submissions s where s.id = $1
  returning id`;

/** An order with its first event. Call it inside a transaction. */
export async function placeOrder(desk: Desk, submission: string): Promise<string | null> {
  const { chance } = desk;
  const clinician = chance.pick(CLINICIANS);
  const answer = await desk.client.query<{ id: string }>(PLACE, [
    submission,
    staffId(clinician),
    staffEmail(clinician),
    chance.pick(words.ORDER_TYPES),
    chance.pick(['routine', 'routine', 'urgent', 'stat', 'STAT', 'whenever', null]),
    chance.pick(words.VENDORS),
    `SIM-${chance.below(0x7fffffff).toString(16).toUpperCase()}`,
  ]);
  const id = answer.rows[0]?.id;
  if (id === undefined) return null;
  await addEvent(desk, id, 'submitted');
  return id;
}

function addEvent(desk: Desk, order: string, status: string): Promise<number> {
  const by = { id: order, ordering_clinician_email: staffEmail(desk.chance.pick(CLINICIANS)) };
  return insertOne(desk, 'public.lab_order_events', fresh(desk, makeEvent(desk.chance, by, status, desk.now())));
}

const WALK = `update public.lab_orders
  set order_status = $2, last_status_at = now(),
      result_received_at = case when $2 = 'results_received' then now() else result_received_at end,
      result_reviewed_at = case when $2 = 'results_reviewed' then now() else result_reviewed_at end
  where id = $1`;

export const LAB_MOVES: readonly Move[] = [
  {
    kind: 'order placed',
    weight: 4,
    size: 2,
    run: (desk) =>
      withRow(desk, desk.known.submissions, async ({ id }) => {
        const order = await inTransaction(desk.client, () => placeOrder(desk, id));
        if (order !== null) desk.known.orders.put({ id: order, status: 'submitted' });
        return order === null ? 0 : 2;
      }),
  },
  {
    kind: 'order walks on',
    weight: 8,
    size: 2,
    run: (desk) =>
      withRow(
        desk,
        desk.known.orders,
        async (row) => {
          const next = desk.chance.pick(NEXT_STATUSES[row.status] ?? ['submitted']);
          const changes = await inTransaction(desk.client, async () =>
            (await change(desk.client, WALK, [row.id, next])) === 0 ? 0 : 1 + (await addEvent(desk, row.id, next)),
          );
          row.status = next;
          return changes;
        },
        (row) => row.status in NEXT_STATUSES,
      ),
  },
  {
    kind: 'event corrected',
    weight: 1,
    size: 1,
    run: (desk) =>
      withRow(desk, desk.known.events, ({ id }) =>
        change(desk.client, 'update public.lab_order_events set note = $2 where id = $1', [
          id,
          desk.chance.pick(['entered against the wrong order at first', 'see letter', '']),
        ]),
      ),
  },
  {
    kind: 'event key changed',
    weight: 0.5,
    size: 1,
    run: (desk) =>
      withRow(desk, desk.known.events, (row) => {
        const before = row.id;
        row.id = randomUUID();
        return change(desk.client, 'update public.lab_order_events set id = $2 where id = $1', [before, row.id]);
      }),
  },
  {
    // the order moves to another patient: both aggregates change
    kind: 'order linked anew',
    weight: 0.7,
    size: 1,
    run: (desk) =>
      withRow(desk, desk.known.orders, async ({ id }) => {
        const other = desk.chance.yes(0.3) ? null : desk.known.submissions.take(desk.chance);
        const changes = await change(desk.client, 'update public.lab_orders set submission_id = $2 where id = $1', [
          id,
          other?.id ?? null,
        ]);
        if (other !== null) desk.known.submissions.put(other);
        return changes;
      }),
  },
  {
    kind: 'order deleted',
    weight: 0.4,
    size: 1,
    run: async (desk) => {
      const row = desk.known.orders.take(desk.chance);
      return row === null ? 0 : change(desk.client, 'delete from public.lab_orders where id = $1', [row.id]);
    },
  },
];
