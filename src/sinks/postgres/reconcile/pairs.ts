import {
  canonicalDecimal,
  type DocumentPair,
  type Json,
  type JsonObject,
  type PostgresTarget,
  replaceNumbers,
  type WantedDocument,
} from '../../../core/index.ts';
import type { LedgerContext } from '../context.ts';
import { ident, type Queryable, qualified } from '../sql.ts';
import { keyColumns } from '../target-tables.ts';
import { readReadable } from './readable.ts';

interface PairRow {
  n: string;
  /** JSON text */
  expected: string;
  actual: string | null;
  foreign: boolean | null;
}

/**
 * Rows as the target holds them beside what is expected, both as the columns' own types write them: PostgreSQL itself
 * rounds, orders and spells the expectation. A row whose transaction is not that of its document's record was written by
 * somebody else. Of a content that a column's type refuses there is no answer; `db` is within a transaction.
 */
export async function readPairs(
  db: Queryable,
  context: LedgerContext,
  target: PostgresTarget,
  wanted: readonly WantedDocument[],
): Promise<readonly DocumentPair[]> {
  if (wanted.length === 0) return [];
  const table = qualified(target.name, context.schemaSuffix);
  const plain = await plainColumns(db, table);
  return readReadable(db, wanted, (some) => pairsOf(db, context, target, plain, some));
}

async function pairsOf(
  db: Queryable,
  context: LedgerContext,
  target: PostgresTarget,
  plain: ReadonlySet<string>,
  wanted: readonly WantedDocument[],
): Promise<readonly DocumentPair[]> {
  const table = qualified(target.name, context.schemaSuffix);
  const match = target.key.map((column) => `t.${ident(column)} = r.${ident(column)}`).join(' and ');
  const found = await db.query<PairRow>(
    `select e.n, to_jsonb(r)::text as expected, to_jsonb(t)::text as actual, t.xmin::text <> d.xmin::text as foreign
     from jsonb_array_elements($1::jsonb) with ordinality as e(v, n)
     cross join lateral jsonb_populate_record(null::${table}, e.v -> 'row') r
     left join ${table} t on ${match}
     left join sluice.document d on d.pipeline = $2 and d.target = $3 and d.id = e.v ->> 'id'`,
    [
      JSON.stringify(wanted.map(({ id, content }) => ({ id, row: asRow(target, id, content, plain) }))),
      context.pipeline,
      target.name,
    ],
  );
  return found.rows.map((row) => {
    const { id, content } = wanted[Number(row.n) - 1] as WantedDocument;
    const columns = Object.keys(content);
    const actual = row.actual === null ? null : pick(exact(row.actual), columns);
    return {
      id,
      expected: pick(exact(row.expected), columns),
      actual: actual === null ? null : { content: actual, revision: null, foreign: row.foreign },
    };
  });
}

/** What is no text goes into a plain column as its JSON, as when it is written. */
export function asRow(target: PostgresTarget, id: string, content: JsonObject, plain: ReadonlySet<string>): JsonObject {
  const members = Object.entries(content).map(([name, value]): [string, Json] => [
    name,
    plain.has(name) && value !== null && typeof value === 'object' ? JSON.stringify(value) : value,
  ]);
  return { ...Object.fromEntries(members), ...keyColumns(target, id) };
}

export async function plainColumns(db: Queryable, table: string): Promise<ReadonlySet<string>> {
  const found = await db.query<{ name: string }>(
    `select a.attname as name from pg_attribute a join pg_type t on t.oid = a.atttypid
     where a.attrelid = to_regclass($1) and a.attnum > 0 and not a.attisdropped
       and t.typcategory <> 'A' and t.typname not in ('json', 'jsonb')`,
    [table],
  );
  return new Set(found.rows.map(({ name }) => name));
}

/** Numbers become texts that no string of the row can be, each value in one spelling and with all its digits. */
const exact = (text: string): JsonObject =>
  JSON.parse(replaceNumbers(text, (number) => JSON.stringify(`\u0000${spelling(number)}`))) as JsonObject;

const spelling = (number: string): string => (/[eE]/.test(number) ? String(Number(number)) : canonicalDecimal(number));

const pick = (row: JsonObject, columns: readonly string[]): JsonObject =>
  Object.fromEntries(columns.map((column) => [column, row[column] ?? null]));

/**
 * Rows that no recorded document accounts for, by the texts of their keys: all of `known`, and at most so many others, in
 * the order of their keys. So what is known already leaves no less room for what is not.
 */
export async function unexpectedRows(
  db: Queryable,
  context: LedgerContext,
  target: PostgresTarget,
  limit: number,
  known: readonly string[] = [],
): Promise<readonly string[]> {
  const table = qualified(target.name, context.schemaSuffix);
  const id = (i: number): string => (target.key.length === 1 ? 'd.id' : `(d.id::jsonb -> ${i})`);
  const built = target.key.map((column, i) => `${literal(column)}, ${id(i)}`).join(', ');
  const match = target.key.map((column) => `r.${ident(column)} = t.${ident(column)}`).join(' and ');
  const key = `array[${target.key.map((column) => `t.${ident(column)}::text`).join(', ')}]`;
  const keys = known.map((one): unknown => (target.key.length === 1 ? [one] : JSON.parse(one)));
  const found = await db.query<{ key: string[] }>(
    `select ${key} as key, to_jsonb(${key}) in (select k from jsonb_array_elements($4::jsonb) k) as known
     from ${table} t where not exists (
       select from (select k.* from sluice.document d,
           lateral jsonb_populate_record(null::${table}, jsonb_build_object(${built})) k
         where d.pipeline = $1 and d.target = $2 and not d.gone offset 0) r where ${match})
     order by 2 desc, 1 limit $3`,
    [context.pipeline, target.name, limit + known.length, JSON.stringify(keys)],
  );
  const strange = found.rows.map((row) => (row.key.length === 1 ? (row.key[0] as string) : JSON.stringify(row.key)));
  const isKnown = new Set(known);
  const others = strange.filter((one) => !isKnown.has(one)).slice(0, limit);
  return [...strange.filter((one) => isKnown.has(one)), ...others];
}

/**
 * Those of these keys, as `unexpectedRows` tells them, that are still there and still nobody's: read by the keys alone. A
 * document whose id spells the same key in another way is told by `unexpectedRows` only.
 */
export async function stillUnexpectedRows(
  db: Queryable,
  context: LedgerContext,
  target: PostgresTarget,
  ids: readonly string[],
): Promise<readonly string[]> {
  if (ids.length === 0) return [];
  const table = qualified(target.name, context.schemaSuffix);
  const match = target.key.map((column) => `t.${ident(column)} = r.${ident(column)}`).join(' and ');
  const found = await db.query<{ id: string }>(
    `select e.v ->> 'id' as id from jsonb_array_elements($3::jsonb) e(v)
     cross join lateral jsonb_populate_record(null::${table}, e.v -> 'key') r
     join ${table} t on ${match}
     where not exists (select from sluice.document d
       where d.pipeline = $1 and d.target = $2 and d.id = e.v ->> 'id' and not d.gone)`,
    [context.pipeline, target.name, JSON.stringify(ids.map((id) => ({ id, key: keyColumns(target, id) })))],
  );
  return found.rows.map(({ id }) => id);
}

const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

export interface TargetCounts {
  /** documents on record */
  readonly expected: number;
  readonly actual: number;
}

export async function countBoth(db: Queryable, context: LedgerContext, target: PostgresTarget): Promise<TargetCounts> {
  const found = await db.query<{ expected: string; actual: string }>(
    `select (select count(*) from sluice.document where pipeline = $1 and target = $2 and not gone) as expected,
       (select count(*) from ${qualified(target.name, context.schemaSuffix)}) as actual`,
    [context.pipeline, target.name],
  );
  return { expected: Number(found.rows[0]?.expected ?? 0), actual: Number(found.rows[0]?.actual ?? 0) };
}
