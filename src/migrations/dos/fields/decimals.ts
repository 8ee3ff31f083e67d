import { canonicalDecimal } from '../../../core/index.ts';

/** Doubles reach the rules as decimals of ten places; here as whole numbers of that unit. */
const PLACES = 10;
const ONE = 10n ** BigInt(PLACES);
const CENT = ONE / 100n;

const magnitude = (value: bigint): bigint => (value < 0n ? -value : value);

/** The double rounded to ten places, a tie to the even neighbour. */
export function tenPlaces(value: number): bigint {
  const text = Math.abs(value) < 1e21 ? value.toFixed(PLACES) : BigInt(value).toString();
  const [whole = '0', fraction = ''] = text.split('.');
  const digits = BigInt(`${whole}${fraction.padEnd(PLACES, '0')}`);
  // toFixed takes a tie away from zero; a double is a tie only where it is an odd multiple of 2^-11
  const isTie = Number.isInteger(value * 2048) && !Number.isInteger(value * 1024);
  return isTie && digits % 2n !== 0n ? digits - (digits < 0n ? -1n : 1n) : digits;
}

/** Rounded to two places, a half away from zero. */
export function toCents(value: bigint): bigint {
  const rounded = ((magnitude(value) + CENT / 2n) / CENT) * CENT;
  return value < 0n ? -rounded : rounded;
}

/** With all its ten places. */
export function fixedText(value: bigint): string {
  const digits = magnitude(value)
    .toString()
    .padStart(PLACES + 1, '0');
  return `${value < 0n ? '-' : ''}${digits.slice(0, -PLACES)}.${digits.slice(-PLACES)}`;
}

/** As short as it goes, never with an exponent. */
export const plainText = (value: bigint): string => canonicalDecimal(fixedText(value));

export const whole = (units: number): bigint => BigInt(units) * ONE;
