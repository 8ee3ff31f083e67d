import type { Aggregate, LandedRow } from '../../../core/index.ts';
import { moveColumn, newestFirst } from '../moves.ts';

/** Where this key's last form went, when none is left: not even a deleted one, which would still be this patient's. */
export function successorOf(
  aggregate: Aggregate,
): { readonly matchKey: string; readonly row: LandedRow | null } | null {
  const { members = [], orders = [], left = [], leavers = [] } = aggregate.parts;
  if (members.length + orders.length > 0) return null;
  const [move] = newestFirst(left);
  const matchKey = move ? moveColumn(move, 'to') : null;
  if (matchKey === null || matchKey === aggregate.key) return null;
  return { matchKey, row: leavers.find((row) => move !== undefined && row.key === moveColumn(move, 'row')) ?? null };
}

/** The keys this one stands in for now, sorted: those that are empty and whose newest move came here. */
export function predecessorsOf(aggregate: Aggregate, linkOf: (row: LandedRow) => string | null): readonly string[] {
  const { arrived = [], originMembers = [], originMoves = [] } = aggregate.parts;
  const inhabited = new Set(originMembers.map(linkOf));
  const origins = new Set(arrived.map((move) => moveColumn(move, 'from')));
  const found: string[] = [];
  for (const origin of origins) {
    if (origin === null || origin === aggregate.key || inhabited.has(origin)) continue;
    const [last] = newestFirst(originMoves.filter((move) => moveColumn(move, 'from') === origin));
    if (last && moveColumn(last, 'to') === aggregate.key) found.push(origin);
  }
  return found.sort();
}
