import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { type Chance, chanceOf } from '../../chance.ts';
import { insertRows } from '../../insert.ts';
import type { Move as DeskMove } from '../../traffic/crew.ts';
import { household, type Person } from '../people.ts';
import type { Submission, TableName, Tables } from '../rows.ts';
import type { MakeContext } from '../submission.ts';
import type { Known, KnownSubmission } from './known.ts';
import type { Reservoir } from './reservoir.ts';

/** What a move works with: a connection of its own, draws of its own, and the rows known so far. */
export interface Desk {
  readonly client: pg.ClientBase;
  readonly chance: Chance;
  readonly known: Known;
  readonly context: MakeContext;
  readonly seed: bigint;
  /** most row changes this move may commit */
  readonly limit: number;
  /** the present, ISO */
  now(): string;
  /** lends a second connection */
  beside<T>(work: (second: pg.ClientBase) => Promise<T>): Promise<T>;
}

export type Move = DeskMove<Desk>;

export async function change(client: pg.ClientBase, sql: string, values: readonly unknown[]): Promise<number> {
  return (await client.query(sql, [...values])).rowCount ?? 0;
}

/** Lends a known row to `work`; the row is forgotten when nothing was changed, for then somebody else removed it. */
export async function withRow<Row>(
  desk: Desk,
  rows: Reservoir<Row>,
  work: (row: Row) => Promise<number>,
  fits?: (row: Row) => boolean,
): Promise<number> {
  const row = rows.take(desk.chance, fits);
  if (row === null) return 0;
  const changes = await work(row);
  if (changes > 0) rows.put(row);
  return changes;
}

/**
 * A generated row as written just now. Its key is new at each run: the same seed used again must not meet its own
 * rows of the last time.
 */
export function fresh<T extends { id: string }>(desk: Desk, row: T): T {
  const now = desk.now();
  const stamped: Record<string, unknown> = { ...row, id: randomUUID() };
  for (const name of ['created_at', 'updated_at', 'recorded_at', 'arrived_at', 'occurred_at'])
    if (name in stamped) stamped[name] = now;
  return stamped as T;
}

export const insertOne = <T extends TableName>(desk: Desk, table: T, row: Tables[T]): Promise<number> =>
  insertRows(desk.client, table, [row]);

export const knownAs = (row: Submission): KnownSubmission => ({
  id: row.id,
  large: [row.patient_notes, row.clinician_notes].some((text) => (text ?? '').length > 8000),
  numbered: (row.nhs_number ?? '').trim() !== '',
});

/** Somebody new: drawn from the far end of the invented people, away from those a seed has used. */
export function walkIn(desk: Desk): Person {
  const ordinal = 999_999 - desk.chance.below(300_000);
  const [person] = household(chanceOf(desk.seed, 'walk-in', ordinal), ordinal, 1, desk.context.baseMs).people;
  return person as Person;
}
