import type { RowProblem } from './outcome.ts';
import { allHold, type Column, type CompiledCondition, type RowsAtHand, valueAt } from './rows-at-hand.ts';
import { joinKey } from './units.ts';

export interface CompiledParent {
  /** Where the parent's record number is written; null: nowhere, it only has to be there. */
  readonly index: number | null;
  readonly links: readonly Link[];
}

interface Link {
  readonly parent: string;
  readonly identity: string;
  readonly where: readonly CompiledCondition[];
  readonly key: readonly Column[];
  readonly required: boolean;
}

/** What has been loaded so far of the rows at hand, by table: business key to record number; null: refused. */
export type Loaded = ReadonlyMap<string, Map<string, number | null>>;

/** Business key of a target row: the same for the same source row for ever. */
export const businessKey = (identity: string, key: string): string => `${identity}|${key}`;

/** Puts the record numbers of a row's parents into its cells; answers the first that is wanted and not to be had. */
export function linkParents(
  parents: readonly CompiledParent[],
  rows: RowsAtHand,
  cells: string[],
  loaded: Loaded,
): { readonly problem: RowProblem; readonly parent: string } | null {
  for (const { index, links } of parents) {
    const found = openLink(links, rows);
    if (found === null) {
      const required = links.find((candidate) => candidate.required && allHold(candidate.where, rows));
      if (required) return { problem: 'PARENT_KEY_MISSING', parent: required.parent };
      continue;
    }
    const { link, key } = found;
    const parent = loaded.get(link.parent)?.get(businessKey(link.identity, key));
    if (parent === undefined) return { problem: 'ORPHAN', parent: link.parent };
    if (parent === null) return { problem: 'PARENT_REJECTED', parent: link.parent };
    if (index !== null) cells[index] = String(parent);
  }
  return null;
}

/** The first link whose conditions hold and whose key is whole. */
function openLink(links: readonly Link[], rows: RowsAtHand): { readonly link: Link; readonly key: string } | null {
  next: for (const link of links) {
    if (!allHold(link.where, rows)) continue;
    const parts: string[] = [];
    for (const column of link.key) {
      const value = valueAt(rows, column);
      if (value === '') continue next;
      parts.push(value);
    }
    return { link, key: joinKey(parts) };
  }
  return null;
}
