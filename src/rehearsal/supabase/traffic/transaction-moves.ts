import { inTransaction } from '../../database.ts';
import { makeSubmission } from '../submission.ts';
import * as words from '../words.ts';
import { change, type Desk, fresh, insertOne, knownAs, type Move, walkIn } from './desk.ts';
import { placeOrder } from './lab-moves.ts';
import { book } from './visit-moves.ts';

/** Patient, visit, order and its event: four tables that become visible together. */
async function wholeIntake(desk: Desk): Promise<number> {
  const row = fresh(desk, makeSubmission(desk.chance, walkIn(desk), desk.context));
  const [visit, order] = await inTransaction(desk.client, async () => {
    await insertOne(desk, 'public.submissions', row);
    return [await book(desk, row.id, 'CONFIRMED'), await placeOrder(desk, row.id)];
  });
  desk.known.submissions.put(knownAs(row));
  if (visit !== null) desk.known.appointments.put({ id: visit, status: 'CONFIRMED' });
  if (order !== null) desk.known.orders.put({ id: order, status: 'submitted' });
  return 2 + (visit === null ? 0 : 1) + (order === null ? -1 : 1);
}

/** One statement over many rows. */
async function moveRoom(desk: Desk): Promise<number> {
  const rows = [];
  for (let n = Math.min(8, desk.limit); n > 0; n--) {
    const row = desk.known.appointments.take(desk.chance);
    if (row !== null) rows.push(row);
  }
  const changes = await change(
    desk.client,
    'update public.appointments set location = $2, updated_at = now() where id = any($1)',
    [rows.map((row) => row.id), desk.chance.pick(words.LOCATIONS)],
  );
  for (const row of rows) desk.known.appointments.put(row);
  return changes;
}

const NOTE = 'update public.appointments set notes = $2, updated_at = clock_timestamp() where id = $1';

/**
 * Two transactions through each other. The first to write commits last, and both write the same third row one after
 * the other, so that neither the order of writing nor of transaction ids is the order of commits.
 */
async function interleave(desk: Desk): Promise<number> {
  const { known, chance } = desk;
  const rows = [known.appointments.take(chance), known.appointments.take(chance), known.appointments.take(chance)];
  const [a, b, both] = rows;
  try {
    if (!a || !b || !both) return 0;
    return await desk.beside(async (second) => {
      let changes = 0;
      await inTransaction(desk.client, async () => {
        changes += await change(desk.client, NOTE, [a.id, 'first, begun']);
        await inTransaction(second, async () => {
          changes += await change(second, NOTE, [b.id, 'second']);
          changes += await change(second, NOTE, [both.id, 'second was here']);
        });
        changes += await change(desk.client, NOTE, [both.id, 'first was here later']);
        changes += await change(desk.client, NOTE, [a.id, 'first, done']);
      });
      return changes;
    });
  } finally {
    for (const row of rows) if (row) known.appointments.put(row);
  }
}

/** Thrown to leave a transaction without keeping what it did. */
class ChangeOfMind extends Error {}

async function changeMind(desk: Desk): Promise<number> {
  const row = fresh(desk, makeSubmission(desk.chance, walkIn(desk), desk.context));
  const undone = inTransaction(desk.client, async () => {
    await insertOne(desk, 'public.submissions', row);
    await book(desk, row.id);
    throw new ChangeOfMind();
  });
  return undone.catch((error: unknown) => {
    if (error instanceof ChangeOfMind) return 0;
    throw error;
  });
}

/** Half of what the transaction did is kept, half undone at a savepoint. */
async function halfChangeMind(desk: Desk): Promise<number> {
  const row = desk.known.appointments.take(desk.chance);
  if (row === null) return 0;
  const changes = await inTransaction(desk.client, async () => {
    const kept = await change(desk.client, NOTE, [row.id, 'kept']);
    await desk.client.query('savepoint half');
    await change(desk.client, NOTE, [row.id, 'never seen']);
    await desk.client.query('rollback to savepoint half');
    return kept;
  });
  if (changes > 0) desk.known.appointments.put(row);
  return changes;
}

/** A row that lives for one transaction only. */
function mayfly(desk: Desk): Promise<number> {
  const row = fresh(desk, makeSubmission(desk.chance, walkIn(desk), desk.context));
  return inTransaction(desk.client, async () => {
    const made = await insertOne(desk, 'public.submissions', row);
    return made + (await change(desk.client, 'delete from public.submissions where id = $1', [row.id]));
  });
}

/** The same row again and again, as fast as it goes: in one transaction or in one each. */
async function burst(desk: Desk, times: number, together: boolean): Promise<number> {
  const row = desk.known.appointments.take(desk.chance);
  if (row === null) return 0;
  const all = async (): Promise<number> => {
    let changes = 0;
    for (let n = 1; n <= times; n++) changes += await change(desk.client, NOTE, [row.id, `edit ${n} of ${times}`]);
    return changes;
  };
  const changes = await (together ? inTransaction(desk.client, all) : all());
  if (changes > 0) desk.known.appointments.put(row);
  return changes;
}

export const TRANSACTION_MOVES: readonly Move[] = [
  { kind: 'whole intake, four tables', weight: 3, size: 4, run: wholeIntake },
  { kind: 'room moved, many rows', weight: 1.5, size: 8, run: moveRoom },
  { kind: 'interleaved transactions', weight: 2, size: 5, run: interleave },
  { kind: 'burst on one row', weight: 1, size: 8, run: (desk) => burst(desk, Math.min(8, desk.limit), false) },
  { kind: 'one row thrice in a transaction', weight: 1, size: 3, run: (desk) => burst(desk, 3, true) },
  { kind: 'made and deleted at once', weight: 0.7, size: 2, run: mayfly },
  { kind: 'rolled back', weight: 2, size: 0, run: changeMind },
  { kind: 'half rolled back', weight: 1, size: 1, run: halfChangeMind },
];
