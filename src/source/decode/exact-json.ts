import { replaceNumbers } from '../../core/index.ts';

/**
 * JSON.parse that loses no digit: an integer beyond 2^53 and a number with more digits than a double holds come out as
 * their text. Only such texts pay for the detour; all others go to JSON.parse as they are.
 */
export function parseExact(text: string): unknown {
  return JSON.parse(mayLoseDigits(text) ? quoteLongNumbers(text) : text);
}

/** Sixteen digits in a row, outside or inside a string: worth a closer look. */
const mayLoseDigits = (text: string): boolean => /\d{16}/.test(text);

const quoteLongNumbers = (text: string): string =>
  replaceNumbers(text, (number) => (number.length < 16 || isExact(number) ? number : `"${number}"`));

function isExact(token: string): boolean {
  if (/^-?\d+$/.test(token)) return Number.isSafeInteger(Number(token));
  return String(Number(token)) === token;
}
