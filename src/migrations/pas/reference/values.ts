/**
 * How a contract in the reference's column format understands a value: anything that looks like a date by its digits
 * becomes one, whatever the field. Our own contract never reads values this way.
 */
export function referenceValue(value: string): string {
  const text = value.trim();
  // by far the most values have no digit in front, and none of those changes
  const first = text.charCodeAt(0);
  if (!(first >= 48 && first <= 57)) return text;
  if (/^(\d{8}|\d{12})$/.test(text)) return `${text.slice(6, 8)}/${text.slice(4, 6)}/${text.slice(0, 4)}`;
  const slashed = /^(\d{1,2})\/(\d{1,2})\/(\d{4})$/.exec(text);
  if (slashed) return realDate(slashed[3], slashed[2], slashed[1]) ?? text;
  const dashed = /^(\d{4})-(\d{1,2})-(\d{1,2})$/.exec(text);
  if (dashed) return realDate(dashed[1], dashed[2], dashed[3]) ?? text;
  return text;
}

/** DD/MM/YYYY of a day that exists, years 1 to 9999. */
function realDate(year = '', month = '', day = ''): string | null {
  const [y, m, d] = [Number(year), Number(month), Number(day)];
  const date = new Date(Date.UTC(2000, 0, 1));
  date.setUTCFullYear(y, m - 1, d);
  if (y < 1 || date.getUTCMonth() !== m - 1 || date.getUTCDate() !== d) return null;
  return `${String(d).padStart(2, '0')}/${String(m).padStart(2, '0')}/${String(y).padStart(4, '0')}`;
}

/** Whether the reference takes a text for a valid DD/MM/YYYY: blank passes, blanks around it do not. */
export function referenceDateIsValid(value: string): boolean {
  if (value === '') return true;
  const match = /^(\d{1,2})\/(\d{1,2})\/(\d{4})$/.exec(value);
  return match !== null && realDate(match[3], match[2], match[1]) !== null;
}
