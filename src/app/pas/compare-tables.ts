import { join } from 'node:path';
import { hashOf } from './parts.ts';
import { forEachRow } from './read-rows.ts';

export interface TableDifference {
  readonly table: string;
  readonly rows: readonly [number, number];
  readonly added: number;
  readonly removed: number;
  readonly changed: number;
}

/** A hash for each record number; four bytes a row, whatever is in it. */
function rowHashes(place: string, table: string): { readonly hashes: Uint32Array; readonly rows: number } {
  const numbers: number[] = [];
  forEachRow(join(place, 'lineage', `${table}.csv`), ([number], row) => {
    if (row > 0) numbers.push(Number(number));
    return true;
  });
  const hashes = new Uint32Array(numbers.reduce((most, number) => Math.max(most, number), 0) + 1);
  let rows = 0;
  forEachRow(join(place, 'target', `${table}.csv`), (cells, row) => {
    if (row === 0) return true;
    rows += 1;
    // zero says that there is no such row
    hashes[numbers[row - 1] ?? 0] = hashOf(cells.join('\u001f')) || 1;
    return true;
  });
  return { hashes, rows };
}

/** Rows of one table in two folders of a run, found by their record numbers. */
export function compareTable(table: string, left: string, right: string): TableDifference {
  const a = rowHashes(left, table);
  const b = rowHashes(right, table);
  let [added, removed, changed] = [0, 0, 0];
  for (let number = 1; number < Math.max(a.hashes.length, b.hashes.length); number++) {
    const [before, after] = [a.hashes[number] ?? 0, b.hashes[number] ?? 0];
    if (before === after) continue;
    if (before === 0) added += 1;
    else if (after === 0) removed += 1;
    else changed += 1;
  }
  return { table, rows: [a.rows, b.rows], added, removed, changed };
}
