import { type JsonObject, type PostgresTarget, SluiceError } from '../../core/index.ts';
import type { LedgerContext } from './context.ts';
import { ident, type Queryable, qualified, splitName } from './sql.ts';

export interface TargetRow {
  readonly id: string;
  readonly content: JsonObject;
  readonly stamps: JsonObject;
}

/** The key columns of a document id: the value itself for one column, a JSON array for several. */
function keyColumns(target: PostgresTarget, id: string): JsonObject {
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
  readonly #columns = new Map<string, ReadonlySet<string>>();

  constructor(context: LedgerContext) {
    this.#context = context;
  }

  async write(db: Queryable, target: PostgresTarget, rows: readonly TargetRow[]): Promise<void> {
    if (rows.length === 0) return;
    const table = qualified(target.name, this.#context.schemaSuffix);
    const named = new Set(rows.flatMap((row) => [...Object.keys(row.content), ...Object.keys(row.stamps)]));
    await this.#refuseUnknown(db, target, named);
    const columns = [...named].sort();
    const list = columns.map(ident).join(', ');
    const key = target.key.map(ident).join(', ');
    const updates = columns
      .filter((column) => !target.key.includes(column))
      .map((c) => `${ident(c)} = excluded.${ident(c)}`);
    const onConflict =
      target.mode === 'append' || updates.length === 0 ? 'nothing' : `update set ${updates.join(', ')}`;
    const values = rows.map((row) => ({ ...row.content, ...row.stamps }));
    await db.query(
      `insert into ${table} (${list}) select ${list} from jsonb_populate_recordset(null::${table}, $1::jsonb)
       on conflict (${key}) do ${onConflict}`,
      [JSON.stringify(values)],
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

  async #refuseUnknown(db: Queryable, target: PostgresTarget, named: ReadonlySet<string>): Promise<void> {
    let known = this.#columns.get(target.name);
    if (!known) {
      const [schema, table] = splitName(target.name);
      const found = await db.query<{ column_name: string }>(
        'select column_name from information_schema.columns where table_schema = $1 and table_name = $2',
        [schema + this.#context.schemaSuffix, table],
      );
      known = new Set(found.rows.map((row) => row.column_name));
      this.#columns.set(target.name, known);
    }
    const missing = [...named].filter((column) => !known.has(column));
    if (missing.length === 0) return;
    this.#columns.delete(target.name);
    throw new SluiceError('SCHEMA_OUTDATED', `${target.name} lacks ${missing.join(', ')}`);
  }
}
