import { type Flow, isAtRoot, jointsOf, type Part } from '../../../core/index.ts';
import type { LedgerContext } from '../context.ts';
import { linkColumn } from '../landed-tables.ts';
import type { Queryable } from '../sql.ts';

/** The roots above some values of the joined side of a part: where `expandMarks` would come to, without writing marks. */
export async function rootsAbove(
  db: Queryable,
  context: LedgerContext,
  flow: Flow,
  partName: string,
  values: readonly string[],
): Promise<ReadonlySet<string>> {
  const part = flow.parts.find(({ name }) => name === partName);
  const roots = new Set<string>();
  if (!part || values.length === 0) return roots;
  for (const joint of jointsOf(part)) {
    if (joint.quiet === true) continue;
    const found = isAtRoot(joint) ? values : await stepUp(db, context, flow, joint, values);
    for (const root of found) roots.add(root);
  }
  return roots;
}

async function stepUp(
  db: Queryable,
  context: LedgerContext,
  flow: Flow,
  joint: Part['from'],
  values: readonly string[],
): Promise<Iterable<string>> {
  const parent = flow.parts.find(({ name }) => name === joint.part);
  const tableName = parent ? parent.table : 'table' in flow.root ? flow.root.table : null;
  if (tableName === null) return [];
  const table = context.table(tableName);
  const pointing = joint.link === 'key' ? 'key' : linkColumn(joint.link);
  const known = parent && parent.link !== 'key' ? linkColumn(parent.link) : 'key';
  const found = await db.query<{ value: string }>(
    `select distinct ${known} as value from ${table.sql} where ${pointing} = any($1::text[]) and ${known} is not null`,
    [values],
  );
  const above = found.rows.map(({ value }) => value);
  return parent ? rootsAbove(db, context, flow, parent.name, above) : above;
}
