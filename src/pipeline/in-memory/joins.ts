import { type Aggregate, type Flow, isAtRoot, type Joint, jointsOf, type Part } from '../../core/index.ts';
import type { HeldRow, LandedRows, Touch } from './landed-rows.ts';

const linkOf = (row: HeldRow, link: string): string | null => (link === 'key' ? row.key : (row.links[link] ?? null));

const distinct = (values: readonly (string | null)[]): readonly string[] => [
  ...new Set(values.filter((value) => value !== null)),
];

/** Reads the whole aggregate of one root. Parts are in order of keys, as everywhere. */
export function readAggregate(flow: Flow, key: string, rows: LandedRows): Aggregate {
  const root = 'table' in flow.root ? (rows.table(flow.root.table).get(key) ?? null) : null;
  const parts: Record<string, readonly HeldRow[]> = {};
  for (const part of flow.parts) {
    const found = joinValues(part, key, root, parts).flatMap((value) => {
      const joined = rows.table(part.table).find(part.link, value);
      return part.first ? [...joined].sort(byKey).slice(0, 1) : joined;
    });
    parts[part.name] = [...new Set(found)].sort(byKey);
  }
  return { key, root, parts };
}

const byKey = (x: HeldRow, y: HeldRow): number => (x.key < y.key ? -1 : 1);

function joinValues(
  part: Part,
  key: string,
  root: HeldRow | null,
  parts: Readonly<Record<string, readonly HeldRow[]>>,
): readonly string[] {
  return distinct(
    jointsOf(part).flatMap((joint) => {
      if (isAtRoot(joint)) return [key];
      const parents = joint.part === 'root' ? (root === null ? [] : [root]) : (parts[joint.part] ?? []);
      return parents.map((row) => linkOf(row, joint.link));
    }),
  );
}

/** Keys of the roots of a flow that a touched row belongs to, or belonged to. */
export function rootsTouched(flow: Flow, { before, after }: Touch, rows: LandedRows): ReadonlySet<string> {
  const keys = new Set<string>();
  if ('table' in flow.root && flow.root.table === after.table) keys.add(after.key);
  for (const part of flow.parts.filter((candidate) => candidate.table === after.table)) {
    if (part.watch !== undefined && before && before.links[part.watch] === after.links[part.watch]) continue;
    const values = distinct([before && linkOf(before, part.link), linkOf(after, part.link)]);
    for (const value of values) for (const key of climb(flow, part, value, rows)) keys.add(key);
  }
  return keys;
}

/** From a value of a part's joined side up to the roots. */
const climb = (flow: Flow, part: Part, value: string, rows: LandedRows): readonly string[] =>
  jointsOf(part).flatMap((joint) => (joint.quiet === true ? [] : climbBy(flow, joint, value, rows)));

function climbBy(flow: Flow, { part: parentName, link }: Joint, value: string, rows: LandedRows): readonly string[] {
  if (parentName === 'root') {
    if (link === 'key') return [value];
    return 'table' in flow.root
      ? rows
          .table(flow.root.table)
          .find(link, value)
          .map((row) => row.key)
      : [];
  }
  const parent = flow.parts.find((candidate) => candidate.name === parentName);
  if (!parent) return [];
  const above = distinct(
    rows
      .table(parent.table)
      .find(link, value)
      .map((row) => linkOf(row, parent.link)),
  );
  return above.flatMap((known) => climb(flow, parent, known, rows));
}

/** Every root a flow could have. */
export function allRoots(flow: Flow, rows: LandedRows): readonly string[] {
  if ('table' in flow.root) return rows.table(flow.root.table).keys();
  const direct = flow.parts.filter((part) => jointsOf(part).some(isAtRoot));
  return distinct(direct.flatMap((part) => rows.table(part.table).values(part.link)));
}
