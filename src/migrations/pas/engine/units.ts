import { compareContent, compareRows, type OrderColumn } from './order.ts';
import type { SourceRow } from './outcome.ts';

/** One or several driver rows that stand for one target row. */
export interface Unit {
  readonly first: SourceRow;
  readonly last: SourceRow;
  readonly size: number;
  readonly key: string;
}

export interface CompiledFold {
  readonly within: readonly number[];
  readonly same: readonly number[];
  readonly order: readonly OrderColumn[];
}

const SEPARATOR = '|';

/** A separator inside a part is marked, so that no two keys give the same text; hardly any part holds one. */
const keyPart = (part: string): string =>
  part.includes(SEPARATOR) || part.includes('\\') ? part.replace(/[\\|]/g, '\\$&') : part;

/** The parts of a key as one text. */
export function joinKey(parts: readonly string[]): string {
  let key = keyPart(parts[0] ?? '');
  for (let i = 1; i < parts.length; i++) key += SEPARATOR + keyPart(parts[i] as string);
  return key;
}

/** The values of some columns of a row as a key. */
export function keyOf(row: SourceRow, columns: readonly number[]): string {
  let key = keyPart(row[columns[0] ?? -1] ?? '');
  for (let i = 1; i < columns.length; i++) key += SEPARATOR + keyPart(row[columns[i] as number] ?? '');
  return key;
}

/** Neighbours by order that agree become one; without a fold each row is a unit. Comes in the order of the keys. */
export function unitsOf(rows: readonly SourceRow[], key: readonly number[], fold: CompiledFold | null): Unit[] {
  const units = fold
    ? folded(rows, key, fold)
    : rows.map((row) => ({ first: row, last: row, size: 1, key: keyOf(row, key) }));
  return units.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : compareContent(a.first, b.first)));
}

function folded(rows: readonly SourceRow[], key: readonly number[], fold: CompiledFold): Unit[] {
  const groups = new Map<string, SourceRow[]>();
  for (const row of rows) {
    const name = keyOf(row, fold.within);
    const group = groups.get(name);
    if (group) group.push(row);
    else groups.set(name, [row]);
  }
  const units: Unit[] = [];
  for (const group of groups.values()) {
    group.sort((a, b) => compareRows(a, b, fold.order) || compareContent(a, b));
    let run: SourceRow[] = [];
    const close = (): void => {
      const [first] = run;
      const last = run.at(-1);
      if (first && last) units.push({ first, last, size: run.length, key: keyOf(first, key) });
      run = [];
    };
    for (const row of group) {
      const before = run.at(-1);
      if (before && fold.same.some((column) => before[column] !== row[column])) close();
      run.push(row);
    }
    close();
  }
  return units;
}
