import type { ColumnRef, Condition, Feed } from '../contract/model.ts';
import type { SourceRow } from './outcome.ts';
import { columnOf, type Projection, tableBehind } from './projection.ts';

/** The rows from which one target row is made. */
export interface RowsAtHand {
  /** driver, last, then one for each join; null where nothing matched */
  readonly single: (SourceRow | null)[];
  /** rows of the joins that take all, by the same numbers */
  readonly lists: (readonly SourceRow[])[];
}

export const DRIVER_SLOT = 0;
export const LAST_SLOT = 1;
export const FIRST_JOIN_SLOT = 2;

export interface Column {
  readonly slot: number;
  readonly index: number;
  /** Which of several rows: the column is read from each of them. */
  readonly list: boolean;
  readonly table: string;
  readonly field: string;
}

/** Resolves a column name once, so that reading a value is two array accesses. */
export function columnAt(feed: Feed, ref: ColumnRef, projection: Projection): Column {
  const table = tableBehind(feed, ref.row);
  const projected = projection.get(table);
  if (!projected) throw new Error(`projection lacks ${table}`);
  const join = feed.joins.findIndex(({ name }) => name === ref.row);
  const slot = ref.row === 'driver' ? DRIVER_SLOT : ref.row === 'last' ? LAST_SLOT : FIRST_JOIN_SLOT + join;
  const list = join >= 0 && feed.joins[join]?.pick.kind === 'all';
  return { slot, index: columnOf(projected, ref.field), list, table, field: ref.field };
}

export const valueAt = (rows: RowsAtHand, column: Column): string => rows.single[column.slot]?.[column.index] ?? '';

export interface CompiledCondition {
  /** true: it can be judged once the joins are made, not before */
  readonly joined: boolean;
  holds(rows: RowsAtHand): boolean;
}

/** Whether all of some conditions hold. */
export function allHold(conditions: readonly CompiledCondition[], rows: RowsAtHand): boolean {
  for (let i = 0; i < conditions.length; i++) if (!(conditions[i] as CompiledCondition).holds(rows)) return false;
  return true;
}

/** A blank is in no list, and differs from nothing. */
export function compileCondition(feed: Feed, condition: Condition, projection: Projection): CompiledCondition {
  const column = columnAt(feed, condition.column, projection);
  const joined = column.slot >= FIRST_JOIN_SLOT;
  switch (condition.test) {
    case 'present':
      return { joined, holds: (rows) => valueAt(rows, column) !== '' };
    case 'blank':
      return { joined, holds: (rows) => valueAt(rows, column) === '' };
    case 'in':
    case 'not-in': {
      const values = new Set(condition.values);
      const wanted = condition.test === 'in';
      return {
        joined,
        holds: (rows) => {
          const value = valueAt(rows, column);
          return (value !== '' && values.has(value)) === wanted;
        },
      };
    }
    case 'differs': {
      const other = columnAt(feed, condition.other, projection);
      return {
        joined: joined || other.slot >= FIRST_JOIN_SLOT,
        holds: (rows) => {
          const left = valueAt(rows, column);
          const right = valueAt(rows, other);
          return left !== '' && right !== '' && left !== right;
        },
      };
    }
  }
}
