import type { Catalogue } from '../catalogue/model.ts';
import type { Feed, Join } from '../contract/model.ts';
import { compareContent, compareRows, type OrderColumn, orderValue } from './order.ts';
import type { RowProblem, SourceRow } from './outcome.ts';
import { columnOf, type ProjectedTable, type Projection } from './projection.ts';
import {
  allHold,
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
          let key = row[columns[0] ?? -1] ?? '';
          for (let i = 1; i < columns.length; i++) key += SEPARATOR + (row[columns[i] as number] ?? '');
          const same = index.get(key);
          if (same) same.push(row);
          else index.set(key, [row]);
        }
        indexes.set(name, index);
      }
      return index.get(values.length === 1 ? (values[0] as string) : values.join(SEPARATOR)) ?? NONE;
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
      const meant =
        where.length === 0 || found.length === 0 ? found : found.filter((row) => holdsFor(row, where, slot, rows));
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
  return allHold(where, rows);
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
  if (pick.kind === 'nth') {
    const candidates = sorted(found, order);
    const wanted = candidates[pick.n - 1];
    if (!wanted) return null;
    return alone(candidates.filter((row) => compareRows(row, wanted, order) === 0));
  }
  const [first] = order;
  let candidates = found;
  if (at !== null && first) {
    const value = valueAt(rows, at);
    const moment = orderValue(value, { ...first, format: null });
    const later = (row: SourceRow): boolean => orderValue(row[first.index] ?? '', first) > moment;
    candidates = value === '' ? NONE : candidates.filter((row) => later(row) === (pick.kind === 'next'));
  }
  return endOf(candidates, pick.kind === 'earliest' || pick.kind === 'next' ? -1 : 1, order);
}

/** The first (-1) or last (1) row by order. */
function endOf(
  rows: readonly SourceRow[],
  side: -1 | 1,
  order: readonly OrderColumn[],
): SourceRow | null | 'JOIN_AMBIGUOUS' {
  let end = rows[0];
  if (!end) return null;
  let ambiguous = false;
  for (let i = 1; i < rows.length; i++) {
    const row = rows[i] as SourceRow;
    const compared = compareRows(row, end, order) * side;
    if (compared > 0) {
      end = row;
      ambiguous = false;
    } else if (compared === 0) ambiguous ||= compareContent(row, end) !== 0;
  }
  return ambiguous ? 'JOIN_AMBIGUOUS' : end;
}

/** Rows that say the same are one; rows that differ and cannot be told apart are nobody's choice. */
function alone(rows: readonly SourceRow[]): SourceRow | null | 'JOIN_AMBIGUOUS' {
  const first = rows[0];
  if (!first) return null;
  return rows.every((row) => row === first || compareContent(row, first) === 0) ? first : 'JOIN_AMBIGUOUS';
}
