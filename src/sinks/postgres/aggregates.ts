import { type Aggregate, type Flow, isAtRoot, jointsOf, type LandedState, type Part } from '../../core/index.ts';
import type { LedgerContext } from './context.ts';
import { landedColumns, landedState } from './landed-rows.ts';
import { linkColumn } from './landed-tables.ts';
import type { Queryable } from './sql.ts';

type Row = Parameters<typeof landedState>[1];

/** Reads whole aggregates, one statement a part for all roots together, so cost grows with rows and not with roots. */
export async function readAggregates(
  db: Queryable,
  context: LedgerContext,
  flow: Flow,
  keys: readonly string[],
): Promise<ReadonlyMap<string, Aggregate>> {
  const roots = new Map<string, LandedState>();
  if ('table' in flow.root) {
    for (const row of await rowsBy(db, context, flow.root.table, 'key', keys)) roots.set(row.key, row);
  }
  // for each part, the rows found and to which values of the joined side they answer
  const parts = new Map<string, ReadonlyMap<string, readonly LandedState[]>>();
  const rowsOfPart = new Map<string, readonly LandedState[]>();
  for (const part of flow.parts) {
    const wanted = distinct(
      jointsOf(part).flatMap((joint): readonly (string | null)[] => {
        if (isAtRoot(joint)) return keys;
        const parents = joint.part === 'root' ? [...roots.values()] : (rowsOfPart.get(joint.part) ?? []);
        return parents.map((row) => linkOf(row, joint.link));
      }),
    );
    const rows = await rowsBy(db, context, part.table, part.link, wanted, part.first);
    rowsOfPart.set(part.name, rows);
    parts.set(part.name, groupBy(rows, part.link));
  }
  return new Map(keys.map((key) => [key, assemble(flow, key, roots.get(key) ?? null, parts)]));
}

function assemble(
  flow: Flow,
  key: string,
  root: LandedState | null,
  found: ReadonlyMap<string, ReadonlyMap<string, readonly LandedState[]>>,
): Aggregate {
  const parts: Record<string, readonly LandedState[]> = {};
  for (const part of flow.parts) {
    const values = joinValues(part, key, root, parts);
    const rows = values.flatMap((value) => found.get(part.name)?.get(value) ?? []);
    // order by key: a transformer must not see an order that depends on how rows lie on disk
    parts[part.name] = [...new Map(rows.map((row) => [row.key, row])).values()].sort((x, y) =>
      x.key < y.key ? -1 : x.key > y.key ? 1 : 0,
    );
  }
  return { key, root, parts };
}

function joinValues(
  part: Part,
  key: string,
  root: LandedState | null,
  parts: Readonly<Record<string, readonly LandedState[]>>,
): string[] {
  return distinct(
    jointsOf(part).flatMap((joint) => {
      if (isAtRoot(joint)) return [key];
      const parents = joint.part === 'root' ? (root === null ? [] : [root]) : (parts[joint.part] ?? []);
      return parents.map((row) => linkOf(row, joint.link));
    }),
  );
}

const linkOf = (row: LandedState, link: string): string | null =>
  link === 'key' ? row.key : (row.links[link] ?? null);

const distinct = (values: readonly (string | null)[]): string[] => [
  ...new Set(values.filter((value): value is string => value !== null)),
];

function groupBy(rows: readonly LandedState[], link: string): ReadonlyMap<string, readonly LandedState[]> {
  const groups = new Map<string, LandedState[]>();
  for (const row of rows) {
    const value = linkOf(row, link);
    if (value === null) continue;
    const group = groups.get(value);
    if (group) group.push(row);
    else groups.set(value, [row]);
  }
  return groups;
}

async function rowsBy(
  db: Queryable,
  context: LedgerContext,
  name: string,
  link: string,
  values: readonly string[],
  firstOnly = false,
): Promise<LandedState[]> {
  if (values.length === 0) return [];
  const table = context.table(name);
  const column = link === 'key' ? 'key' : linkColumn(link);
  const columns = landedColumns(table);
  const text = firstOnly
    ? // one probe for each value: what is passed over is not read
      `select t.* from unnest($1::text[]) v(value), lateral
         (select ${columns} from ${table.sql} where ${column} = v.value order by key limit 1) t`
    : `select ${columns} from ${table.sql} where ${column} = any($1)`;
  const found = await db.query<Row>(text, [values]);
  return found.rows.map((row) => landedState(table, row));
}
