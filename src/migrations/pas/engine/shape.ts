import type { ValueType } from '../catalogue/model.ts';
import { formatDate, parseDate, parseTime, plainDateText } from '../rules/dates.ts';
import { isPlainNumber, parseNumber } from '../rules/numbers.ts';
import type { CellCount, ValueProblem } from './outcome.ts';

/** What a rule says about the cell it works on, besides its value. One object serves all cells of an engine. */
export interface CellScope {
  problem: ValueProblem | null;
  note: Exclude<CellCount, 'missed'> | null;
}

/** A column of a file that is written. */
export interface TargetColumn {
  readonly name: string;
  readonly type: ValueType;
  readonly length: number | null;
  readonly mandatory: boolean;
}

/** Makes a value what the target column takes, or names the problem and answers ''. Blank stays blank. */
export type Shape = (value: string, scope: CellScope) => string;

const refuse = (scope: CellScope, problem: ValueProblem): string => {
  scope.problem = problem;
  return '';
};

const FLAGS: Readonly<Record<string, string>> = {
  Y: 'Y',
  YES: 'Y',
  TRUE: 'Y',
  '1': 'Y',
  N: 'N',
  NO: 'N',
  FALSE: 'N',
  '0': 'N',
};

export function shapeFor({ type, length }: Pick<TargetColumn, 'type' | 'length'>): Shape {
  switch (type) {
    case 'date':
    case 'datetime':
      return (value, scope) => {
        if (value === '') return '';
        const plain = plainDateText(value, type === 'datetime');
        if (plain !== null) return plain;
        const date = parseDate(value);
        return typeof date === 'string' ? refuse(scope, date) : formatDate(date, type === 'datetime');
      };
    case 'time':
      return (value, scope) => {
        if (value === '') return '';
        const time = parseTime(value) ?? timeOf(value);
        return time ?? refuse(scope, 'TIME_FORMAT');
      };
    case 'integer':
    case 'decimal':
      return (value, scope) => {
        if (value === '') return '';
        if (isPlainNumber(value) && (length === null || value.length <= length)) return value;
        const number = parseNumber(value, length);
        if (typeof number === 'string') return refuse(scope, number);
        return type === 'integer' && number.value.includes('.') ? refuse(scope, 'NUMBER_FORMAT') : number.value;
      };
    case 'flag':
      return (value, scope) => (value === '' ? '' : (FLAGS[value.toUpperCase()] ?? refuse(scope, 'FLAG_UNKNOWN')));
    case 'text':
    case 'code':
      if (length === null) return (value) => value;
      return (value, scope) => (value.length > length ? refuse(scope, 'TEXT_TOO_LONG') : value);
  }
}

/** The time of day of a moment; midnight is not invented for a date without one. */
function timeOf(value: string): string | null {
  const date = parseDate(value);
  return typeof date === 'string' ? null : date.time;
}
