/** Seconds from 1970 to 2000, where PostgreSQL begins to count; taken off first, or 2255 would be past what is exact. */
const EPOCH_SECONDS = 946_684_800;
const ISO = /^([+-]?\d{4,6})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d))?$/;

/** Days since 1970-01-01 of a day in the Gregorian calendar. */
function civilDays(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  return (
    era * 146_097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719_468
  );
}

const digits = (bytes: Buffer, at: number, count: number): number => {
  let value = 0;
  for (let i = at; i < at + count; i++) {
    const digit = (bytes[i] as number) - 48;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
};

/** `YYYY-MM-DDTHH:MM:SS[.ffffff]Z`, which is what nearly every instant looks like. NaN: not of this form. */
function plainMicros(bytes: Buffer, start: number, end: number): number {
  if (end - start < 20 || end - start > 27 || bytes[end - 1] !== 0x5a || bytes[start + 10] !== 0x54) return Number.NaN;
  const [month, dayOfMonth] = [digits(bytes, start + 5, 2), digits(bytes, start + 8, 2)];
  const [hour, minute, second] = [
    digits(bytes, start + 11, 2),
    digits(bytes, start + 14, 2),
    digits(bytes, start + 17, 2),
  ];
  // what is no instant, or a rare one, is left to somebody slower
  if (month < 1 || month > 12 || dayOfMonth < 1 || dayOfMonth > (month === 2 ? 28 : 30)) return Number.NaN;
  if (hour > 23 || minute > 59 || second > 59) return Number.NaN;
  const day = civilDays(digits(bytes, start, 4), month, dayOfMonth);
  const seconds = hour * 3600 + minute * 60 + second;
  const places = end - start - 21;
  const fraction = places > 0 ? digits(bytes, start + 20, places) * 10 ** (6 - places) : 0;
  return (day * 86_400 + seconds - EPOCH_SECONDS) * 1_000_000 + fraction;
}

/** An ISO instant in UTF-8 as PostgreSQL's microseconds since 2000; null for what is none. */
export function timestamptzMicros(bytes: Buffer, start: number, end: number): number | bigint | null {
  const plain = plainMicros(bytes, start, end);
  if (Number.isSafeInteger(plain)) return plain;
  const match = ISO.exec(bytes.toString('latin1', start, end));
  if (!match?.[8]) return null;
  const [, year, month, day, hour, minute, second, fraction = '', zone] = match;
  if (!isDay(Number(year), Number(month), Number(day))) return null;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return null;
  const offset = zone === 'Z' ? 0 : (zone?.startsWith('-') ? -1 : 1) * minutesOf(zone ?? '');
  const days = civilDays(Number(year), Number(month), Number(day));
  const seconds = days * 86_400 + Number(hour) * 3600 + (Number(minute) - offset) * 60 + Number(second);
  return BigInt(seconds - EPOCH_SECONDS) * 1_000_000n + BigInt(fraction.padEnd(6, '0').slice(0, 6));
}

function isDay(year: number, month: number, day: number): boolean {
  if (month < 1 || month > 12 || day < 1) return false;
  const next = month === 12 ? civilDays(year + 1, 1, 1) : civilDays(year, month + 1, 1);
  return day <= next - civilDays(year, month, 1);
}

const minutesOf = (zone: string): number => Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4, 6));

/** Days since 1970-01-01 of an ISO date; null for what is none. */
export function dateDays(text: string): number | null {
  const match = ISO.exec(text);
  if (!match || match[4] !== undefined) return null;
  return civilDays(Number(match[1]), Number(match[2]), Number(match[3]));
}
