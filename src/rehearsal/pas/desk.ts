import type pg from 'pg';
import type { Chance } from '../chance.ts';
import { inTransaction } from '../database.ts';
import { insertRows } from '../insert.ts';
import type { Move as DeskMove } from '../traffic/crew.ts';
import type { Patient, Put } from './put.ts';
import { SCHEMA, type StagedTable, stagedRow } from './staged.ts';

/** Where somebody works in V83: a connection, draws of their own, and the tables there are. */
export interface Desk {
  readonly client: pg.ClientBase;
  readonly chance: Chance;
  readonly tables: ReadonlyMap<string, StagedTable>;
  /** Tables with a mark of logical deletion, and the name of its column. */
  readonly marks: readonly { readonly table: string; readonly column: string }[];
  /** Tables with the patient's number, and the name of its column. */
  readonly patientTables: readonly { readonly table: string; readonly column: string }[];
  /** how many patients the seed made, about */
  readonly patients: number;
  /** Numbers that no seed and no other step gives. */
  readonly fresh: () => number;
}

export type Move = DeskMove<Desk>;
export type Found = Readonly<Record<string, string | null>>;

const quoted = (name: string): string => `"${name}"`;

export const move = (kind: string, weight: number, run: Move['run'], size = 1): Move => ({ kind, weight, size, run });

export const change = async ({ client }: Desk, sql: string, ...values: unknown[]): Promise<number> =>
  (await client.query(sql, values)).rowCount ?? 0;

/** Some row of a patient's table, as near as the index is to a patient drawn. */
export async function some(desk: Desk, table: string, where = 'true'): Promise<Found | null> {
  const first = quoted(desk.tables.get(table)?.key[0] ?? '');
  const at = String(100_000 + desk.chance.between(1, desk.patients));
  for (const from of [at, ''])
    for (const row of (
      await desk.client.query<Found>(
        `select * from ${SCHEMA}.${table} where ${first} >= $1 and (${where}) order by ${first} limit 1`,
        [from],
      )
    ).rows)
      return row;
  return null;
}

/** Work on some row, nothing when there is none. */
export const onSome =
  (table: string, work: (desk: Desk, row: Found) => Promise<number>, where?: string) =>
  async (desk: Desk): Promise<number> => {
    const row = await some(desk, table, where);
    return row === null ? 0 : work(desk, row);
  };

function keyed({ tables }: Desk, table: string, row: Found, from: number): { where: string; values: unknown[] } {
  const key = [...(tables.get(table)?.key ?? []), 'sluice_copy'];
  return {
    where: key.map((column, i) => `${quoted(column)} = $${from + i}`).join(' and '),
    values: key.map((column) => row[column]),
  };
}

/** Other values in some columns of a row. */
export function set(desk: Desk, table: string, row: Found, values: Found): Promise<number> {
  const names = Object.keys(values);
  const { where, values: key } = keyed(desk, table, row, names.length + 1);
  const assigned = names.map((name, i) => `${quoted(name)} = $${i + 1}`).join(', ');
  return change(desk, `update ${SCHEMA}.${table} set ${assigned} where ${where}`, ...Object.values(values), ...key);
}

export function remove(desk: Desk, table: string, row: Found): Promise<number> {
  const { where, values } = keyed(desk, table, row, 1);
  return change(desk, `delete from ${SCHEMA}.${table} where ${where}`, ...values);
}

/** The same row under another key. */
export const copyOf = (desk: Desk, table: string, row: Found, values: Found): Promise<number> =>
  insertRows(desk.client, `${SCHEMA}.${table}`, [{ ...row, ...values }]);

export const together = (desk: Desk, work: () => Promise<number>): Promise<number> => inTransaction(desk.client, work);

/** Rows as the generator makes them, in one transaction. */
export function writes(desk: Desk, make: (put: Put) => void): Promise<number> {
  const rows: { readonly table: StagedTable; readonly row: Readonly<Record<string, string>> }[] = [];
  make((name, row) => {
    const table = desk.tables.get(name.toLowerCase());
    if (table) rows.push({ table, row });
  });
  return together(desk, async () => {
    let done = 0;
    for (const { table, row } of rows)
      done += await insertRows(desk.client, `${SCHEMA}.${table.name}`, [stagedRow(table, row, 1)]);
    return done;
  });
}

/** The patient of a row of PATDATA, as the generator knows them. Far from the first few, who have one of everything. */
export const patientOf = (row: Found, index: number): Patient => ({
  number: row.internalpatientnumber ?? '',
  index,
  forenames: row.forenames ?? '',
  surname: row.surname ?? '',
  sex: row.sex === '2' ? '2' : '1',
  born: row.ptdob ?? '',
  postcode: row.ptaddrpostcode ?? '',
  gp: row.gpcode ?? '',
  practice: '',
});
