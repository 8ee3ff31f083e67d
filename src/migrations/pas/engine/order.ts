import type { SourceField } from '../catalogue/model.ts';
import { momentOf } from '../rules/dates.ts';
import type { SourceRow } from './outcome.ts';

/** A column by which rows are put in order, with the type its values have. */
export interface OrderColumn {
  readonly index: number;
  readonly type: SourceField['type'];
  readonly format: SourceField['format'];
}

/** A value as something that compares; blank and unreadable values are lower than any other. */
export function orderValue(value: string, { type, format }: OrderColumn): number | string {
  if (value === '') return typeIsText(type) ? '' : Number.NEGATIVE_INFINITY;
  if (format === 'inverted') return -numberOf(value);
  if (type === 'date' || type === 'datetime') return momentOf(value) ?? Number.NEGATIVE_INFINITY;
  return typeIsText(type) ? value : numberOf(value);
}

function numberOf(value: string): number {
  const number = Number(value);
  return Number.isNaN(number) ? Number.NEGATIVE_INFINITY : number;
}

const typeIsText = (type: SourceField['type']): boolean => !['date', 'datetime', 'integer', 'decimal'].includes(type);

export function compareRows(a: SourceRow, b: SourceRow, by: readonly OrderColumn[]): number {
  for (const column of by) {
    const one = a[column.index] ?? '';
    const other = b[column.index] ?? '';
    if (one === other) continue;
    const left = orderValue(one, column);
    const right = orderValue(other, column);
    if (left < right) return -1;
    if (left > right) return 1;
  }
  return 0;
}

/** Content without position: two rows that say the same are the same, wherever they stand. */
export function compareContent(a: SourceRow, b: SourceRow): number {
  for (let i = 0; i < a.length - 1; i++) {
    const left = a[i] ?? '';
    const right = b[i] ?? '';
    if (left === right) continue;
    return left < right ? -1 : 1;
  }
  return 0;
}
