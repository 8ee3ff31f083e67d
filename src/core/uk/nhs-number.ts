/**
 * The ten digits of a valid NHS number, blanks and hyphens removed; null for anything else.
 * Ten equal digits have a right check digit and are never issued, so they do not pass.
 */
export function normaliseNhsNumber(text: string | null | undefined): string | null {
  const digits = (text ?? '').replace(/[\s-]/g, '');
  if (!/^\d{10}$/.test(digits) || /^(\d)\1{9}$/.test(digits)) return null;
  let sum = 0;
  for (let i = 0; i < 9; i++) sum += Number(digits[i]) * (10 - i);
  const check = (11 - (sum % 11)) % 11;
  return check === Number(digits[9]) ? digits : null;
}
