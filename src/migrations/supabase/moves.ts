import type { Image, LandedRow } from '../../core/index.ts';
import { compareInstants, instantOf } from './time.ts';

const at = (move: LandedRow): string => instantOf(move.sourceTime) ?? '0001-01-01T00:00:00.000Z';
const place = (move: LandedRow): bigint => (/^\d+$/.test(move.lsn) ? BigInt(move.lsn) : 0n);

/**
 * Recorded moves of a link, newest first. Following newest moves from empty key to empty key goes on in time, so it
 * never comes round: somebody who came back made the key live again.
 */
export const newestFirst = (moves: readonly LandedRow[]): readonly LandedRow[] =>
  [...moves].sort(
    (x, y) =>
      compareInstants(at(y), at(x)) || (place(y) > place(x) ? 1 : place(y) < place(x) ? -1 : x.key < y.key ? 1 : -1),
  );

export function moveColumn(move: LandedRow, column: 'from' | 'to' | 'row'): string | null {
  const value = move.image[column];
  return typeof value === 'string' ? value : null;
}

/** What a reference that points nowhere is to a link: only moves between two values are recorded. */
const NOWHERE = 'nowhere';

/** A reference whose past is wanted: the source lets go of it (`on delete set null`) and what it was must not be lost. */
export const heldLink =
  (column: string) =>
  (image: Image): string => {
    const value = image[column];
    return typeof value === 'string' ? value.toLowerCase() : NOWHERE;
  };

/** What the reference of a row was before the source let go of it; null when it always pointed nowhere, as far as known. */
export function lastHeld(moves: readonly LandedRow[]): string | null {
  const [newest] = newestFirst(moves);
  const from = newest && moveColumn(newest, 'to') === NOWHERE ? moveColumn(newest, 'from') : null;
  return from === NOWHERE ? null : from;
}
