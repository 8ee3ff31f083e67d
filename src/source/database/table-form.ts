import type pg from 'pg';
import { SluiceError } from '../../core/index.ts';

/** What it takes to make a table anew, in PostgreSQL's own words. */
export interface TableForm {
  readonly columns: readonly {
    readonly name: string;
    readonly type: string;
    readonly notNull: boolean;
    readonly default: string | null;
  }[];
  /** primary key and unique first, foreign keys last */
  readonly constraints: readonly { readonly name: string; readonly definition: string }[];
  /** those that no constraint brings along */
  readonly indexes: readonly string[];
}

/** Throws CONFIG_INVALID where there is no such table. */
export async function readTableForm(client: pg.Client, table: string): Promise<TableForm> {
  const columns = await client.query<TableForm['columns'][number]>(
    `select a.attname as name, format_type(a.atttypid, a.atttypmod) as type, a.attnotnull as "notNull",
       case when a.attgenerated = '' then pg_get_expr(d.adbin, d.adrelid) end as default
     from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
     where a.attrelid = to_regclass($1) and a.attnum > 0 and not a.attisdropped order by a.attnum`,
    [table],
  );
  if (columns.rows.length === 0) throw new SluiceError('CONFIG_INVALID', `the source database has no table ${table}`);
  const constraints = await client.query<TableForm['constraints'][number]>(
    `select conname as name, pg_get_constraintdef(oid) as definition from pg_constraint
     where conrelid = to_regclass($1) and contype in ('p', 'u', 'c', 'x', 'f')
     order by position(contype::text in 'pucxf'), conname`,
    [table],
  );
  const indexes = await client.query<{ definition: string }>(
    `select pg_get_indexdef(i.indexrelid) as definition from pg_index i
     where i.indrelid = to_regclass($1) and not exists (select from pg_constraint c where c.conindid = i.indexrelid)
     order by 1`,
    [table],
  );
  return {
    columns: columns.rows,
    constraints: constraints.rows,
    indexes: indexes.rows.map(({ definition }) => definition),
  };
}
