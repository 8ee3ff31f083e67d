import type pg from 'pg';

/** What the rows of a table are: which versions of which rows, and where the table is kept. */
export interface RowsSeal {
  readonly table: string;
  readonly rows: number;
  /** a sum over every row and the transaction that wrote it, so that the order says nothing */
  readonly sum: string;
  /** of the table itself: another one means that it was dropped and made anew */
  readonly oid: number;
  /** columns and their types */
  readonly form: string;
}

/** Reads all rows of a table once. The session's settings decide how values are written: COPY_SETTINGS. */
export async function sealRows(client: pg.ClientBase, table: string): Promise<RowsSeal> {
  const name = table
    .split('.')
    .map((part) => client.escapeIdentifier(part))
    .join('.');
  const found = await client.query<{ rows: string; sum: string }>(
    `select count(*) as rows, coalesce(sum(hashtextextended(t::text || '/' || t.xmin::text, 0)), 0)::text as sum from ${name} t`,
  );
  const form = await client.query<{ oid: number; form: string }>(
    `select c.oid::int8::float8 as oid, (select md5(string_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod), ',' order by a.attnum))
       from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as form
     from pg_class c where c.oid = to_regclass($1)`,
    [table],
  );
  const [rows, shape] = [found.rows[0], form.rows[0]];
  return { table, rows: Number(rows?.rows), sum: rows?.sum ?? '', oid: shape?.oid ?? 0, form: shape?.form ?? '' };
}

/** What is no longer as it was sealed; null: nothing. */
export function sealFault(then: RowsSeal, now: RowsSeal): string | null {
  if (now.oid === 0) return 'is gone';
  if (now.oid !== then.oid) return 'was dropped and made anew';
  if (now.form !== then.form) return 'has other columns';
  if (now.rows !== then.rows) return `has ${now.rows} rows, ${then.rows} when it was frozen`;
  return now.sum === then.sum ? null : 'has rows that were written since';
}
