import { randomUUID } from 'node:crypto';
import { inventedPhone, typedNhsNumber } from '../people.ts';
import { makeGuardian, makeSubmission } from '../submission.ts';
import * as words from '../words.ts';
import { change, type Desk, fresh, insertOne, knownAs, type Move, walkIn, withRow } from './desk.ts';

/** A new submission, known from then on. */
async function file(desk: Desk): Promise<number> {
  const row = fresh(desk, makeSubmission(desk.chance, walkIn(desk), desk.context));
  const changes = await insertOne(desk, 'public.submissions', row);
  if (changes > 0) desk.known.submissions.put(knownAs(row));
  return changes;
}

const SET = 'update public.submissions set updated_at = now(),';

/** Adds a guardian, takes the first away, or turns the list round. A list that is no list is left alone. */
function editGuardians(desk: Desk, id: string): Promise<number> {
  const edit = desk.chance.weighted([
    ['guardian_contacts || $2::jsonb', 5],
    ['guardian_contacts - 0', 3],
    [
      `coalesce((select jsonb_agg(g order by place desc)
                 from jsonb_array_elements(guardian_contacts) with ordinality as list (g, place)), '[]')`,
      2,
    ],
  ]);
  const adds = edit.includes('$2');
  return change(
    desk.client,
    `${SET} guardian_contacts = ${edit} where id = $1 and jsonb_typeof(guardian_contacts) = 'array'`,
    adds ? [id, JSON.stringify([makeGuardian(desk.chance, walkIn(desk))])] : [id],
  );
}

/** The same person once more, from another address. */
const COPY = `
  insert into public.submissions (id, first_name, surname, email, phone, date_of_birth, nhs_number, symptoms, food_triggers)
  select $2, first_name, surname, coalesce(nullif(email, ''), 'again@example.org'), $3, date_of_birth, nhs_number, $4, food_triggers
    from public.submissions where id = $1`;

export const SUBMISSION_MOVES: readonly Move[] = [
  { kind: 'submission filed', weight: 10, size: 1, run: file },
  {
    kind: 'patient files again',
    weight: 2,
    size: 1,
    run: (desk) =>
      withRow(
        desk,
        desk.known.submissions,
        async ({ id }) => {
          const values = [id, randomUUID(), inventedPhone(desk.chance), [desk.chance.pick(words.SYMPTOMS)]];
          return change(desk.client, COPY, values);
        },
        (row) => row.numbered,
      ),
  },
  {
    kind: 'submission triaged',
    weight: 10,
    size: 1,
    run: (desk) =>
      withRow(desk, desk.known.submissions, ({ id }) =>
        change(desk.client, `${SET} status = $2, spt_ready = $3, high_risk = $4, flags = $5 where id = $1`, [
          id,
          desk.chance.weighted(words.SUBMISSION_STATUSES),
          desk.chance.yes(0.4),
          desk.chance.yes(0.1),
          [desk.chance.pick(words.FLAGS)],
        ]),
      ),
  },
  {
    kind: 'large text written',
    weight: 1.5,
    size: 1,
    run: (desk) =>
      withRow(desk, desk.known.submissions, (row) => {
        row.large = true;
        const text = words.prose(desk.chance, desk.chance.between(9_000, 16_000));
        return change(desk.client, `${SET} patient_notes = $2 where id = $1`, [row.id, text]);
      }),
  },
  {
    kind: 'large text left alone',
    weight: 4,
    size: 1,
    run: (desk) =>
      withRow(
        desk,
        desk.known.submissions,
        ({ id }) =>
          change(desk.client, `${SET} phone = $2, can_eat_baked_egg = not can_eat_baked_egg where id = $1`, [
            id,
            inventedPhone(desk.chance),
          ]),
        (row) => row.large,
      ),
  },
  {
    kind: 'NHS number gained',
    weight: 3,
    size: 1,
    run: (desk) =>
      withRow(
        desk,
        desk.known.submissions,
        (row) => {
          let { nhs } = walkIn(desk);
          while (nhs === null) nhs = walkIn(desk).nhs;
          row.numbered = true;
          return change(desk.client, `${SET} nhs_number = $2 where id = $1`, [
            row.id,
            typedNhsNumber(desk.chance, nhs),
          ]);
        },
        (row) => !row.numbered,
      ),
  },
  {
    kind: 'guardians edited',
    weight: 4,
    size: 1,
    run: (desk) => withRow(desk, desk.known.submissions, ({ id }) => editGuardians(desk, id)),
  },
  {
    kind: 'consent renewed',
    weight: 2,
    size: 1,
    run: (desk) =>
      withRow(desk, desk.known.submissions, ({ id }) =>
        change(
          desk.client,
          `${SET} consent_signed_at = now(), consent_expires_at = now() + $2::interval where id = $1`,
          [id, desk.chance.pick(['20 seconds', '30 days', '1 year', '5 years'])],
        ),
      ),
  },
  {
    // what belongs to it goes along; those rows come on top of the rate
    kind: 'submission deleted',
    weight: 1,
    size: 1,
    run: async (desk) => {
      const row = desk.known.submissions.take(desk.chance);
      return row === null ? 0 : change(desk.client, 'delete from public.submissions where id = $1', [row.id]);
    },
  },
];
