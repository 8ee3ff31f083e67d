import { hash } from 'node:crypto';
import type { Json } from './json.ts';

/**
 * One text for each value: object keys in code-unit order, no blanks, members that are undefined left out.
 * Strings are kept as they are; the declaration says which strings are sets or numbers before they get here.
 */
export function canonicalJson(value: Json | undefined): string {
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'string') return quoted(value);
  if (typeof value !== 'object') return JSON.stringify(value);
  let text = '';
  if (Array.isArray(value)) {
    for (const item of value as readonly Json[]) text += `${text === '' ? '' : ','}${canonicalJson(item)}`;
    return `[${text}]`;
  }
  const object = value as { readonly [key: string]: Json | undefined };
  for (const { key, head } of inOrder(Object.keys(object))) {
    const member = object[key];
    if (member !== undefined) text += `${text === '' ? '' : ','}${head}${canonicalJson(member)}`;
  }
  return `{${text}}`;
}

/** What JSON leaves as it is. A long string is left to JSON itself, which is faster at it. */
const PLAIN = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;
const quoted = (text: string): string => (text.length < 64 && PLAIN.test(text) ? `"${text}"` : JSON.stringify(text));

type Member = { readonly key: string; readonly head: string };

/** Objects of one make have the same keys in the same order: they are sorted and quoted once. */
const orders = new Map<string, readonly Member[]>();
/** what is made from data, not from a declaration, could have any keys */
const MOST_ORDERS = 2_000;

function inOrder(keys: readonly string[]): readonly Member[] {
  const name = keys.join('\u0000');
  const known = orders.get(name);
  // Keys that hold the separator are not kept, and their name has more pieces than they are.
  if (known && known.length === keys.length) return known;
  const members = [...keys].sort().map((key) => ({ key, head: `${JSON.stringify(key)}:` }));
  const hasRoom = orders.size < MOST_ORDERS && name.length < 4_000;
  if (hasRoom && !keys.some((key) => key.includes('\u0000'))) orders.set(name, members);
  return members;
}

/** SHA-256 of the canonical text in hexadecimal: a Buffer for each document would be dearer than its hash. */
export function contentHash(value: Json): string {
  return hash('sha256', canonicalJson(value));
}

/** A decimal string in one form: no exponent, no leading or trailing zeros, no negative zero. */
export function canonicalDecimal(text: string): string {
  const match = /^([+-]?)(\d*)(?:\.(\d*))?$/.exec(text.trim());
  if (!match || (match[2] === '' && (match[3] ?? '') === '')) throw new RangeError('not a decimal number');
  const whole = (match[2] ?? '').replace(/^0+/, '') || '0';
  const fraction = (match[3] ?? '').replace(/0+$/, '');
  const digits = fraction === '' ? whole : `${whole}.${fraction}`;
  return match[1] === '-' && digits !== '0' ? `-${digits}` : digits;
}
