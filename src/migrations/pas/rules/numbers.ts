export type NumberProblem = 'NUMBER_FORMAT' | 'NUMBER_TOO_LONG';

const ZERO = 48;

/** Digits alone and no zero before them: the form a number is written in, ready to be taken. */
export function isPlainNumber(text: string): boolean {
  if (text === '' || (text.charCodeAt(0) === ZERO && text.length > 1)) return false;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - ZERO;
    if (!(digit >= 0 && digit <= 9)) return false;
  }
  return true;
}

/**
 * A decimal number in one form, without sign where it is zero and without leading zeros. `length` is the number of
 * digits the target column takes, null where it is not known.
 */
export function parseNumber(text: string, length: number | null): { readonly value: string } | NumberProblem {
  const match = /^([+-]?)(\d+)(?:\.(\d+))?$/.exec(text.trim());
  if (!match) return 'NUMBER_FORMAT';
  const whole = (match[2] ?? '').replace(/^0+(?=\d)/, '');
  const fraction = (match[3] ?? '').replace(/0+$/, '');
  if (length !== null && whole.length + fraction.length > length) return 'NUMBER_TOO_LONG';
  const digits = fraction === '' ? whole : `${whole}.${fraction}`;
  return { value: match[1] === '-' && digits !== '0' ? `-${digits}` : digits };
}
