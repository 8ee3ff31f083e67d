import type { Aggregate, LandedRow } from '../../../core/index.ts';
import { compareInstants, instantOf } from '../time.ts';

const at = (move: LandedRow): string => instantOf(move.sourceTime) ?? '0001-01-01T00:00:00.000Z';
const place = (move: LandedRow): bigint => (/^\d+$/.test(move.lsn) ? BigInt(move.lsn) : 0n);

/**
 * The newest of recorded moves. Following newest moves from empty key to empty key goes on in time, so it never
 * comes round: somebody who came back made the key live again.
 */
function newest(moves: readonly LandedRow[]): LandedRow | null {
  const order = (x: LandedRow, y: LandedRow): number =>
    compareInstants(at(y), at(x)) || (place(y) > place(x) ? 1 : place(y) < place(x) ? -1 : x.key < y.key ? 1 : -1);
  return [...moves].sort(order)[0] ?? null;
}

const columnOf = (row: LandedRow, column: string): string | null => {
  const value = row.image[column];
  return typeof value === 'string' ? value : null;
};

/** Where this key's last form went, when none is left: not even a deleted one, which would still be this patient's. */
export function successorOf(
  aggregate: Aggregate,
): { readonly matchKey: string; readonly row: LandedRow | null } | null {
  const { members = [], orders = [], left = [], leavers = [] } = aggregate.parts;
  if (members.length + orders.length > 0) return null;
  const move = newest(left);
  const matchKey = move && columnOf(move, 'to');
  if (!move || matchKey === null || matchKey === aggregate.key) return null;
  return { matchKey, row: leavers.find((row) => row.key === columnOf(move, 'row')) ?? null };
}

/** The keys this one stands in for now, sorted: those that are empty and whose newest move came here. */
export function predecessorsOf(aggregate: Aggregate, linkOf: (row: LandedRow) => string | null): readonly string[] {
  const { arrived = [], originMembers = [], originMoves = [] } = aggregate.parts;
  const inhabited = new Set(originMembers.map(linkOf));
  const origins = new Set(arrived.map((move) => columnOf(move, 'from')));
  const found: string[] = [];
  for (const origin of origins) {
    if (origin === null || origin === aggregate.key || inhabited.has(origin)) continue;
    const last = newest(originMoves.filter((move) => columnOf(move, 'from') === origin));
    if (last && columnOf(last, 'to') === aggregate.key) found.push(origin);
  }
  return found.sort();
}
