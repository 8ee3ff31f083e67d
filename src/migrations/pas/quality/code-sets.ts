import type { Contract, Crosswalk, FieldRow } from '../contract/model.ts';
import type { SourceRow } from '../engine/outcome.ts';
import { columnOf, type Projection } from '../engine/projection.ts';

/**
 * What each coded target column may hold, by `TABLE.column`: the target codes of its crosswalk, the codes of its master
 * file, the contract's constants. A column that another rule fills too is left out: it has no closed set.
 */
export function codeSetsOf(
  contract: Contract,
  projection: Projection,
  sharedRows: ReadonlyMap<string, readonly SourceRow[]>,
): ReadonlyMap<string, ReadonlySet<string>> {
  const known = new Map<string, ReadonlySet<string>>();
  for (const [name, crosswalk] of contract.crosswalks) known.set(name, codesOf(crosswalk, projection, sharedRows));
  const sets = new Map<string, ReadonlySet<string>>();
  for (const [table, fields] of contract.fields)
    for (const column of new Set(fields.map(({ field }) => field))) {
      const set = setOf(
        fields.filter(({ field }) => field === column),
        known,
      );
      if (set) sets.set(`${table}.${column}`, set);
    }
  return sets;
}

function codesOf(
  crosswalk: Crosswalk,
  projection: Projection,
  sharedRows: ReadonlyMap<string, readonly SourceRow[]>,
): ReadonlySet<string> {
  if (crosswalk.kind === 'codes') return new Set(crosswalk.entries.map(({ target }) => target));
  const projected = projection.get(crosswalk.table);
  if (!projected) return new Set();
  const column = columnOf(projected, crosswalk.column);
  return new Set((sharedRows.get(crosswalk.table) ?? []).map((row) => row[column] ?? ''));
}

function setOf(rows: readonly FieldRow[], known: ReadonlyMap<string, ReadonlySet<string>>): Set<string> | null {
  if (!rows.some(({ rule }) => rule.kind === 'translate')) return null;
  const set = new Set<string>();
  for (const { rule } of rows) {
    if (rule.kind === 'translate') for (const code of known.get(rule.crosswalk) ?? []) set.add(code);
    else if (rule.kind === 'constant') set.add(rule.value);
    else if (rule.kind !== 'none') return null;
  }
  return set;
}
