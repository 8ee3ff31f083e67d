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
  const pairs = rows.map((row) => [row[from] ?? '', row[into] ?? ''] as const).filter(([old, now]) => old !== now);
  const before = reach(aggregate.key, (numbers) => pairs.flatMap(([old, now]) => (numbers.has(now) ? [old] : [])));
  const after = reach(aggregate.key, (numbers) => pairs.flatMap(([old, now]) => (numbers.has(old) ? [now] : [])));
  if (before >= MERGE_DEPTH || after >= MERGE_DEPTH)
    throw new SluiceError('ROW_INVALID', `${MERGE_DEPTH} patient numbers or more were merged one into the other`);
  return { merges, now: merges.get(aggregate.key) ?? aggregate.key };
}

/** How many steps lead to numbers not met before; a ring leads nowhere new. */
function reach(start: string, next: (numbers: ReadonlySet<string>) => readonly string[]): number {
  const met = new Set([start]);
  let numbers: ReadonlySet<string> = met;
  for (let steps = 0; ; steps++) {
    const found = new Set(next(numbers).filter((number) => !met.has(number)));
    if (found.size === 0) return steps;
    for (const number of found) met.add(number);
    numbers = found;
  }
}
