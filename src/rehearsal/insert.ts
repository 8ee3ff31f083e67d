import type pg from 'pg';
import { inTransaction } from './database.ts';

/** Values by column. */
export type Row = Readonly<Record<string, string | number | null>>;

/** Rows of several tables, by table. */
export type Rows = { readonly [table: string]: readonly object[] | undefined };

/**
 * One statement for any number of rows: they travel as one JSON text and PostgreSQL turns it into the table's own
 * types, so arrays, decimals and dates need no care here. Rows that are there already stay as they are.
 */
export async function insertRows(client: pg.ClientBase, table: string, rows: readonly object[]): Promise<number> {
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

/** Rows of several tables in one transaction, in the order of `tables`. Answers how many were new, by table. */
export async function insertRowSet<T extends string>(
  client: pg.ClientBase,
  tables: readonly T[],
  set: Rows,
): Promise<Map<T, number>> {
  const written = new Map<T, number>();
  await inTransaction(client, async () => {
    for (const table of tables) {
      const rows = set[table];
      if (rows !== undefined) written.set(table, await insertRows(client, table, rows));
    }
  });
  return written;
}
