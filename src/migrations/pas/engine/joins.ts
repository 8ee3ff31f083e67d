import type { Catalogue } from '../catalogue/model.ts';
import type { Feed, Join } from '../contract/model.ts';
import { compareContent, compareRows, type OrderColumn, orderValue } from './order.ts';
import type { RowProblem, SourceRow } from './outcome.ts';
import { columnOf, type ProjectedTable, type Projection } from './projection.ts';
import {
  type Column,
  type CompiledCondition,
  columnAt,
  compileCondition,
  type RowsAtHand,
  valueAt,
} from './rows-at-hand.ts';

/** Rows of a table by the values of some columns. Made when first asked for, kept for as long as the rows are. */
export interface RowIndex {
  find(by: IndexedBy, values: readonly string[]): readonly SourceRow[];
}

/** Columns of a table by which rows are looked up. */
export interface IndexedBy {
  readonly table: string;
  readonly columns: readonly number[];
  /** the two as one word */
  readonly name: string;
}

export const indexedBy = (table: string, columns: readonly number[]): IndexedBy => ({
  table,
  columns,
  name: `${table}:${columns.join(',')}`,
});

const SEPARATOR = '\u001f';
const NONE: readonly SourceRow[] = [];

export function indexRows(rowsOf: (table: string) => readonly SourceRow[]): RowIndex {
  const indexes = new Map<string, Map<string, SourceRow[]>>();
  return {
    find({ table, columns, name }, values) {
      let index = indexes.get(name);
      if (!index) {
        index = new Map();
        for (const row of rowsOf(table)) {
          const key = columns.map((column) => row[column]).join(SEPARATOR);
          const same = index.get(key);
          if (same) same.push(row);
          else index.set(key, [row]);
        }
        indexes.set(name, index);
      }
      return index.get(values.join(SEPARATOR)) ?? NONE;
    },
  };
}

export interface CompiledJoin {
  readonly table: string;
  readonly list: boolean;
  readonly required: boolean;
  /** Puts the matching rows into `rows` at `slot`. */
  take(rows: RowsAtHand, index: RowIndex): RowProblem | null;
}

export const orderColumns = (
  projected: ProjectedTable,
  fields: readonly string[],
  catalogue: Catalogue,
): OrderColumn[] =>
  fields.map((field) => {
    const known = catalogue.sourceFields.get(projected.table)?.get(field);
    return { index: columnOf(projected, field), type: known?.type ?? 'text', format: known?.format ?? null };
  });

export function compileJoin(
  feed: Feed,
  join: Join,
  slot: number,
  projection: Projection,
  catalogue: Catalogue,
): CompiledJoin {
  const projected = projection.get(join.table);
  if (!projected) throw new Error(`projection lacks ${join.table}`);
  const left = join.on.map(({ left }) => columnAt(feed, left, projection));
  const by = indexedBy(
    join.table,
    join.on.map((pair) => columnOf(projected, pair.right)),
  );
  const where = join.where.map((condition) => compileCondition(feed, condition, projection));
  const { pick } = join;
  const order = 'order' in pick ? orderColumns(projected, pick.order, catalogue) : [];
  const at = pick.kind === 'as-of' || pick.kind === 'next' ? columnAt(feed, pick.at, projection) : null;

  return {
    table: join.table,
    list: pick.kind === 'all',
    required: join.required,
    take(rows, index) {
      const values = left.map((column) => valueAt(rows, column));
      const found = values.includes('') ? NONE : index.find(by, values);
      const meant = where.length === 0 ? found : found.filter((row) => holdsFor(row, where, slot, rows));
      if (pick.kind === 'all') {
        rows.lists[slot] = meant.length < 2 ? meant : sorted(meant, order);
        return meant.length === 0 && join.required ? 'JOIN_MISSING' : null;
      }
      const one = meant.length === 0 ? null : choose(meant, pick, order, at, rows);
      if (one === 'JOIN_AMBIGUOUS') return one;
      rows.single[slot] = one;
      return one === null && join.required ? 'JOIN_MISSING' : null;
    },
  };
}

function holdsFor(row: SourceRow, where: readonly CompiledCondition[], slot: number, rows: RowsAtHand): boolean {
  rows.single[slot] = row;
  return where.every((condition) => condition.holds(rows));
}

const sorted = (rows: readonly SourceRow[], order: readonly OrderColumn[]): SourceRow[] =>
  [...rows].sort((a, b) => compareRows(a, b, order) || compareContent(a, b));

function choose(
  found: readonly SourceRow[],
  pick: Join['pick'],
  order: readonly OrderColumn[],
  at: Column | null,
  rows: RowsAtHand,
): SourceRow | null | 'JOIN_AMBIGUOUS' {
  if (pick.kind === 'only') return alone(found);
  let candidates = sorted(found, order);
  if (pick.kind === 'nth') {
    const wanted = candidates[pick.n - 1];
    if (!wanted) return null;
    return alone(candidates.filter((row) => compareRows(row, wanted, order) === 0));
  }
  const [first] = order;
  if (at !== null && first) {
    const value = valueAt(rows, at);
    const moment = orderValue(value, { ...first, format: null });
    const later = (row: SourceRow): boolean => orderValue(row[first.index] ?? '', first) > moment;
    candidates = value === '' ? [] : candidates.filter((row) => later(row) === (pick.kind === 'next'));
  }
  const end = pick.kind === 'earliest' || pick.kind === 'next' ? candidates[0] : candidates.at(-1);
  if (!end) return null;
  return alone(candidates.filter((row) => compareRows(row, end, order) === 0));
}

/** Rows that say the same are one; rows that differ and cannot be told apart are nobody's choice. */
function alone(rows: readonly SourceRow[]): SourceRow | null | 'JOIN_AMBIGUOUS' {
  const [first, ...others] = rows;
  if (!first) return null;
  return others.every((row) => compareContent(row, first) === 0) ? first : 'JOIN_AMBIGUOUS';
}
