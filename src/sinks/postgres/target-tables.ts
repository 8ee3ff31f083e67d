import { type JsonObject, type PostgresTarget, SluiceError } from '../../core/index.ts';
import type { LedgerContext } from './context.ts';
import { ident, type Queryable, qualified } from './sql.ts';
import { type TypedArray, typedArray } from './typed-arrays.ts';

export interface TargetRow {
  readonly id: string;
  readonly content: JsonObject;
  readonly stamps: JsonObject;
}

/** The key columns of a document id: the value itself for one column, a JSON array for several. */
export function keyColumns(target: PostgresTarget, id: string): JsonObject {
  if (target.key.length === 1) return { [target.key[0] as string]: id };
  const values = JSON.parse(id) as string[];
  return Object.fromEntries(target.key.map((column, i) => [column, values[i] ?? null]));
}

/**
 * Writes rows of target tables. The columns of a table are read from the catalogue once; a document that names a
 * column the table lacks means that its schema is older than this release.
 */
export class TargetTables {
  readonly #context: LedgerContext;
  readonly #columns = new Map<string, ReadonlyMap<string, ColumnType>>();

  constructor(context: LedgerContext) {
    this.#context = context;
  }

  async write(db: Queryable, target: PostgresTarget, rows: readonly TargetRow[]): Promise<void> {
    if (rows.length === 0) return;
    const table = qualified(target.name, this.#context.schemaSuffix);
    const named = new Set<string>();
    for (const { content, stamps } of rows) {
      for (const name in content) named.add(name);
      for (const name in stamps) named.add(name);
    }
    const columns = [...named].sort();
    const types = await this.#typesOf(db, target, columns);
    const list = columns.map(ident).join(', ');
    const key = target.key.map(ident).join(', ');
    const updates = columns
      .filter((column) => !target.key.includes(column))
      .map((c) => `${ident(c)} = excluded.${ident(c)}`);
    const onConflict =
      target.mode === 'append' || updates.length === 0 ? 'nothing' : `update set ${updates.join(', ')}`;
    const given = columns.map((column, i) => arrayOf(rows, column, types[i] as ColumnType));
    const arrays = given.map(({ array }, i) => `$${i + 1}::${array}[]`).join(', ');
    const names = columns.map((_, i) => `c${i}`).join(', ');
    const picked = given.map(({ cast }, i) => picking(types[i] as ColumnType, cast, `u.c${i}`)).join(', ');
    await db.query(
      `insert into ${table} (${list}) select ${picked} from unnest(${arrays}) as u(${names})
       on conflict (${key}) do ${onConflict}`,
      given.map(({ parameter }) => parameter),
    );
  }

  async remove(db: Queryable, target: PostgresTarget, ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    const table = qualified(target.name, this.#context.schemaSuffix);
    const match = target.key.map((column) => `t.${ident(column)} = gone.${ident(column)}`).join(' and ');
    await db.query(
      `delete from ${table} t using jsonb_populate_recordset(null::${table}, $1::jsonb) gone where ${match}`,
      [JSON.stringify(ids.map((id) => keyColumns(target, id)))],
    );
  }

  /** The rows as the target holds them, each as one JSON object. */
  async read(db: Queryable, target: PostgresTarget, ids: readonly string[]): Promise<Map<string, JsonObject>> {
    const table = qualified(target.name, this.#context.schemaSuffix);
    const match = target.key.map((column) => `t.${ident(column)} = w.${ident(column)}`).join(' and ');
    const found = await db.query<{ n: string; row: JsonObject }>(
      `select w.n, to_jsonb(t) as row
       from (select r.*, e.n from jsonb_array_elements($1::jsonb) with ordinality as e(v, n),
               lateral jsonb_populate_record(null::${table}, e.v) r) w
       join ${table} t on ${match}`,
      [JSON.stringify(ids.map((id) => keyColumns(target, id)))],
    );
    return new Map(found.rows.map((row) => [ids[Number(row.n) - 1] as string, row.row]));
  }

  /** Throws SCHEMA_OUTDATED when the table lacks one of the columns. */
  async #typesOf(db: Queryable, target: PostgresTarget, columns: readonly string[]): Promise<readonly ColumnType[]> {
    const known = this.#columns.get(target.name) ?? (await this.#readColumns(db, target));
    const types = columns.map((column) => known.get(column));
    if (types.every((type) => type !== undefined)) return types;
    this.#columns.delete(target.name);
    const missing = columns.filter((column) => !known.has(column));
    throw new SluiceError('SCHEMA_OUTDATED', `${target.name} lacks ${missing.join(', ')}`);
  }

  async #readColumns(db: Queryable, target: PostgresTarget): Promise<ReadonlyMap<string, ColumnType>> {
    const found = await db.query<ColumnType & { column: string }>(
      // without its modifier: a cast to varchar(5) would cut what an assignment refuses
      `select a.attname as "column", format_type(a.atttypid, -1) as name,
         t.typcategory = 'A' as "isArray", t.typname in ('json', 'jsonb') as "isJson"
       from pg_attribute a join pg_type t on t.oid = a.atttypid
       where a.attrelid = to_regclass($1) and a.attnum > 0 and not a.attisdropped`,
      [qualified(target.name, this.#context.schemaSuffix)],
    );
    const known = new Map(found.rows.map(({ column, ...type }) => [column, type]));
    this.#columns.set(target.name, known);
    return known;
  }
}

interface ColumnType {
  readonly name: string;
  readonly isArray: boolean;
  readonly isJson: boolean;
}

function arrayOf(rows: readonly TargetRow[], column: string, type: ColumnType): TypedArray {
  const values = rows.map(({ content, stamps }) => content[column] ?? stamps[column] ?? null);
  return typedArray(type.name, values, (value) => {
    if (value === null) return null;
    return typeof value === 'string' && !type.isJson && !type.isArray ? value : JSON.stringify(value);
  });
}

/** An array travels as JSON; everything else that is not binary as PostgreSQL itself reads it. */
function picking({ name, isArray }: ColumnType, cast: string | null, value: string): string {
  if (!isArray) return cast === null ? value : `${value}::${cast}`;
  return `case when ${value} is not null then array(select jsonb_array_elements_text(${value}::jsonb))::${name} end`;
}
