import { randomUUID } from 'node:crypto';
import { inTransaction } from '../../database.ts';
import * as words from '../words.ts';
import { change, type Desk, type Move, withRow } from './desk.ts';

const NEXT: Readonly<Record<string, readonly string[]>> = {
  REQUESTED: ['CONFIRMED', 'CONFIRMED', 'CONFIRMED', 'CANCELLED'],
  CONFIRMED: ['CHECKED_IN', 'CHECKED_IN', 'CHECKED_IN', 'NO_SHOW', 'CANCELLED'],
  CHECKED_IN: ['COMPLETED'],
};

/** Books for a submission and leaves the key and the times of writing to the database. */
export async function book(desk: Desk, submission: string, status = 'REQUESTED'): Promise<string | null> {
  const minutes = desk.chance.pick([0, 15, 30, 30, 45]);
  const answer = await desk.client.query<{ id: string }>(
    `insert into public.appointments (submission_id, start_at, end_at, location, notes, status, resource_type)
     select s.id, slot, slot + make_interval(mins => $3), $4, $5, $6, $7
       from public.submissions s, lateral (select date_trunc('hour', now()) + make_interval(mins => $2) as slot) t
      where s.id = $1
     returning id`,
    [
      submission,
      15 * desk.chance.between(1, 4000),
      minutes,
      desk.chance.pick(words.LOCATIONS),
      desk.chance.yes(0.5) ? desk.chance.pick(words.VISIT_NOTES) : null,
      status,
      desk.chance.pick(['IN_PERSON', 'IN_PERSON', 'TELEHEALTH', 'HOME_VISIT']),
    ],
  );
  return answer.rows[0]?.id ?? null;
}

const RESCHEDULE = `update public.appointments
  set start_at = start_at + make_interval(mins => $2), end_at = end_at + make_interval(mins => $2),
      location = $3, updated_at = now() where id = $1`;

/** A request is closed and its appointment follows: two tables, one transaction. */
function handleRequest(desk: Desk): Promise<number> {
  const request = desk.known.requests.take(desk.chance);
  if (request === null) return Promise.resolve(0);
  return inTransaction(desk.client, async () => {
    const closed = await change(
      desk.client,
      "update public.appointment_requests set status = 'resolved', handled_at = now() where id = $1",
      [request.id],
    );
    if (closed === 0 || request.appointment_id === null) return closed;
    return (
      closed +
      (await change(
        desk.client,
        "update public.appointments set status = 'CANCELLED', updated_at = now() where id = $1",
        [request.appointment_id],
      ))
    );
  });
}

export const VISIT_MOVES: readonly Move[] = [
  {
    kind: 'appointment booked',
    weight: 8,
    size: 1,
    run: (desk) =>
      withRow(desk, desk.known.submissions, async ({ id }) => {
        const visit = await book(desk, id);
        if (visit !== null) desk.known.appointments.put({ id: visit, status: 'REQUESTED' });
        return visit === null ? 0 : 1;
      }),
  },
  {
    kind: 'appointment walks on',
    weight: 12,
    size: 1,
    run: (desk) =>
      withRow(
        desk,
        desk.known.appointments,
        (row) => {
          row.status = desk.chance.pick(NEXT[row.status] ?? ['COMPLETED']);
          return change(desk.client, 'update public.appointments set status = $2, updated_at = now() where id = $1', [
            row.id,
            row.status,
          ]);
        },
        (row) => row.status in NEXT,
      ),
  },
  {
    kind: 'appointment moved',
    weight: 6,
    size: 1,
    run: (desk) =>
      withRow(desk, desk.known.appointments, ({ id }) =>
        change(desk.client, RESCHEDULE, [id, 15 * desk.chance.between(-200, 400), desk.chance.pick(words.LOCATIONS)]),
      ),
  },
  {
    kind: 'appointment key changed',
    weight: 1.5,
    size: 1,
    run: (desk) =>
      withRow(desk, desk.known.appointments, async (row) => {
        const before = row.id;
        row.id = randomUUID();
        // one that a request points at cannot change its key
        return change(
          desk.client,
          `update public.appointments a set id = $2
            where id = $1 and not exists (select from public.appointment_requests r where r.appointment_id = a.id)`,
          [before, row.id],
        );
      }),
  },
  {
    kind: 'appointment deleted',
    weight: 1.5,
    size: 1,
    run: async (desk) => {
      const row = desk.known.appointments.take(desk.chance);
      return row === null ? 0 : change(desk.client, 'delete from public.appointments where id = $1', [row.id]);
    },
  },
  {
    kind: 'change requested',
    weight: 2,
    size: 1,
    run: (desk) =>
      withRow(desk, desk.known.appointments, async ({ id }) => {
        const answer = await desk.client.query<{ id: string }>(
          `insert into public.appointment_requests (submission_id, appointment_id, patient_email, request_type, message)
           select a.submission_id, a.id, s.email, $2, $3
             from public.appointments a join public.submissions s on s.id = a.submission_id where a.id = $1
           returning id`,
          [id, desk.chance.pick(['reschedule', 'cancel', 'other']), desk.chance.pick(words.REQUEST_MESSAGES)],
        );
        const request = answer.rows[0]?.id;
        if (request !== undefined) desk.known.requests.put({ id: request, appointment_id: id });
        return request === undefined ? 0 : 1;
      }),
  },
  { kind: 'request handled', weight: 2, size: 2, run: handleRequest },
];
