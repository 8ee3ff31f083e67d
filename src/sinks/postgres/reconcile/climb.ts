import { type Flow, isAtRoot, jointsOf, type Part } from '../../../core/index.ts';
import type { LedgerContext } from '../context.ts';
import { linkColumn } from '../landed-tables.ts';
import type { Queryable } from '../sql.ts';

/**
 * The roots above some values of the joined side of a part: where `expandMarks` would come to, without writing marks.
 *
 * @param quietToo those also that read the rows without being marked for them
 */
export async function rootsAbove(
  db: Queryable,
  context: LedgerContext,
  flow: Flow,
  partName: string,
  values: readonly string[],
  quietToo = false,
): Promise<ReadonlySet<string>> {
  const part = flow.parts.find(({ name }) => name === partName);
  const roots = new Set<string>();
  if (!part || values.length === 0) return roots;
  for (const joint of jointsOf(part)) {
    if (joint.quiet === true && !quietToo) continue;
    const found = isAtRoot(joint) ? values : await stepUp(db, context, flow, joint, values, quietToo);
    for (const root of found) roots.add(root);
  }
  return roots;
}

/**
 * The roots that read what belongs to some other roots through quiet joints. Those others tell them of a change when they
 * are derived themselves; until then a root that is told so has no mark, though what it is made of has changed.
 */
export async function rootsToldBy(
  db: Queryable,
  context: LedgerContext,
  flow: Flow,
  others: readonly string[],
): Promise<ReadonlySet<string>> {
  const told = new Set<string>();
  const quiet = flow.parts.flatMap(jointsOf).filter((joint) => joint.quiet === true);
  if (others.length === 0) return told;
  for (const joint of new Map(quiet.map((one) => [`${one.part}\u001f${one.link}`, one])).values())
    for (const root of await stepUp(db, context, flow, joint, others, true)) told.add(root);
  return told;
}

async function stepUp(
  db: Queryable,
  context: LedgerContext,
  flow: Flow,
  joint: Part['from'],
  values: readonly string[],
  quietToo: boolean,
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
  return parent ? rootsAbove(db, context, flow, parent.name, above, quietToo) : above;
}
