import type pg from 'pg';
import type { RowSet, TableName, Tables } from './rows.ts';
import { TABLE_NAMES } from './rows.ts';

/**
 * One statement for any number of rows: they travel as one JSON text and PostgreSQL turns it into the table's own
 * types, so arrays, decimals and dates need no care here. Rows that are there already stay as they are.
 */
export async function insertRows<T extends TableName>(
  client: pg.ClientBase,
  table: T,
  rows: readonly Tables[T][],
): Promise<number> {
  const first = rows[0];
  if (first === undefined) return 0;
  const columns = Object.keys(first)
    .map((name) => `"${name}"`)
    .join(', ');
  const answer = await client.query(
    `insert into ${table} (${columns})
     select ${columns} from json_populate_recordset(null::${table}, $1::json)
     on conflict do nothing`,
    [JSON.stringify(rows)],
  );
  return answer.rowCount ?? 0;
}

/** Rows of several tables in one transaction, parents first. Answers how many were new, by table. */
export async function insertRowSet(client: pg.ClientBase, set: RowSet): Promise<Map<TableName, number>> {
  const written = new Map<TableName, number>();
  await client.query('begin');
  try {
    for (const table of TABLE_NAMES) {
      const rows = set[table];
      if (rows !== undefined) written.set(table, await insertRows(client, table, rows as Tables[typeof table][]));
    }
    await client.query('commit');
  } catch (error) {
    // the first failure is the one worth telling, so a failed rollback is not told
    await client.query('rollback').catch(() => {});
    throw error;
  }
  return written;
}
