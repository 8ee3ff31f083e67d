import { type Image, SluiceError } from '../../core/index.ts';

/**
 * Columns as the decoder of the change stream and the reader of rows hand them over. What comes out has one form:
 * times are `HH:MM:SS`, dates `YYYY-MM-DD`. Undefined: the value cannot be this column's.
 */
type Column<T> = (value: unknown) => T | undefined;

export const text: Column<string> = (value) => (typeof value === 'string' ? value : undefined);
export const int: Column<number> = (value) => (Number.isInteger(value) ? (value as number) : undefined);
export const flag: Column<boolean> = (value) => (typeof value === 'boolean' ? value : undefined);
export const double: Column<number> = (value) => (Number.isFinite(value) ? (value as number) : undefined);

export const optional =
  <T>(column: Column<T>): Column<T | null> =>
  (value) =>
    value === null || value === undefined ? null : column(value);

const two = (value: number): string => String(value).padStart(2, '0');
const DAY_MS = 86_400_000;
const CLOCK = /^([01]\d|2[0-4]):([0-5]\d):([0-5]\d)$/;

/** A time of day: text, or milliseconds since midnight. 24:00:00 is the midnight it ends at. */
export const time: Column<string> = (value) => {
  if (typeof value === 'string') return CLOCK.test(value) ? value.replace(/^24/, '00') : undefined;
  if (!Number.isInteger(value) || (value as number) < 0 || (value as number) > DAY_MS) return undefined;
  const seconds = Math.floor((value as number) / 1000);
  return `${two(Math.floor(seconds / 3600) % 24)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
};

const FIRST_DAY = Date.parse('0001-01-01');
const AFTER_LAST_DAY = Date.parse('9999-12-31') + DAY_MS;

/** A date: text, or days since 1970-01-01. Before the year 1 and after 9999 it has no form of ten characters. */
export const date: Column<string> = (value) => {
  const ms =
    typeof value === 'number'
      ? value * DAY_MS
      : typeof value === 'string'
        ? Date.parse(`${value}T00:00:00Z`)
        : Number.NaN;
  if (!(ms >= FIRST_DAY && ms < AFTER_LAST_DAY)) return undefined;
  const day = new Date(ms).toISOString().slice(0, 10);
  return typeof value === 'number' || day === value ? day : undefined;
};

type Shape = Readonly<Record<string, Column<unknown>>>;

export type Row<S extends Shape> = { readonly [C in keyof S]: Exclude<ReturnType<S[C]>, undefined> };

/** Reads a row by its shape. The error names the columns that do not fit, never what they hold. */
export function readRow<S extends Shape>(table: string, shape: S, image: Image): Row<S> {
  const row: Record<string, unknown> = {};
  const bad: string[] = [];
  for (const [name, column] of Object.entries(shape)) {
    const value = column(image[name]);
    if (value === undefined) bad.push(name);
    else row[name] = value;
  }
  if (bad.length > 0)
    throw new SluiceError('ROW_INVALID', `${table}: these columns do not fit: ${bad.sort().join(', ')}`);
  return row as Row<S>;
}
