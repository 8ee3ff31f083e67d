import type { SourceField, TargetField, ValueType } from '../catalogue/model.ts';

const MOMENTS: readonly ValueType[] = ['date', 'datetime', 'time'];
const WORDS: readonly ValueType[] = ['text', 'code', 'flag'];
const NUMBERS: readonly ValueType[] = ['integer', 'decimal'];

/** Whether values of one type can stand in a column of the other without being made up. */
export function typeFits(from: ValueType, to: ValueType): boolean {
  if (from === to) return true;
  if (WORDS.includes(to)) return WORDS.includes(from) || NUMBERS.includes(from);
  // read as a number, and refused where it is none
  if (NUMBERS.includes(to)) return !MOMENTS.includes(from);
  if (to === 'date') return from === 'datetime';
  if (to === 'time') return from === 'datetime';
  return to === 'datetime' && from === 'date';
}

const WRITTEN: Partial<Record<ValueType, number>> = { date: 10, time: 5, datetime: 16 };

/** Characters a value of the source column may take when it is written into the target column; null: not known. */
export function longestWritten(source: SourceField, target: TargetField): number | null {
  return WRITTEN[target.type] ?? source.size;
}
