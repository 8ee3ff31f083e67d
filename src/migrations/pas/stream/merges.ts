import { type Aggregate, SluiceError } from '../../../core/index.ts';
import { readMerges } from '../engine/intake.ts';
import type { SourceRow } from '../engine/outcome.ts';
import type { ProjectedTable } from '../engine/projection.ts';
import { MERGE_DEPTH, mergedFrom, mergedInto } from './parts.ts';

/** What the numbers around one patient's number were merged into. */
export interface Merged {
  readonly merges: ReadonlyMap<string, string>;
  /** the number all of it belongs to now: the patient's own, or the one it was merged into */
  readonly now: string;
}

/**
 * Reads the merge list around a number as `pas run` reads the whole of it.
 * @throws ROW_INVALID where more numbers follow one another than are looked at
 */
export function mergesAround(
  aggregate: Aggregate,
  projected: ProjectedTable,
  columns: { readonly from: string; readonly into: string },
  read: (part: string, table: string) => readonly SourceRow[],
): Merged {
  const [from, into] = [projected.columns.get(columns.from) ?? -1, projected.columns.get(columns.into) ?? -1];
  const steps = Array.from({ length: MERGE_DEPTH }, (_, i) => i + 1);
  const named = steps.flatMap((step) => [mergedFrom(step), mergedInto(step)]);
  const rows = named.flatMap((part) => read(part, projected.table));
  const merges = readMerges(rows, from, into);
  const now = merges.get(aggregate.key) ?? aggregate.key;
  const last = read(mergedInto(MERGE_DEPTH), projected.table);
  const isRing = rows.some((row) => row[from] === now && row[from] !== row[into]);
  const goesOn = last.some((row) => row[into] === now) || read(mergedFrom(MERGE_DEPTH), projected.table).length > 0;
  if (goesOn && !isRing)
    throw new SluiceError('ROW_INVALID', `more than ${MERGE_DEPTH} patient numbers were merged one into the other`);
  return { merges, now };
}
