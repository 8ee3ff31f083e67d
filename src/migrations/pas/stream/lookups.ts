import type { Contract, Feed } from '../contract/model.ts';
import { type Projection, tableBehind } from '../engine/projection.ts';

/** Rows of a table without a patient are found by a column, from a column of a row that was found before. */
export interface Lookup {
  readonly table: string;
  readonly column: string;
  readonly fromTable: string;
  readonly fromColumn: string;
}

/** Whether a table's rows belong to no patient. */
export const isShared = (projection: Projection, table: string): boolean => projection.get(table)?.patient === null;

/**
 * What the rows of some feeds need of tables without a patient: rows they are joined to, master files their codes must
 * stand in, and parents, with what those need in turn. It may be more than a row needs, never less.
 */
export function lookupsOf(contract: Contract, projection: Projection, ofShared: boolean): readonly Lookup[] {
  const found = new Map<string, Lookup>();
  const done = new Set<Feed>();
  const add = (lookup: Lookup): void => {
    if (!isShared(projection, lookup.table)) return;
    found.set([lookup.table, lookup.column, lookup.fromTable, lookup.fromColumn].join('.'), lookup);
  };
  const visit = (table: string, feed: Feed): void => {
    if (done.has(feed)) return;
    done.add(feed);
    const from = (ref: { row: string; field: string }) => ({
      fromTable: tableBehind(feed, ref.row),
      fromColumn: ref.field,
    });
    for (const join of feed.joins) {
      const [first] = join.on;
      if (first) add({ table: join.table, column: first.right, ...from(first.left) });
    }
    for (const { feed: only, rule, sources } of contract.fields.get(table) ?? []) {
      if (rule.kind !== 'translate' || (only !== null && only !== feed.name)) continue;
      const crosswalk = contract.crosswalks.get(rule.crosswalk);
      if (crosswalk?.kind !== 'master') continue;
      for (const source of sources) add({ table: crosswalk.table, column: crosswalk.column, ...from(source) });
    }
    for (const link of feed.parents)
      for (const parent of contract.plans.get(link.parent)?.feeds ?? []) {
        const [column] = parent.key;
        const [key] = link.key;
        if (parent.identity !== link.identity || !isShared(projection, parent.driver) || !column || !key) continue;
        add({ table: parent.driver, column, ...from(key) });
        visit(link.parent, parent);
      }
  };
  for (const [table, { feeds }] of contract.plans)
    for (const feed of feeds) if (isShared(projection, feed.driver) === ofShared) visit(table, feed);
  return [...found.values()];
}
