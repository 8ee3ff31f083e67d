import { z } from 'zod';
import {
  canonicalDecimal,
  contentHash,
  type Image,
  type Json,
  type JsonObject,
  replaceNumbers,
  SluiceError,
} from '../../core/index.ts';
import { dateOf, instantOf } from './time.ts';

/**
 * Columns as both decoders and the row reader hand them over: an absent column is null, a date is a number of days or
 * ISO text, an array or a JSON value may come as its text. What comes out has one form only.
 */

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Reads a column by `read`, which answers undefined for what does not fit. */
function column<T>(read: (value: unknown) => T | undefined) {
  return z.preprocess(
    (value) => value ?? null,
    z.unknown().transform((value, context): T => {
      const result = read(value);
      if (result === undefined) context.addIssue({ code: 'custom', message: 'does not fit' });
      return result as T;
    }),
  );
}

const orNull =
  <T>(read: (value: unknown) => T | undefined) =>
  (value: unknown): T | null | undefined =>
    value === null ? null : read(value);

// PostgreSQL text cannot hold U+0000, so a value that has one did not come from there and could not be stored.
const asText = (value: unknown): string | undefined =>
  typeof value === 'string' && !value.includes('\u0000') ? value : undefined;
const asUuid = (value: unknown): string | undefined => {
  const text = asText(value)?.toLowerCase();
  return text !== undefined && UUID.test(text) ? text : undefined;
};
const asInstant = (value: unknown): string | undefined => instantOf(value) ?? undefined;

export const text = column(orNull(asText));
export const uuid = column(orNull(asUuid));
export const requiredUuid = column(asUuid);
export const instant = column(orNull(asInstant));
export const requiredInstant = column(asInstant);
export const date = column(orNull((value) => dateOf(value) ?? undefined));
export const flag = column(orNull((value) => (typeof value === 'boolean' ? value : undefined)));
/** exact, as text of just so many places; what the source's column could not hold does not fit */
export const decimal = (precision: number, scale: number) => column(orNull(asDecimal(precision, scale)));
export const requiredDecimal = (precision: number, scale: number) => column(asDecimal(precision, scale));
export const requiredInteger = column((value) => (Number.isSafeInteger(value) ? (value as number) : undefined));
export const textList = column(asTextList);
export const json = column(asJson);

/** A row file may hold a number where the stream has text; NaN, which PostgreSQL's decimals know, is no amount of anything. */
function asDecimal(precision: number, scale: number): (value: unknown) => string | undefined {
  return (value) => {
    const match = /^(-?)0*(\d*)(?:\.(\d*))?$/.exec(typeof value === 'number' ? String(value) : (asText(value) ?? ''));
    const [sign = '', whole = '', fraction = ''] = match?.slice(1).map((piece) => piece ?? '') ?? [];
    const kept = fraction.replace(/0+$/, '').padEnd(scale, '0');
    if (!match || !/\d/.test(match[0]) || whole.length > precision - scale || kept.length > scale) return undefined;
    const isZero = !/[1-9]/.test(whole + kept);
    return `${isZero ? '' : sign}${whole || '0'}${scale === 0 ? '' : `.${kept}`}`;
  };
}

function asTextList(value: unknown): string[] | undefined {
  if (value === null) return [];
  const list = typeof value === 'string' ? parsed(value) : value;
  if (list === null) return [];
  if (!Array.isArray(list)) return undefined;
  const members = list
    .filter((member) => member !== null)
    .map((member: unknown) =>
      typeof member === 'number' || typeof member === 'boolean' ? String(member) : asText(member),
    );
  return members.every((member) => member !== undefined) ? members : undefined;
}

function asJson(value: unknown): Json | undefined {
  const result = typeof value === 'string' ? parsed(value) : (value as Json);
  return result === undefined || JSON.stringify(result).includes('\\u0000') ? undefined : result;
}

/** Parses JSON text; a number that JavaScript would round stays exact as a string. */
function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(replaceNumbers(text, (number) => (isExact(number) ? number : `"${number}"`)));
  } catch {
    return undefined;
  }
}

function isExact(token: string): boolean {
  if (/[eE]/.test(token)) return Number.isFinite(Number(token));
  const back = String(Number(token));
  return !/[eE]/.test(back) && canonicalDecimal(back) === canonicalDecimal(token);
}

/** Parses a row. The error names the columns that do not fit, never what they hold. */
export function parseRow<S extends z.ZodType>(shape: S, table: string, image: Image): z.output<S> {
  const result = shape.safeParse(image);
  if (result.success) return result.data;
  const columns = [...new Set(result.error.issues.map((issue) => String(issue.path[0] ?? '')))].sort();
  throw new SluiceError('ROW_INVALID', `${table}: these columns do not fit: ${columns.join(', ')}`);
}

/** The row, or null where a row that does not fit is to be passed over. */
export function readRow<S extends z.ZodType>(shape: S, image: Image): z.output<S> | null {
  const result = shape.safeParse(image);
  return result.success ? result.data : null;
}

/** SHA-256 of the typed row, as a bytea literal: the same whichever way the row was read. */
export const rowHash = (row: JsonObject): string => `\\x${contentHash(row)}`;
