/**
 * Times as text, exact to the microsecond. No Date object is used: a date column must never pass through a time zone,
 * and milliseconds would lose what PostgreSQL holds.
 */

const DAY = 86_400;
const MIN_SECONDS = -62_135_596_800; // 0001-01-01
const MAX_SECONDS = 253_402_300_799; // 9999-12-31T23:59:59

/** Days since 1970-01-01 of a civil date (proleptic Gregorian). */
function daysOf(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

function civil(days: number): { year: number; month: number; day: number } {
  const z = days + 719_468;
  const era = Math.floor(z / 146_097);
  const doe = z - era * 146_097;
  const yoe = Math.floor((doe - Math.floor(doe / 1460) + Math.floor(doe / 36_524) - Math.floor(doe / 146_096)) / 365);
  const doy = doe - (365 * yoe + Math.floor(yoe / 4) - Math.floor(yoe / 100));
  const mp = Math.floor((5 * doy + 2) / 153);
  const month = mp < 10 ? mp + 3 : mp - 9;
  return { year: yoe + era * 400 + (month <= 2 ? 1 : 0), month, day: doy - Math.floor((153 * mp + 2) / 5) + 1 };
}

const pad = (value: number, width: number): string => String(value).padStart(width, '0');

function dateText(days: number): string {
  const { year, month, day } = civil(days);
  return `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}`;
}

function realDays(year: number, month: number, day: number): number | null {
  const days = daysOf(year, month, day);
  const back = civil(days);
  return year >= 1 && back.year === year && back.month === month && back.day === day ? days : null;
}

/** `YYYY-MM-DD` of a date column: days since 1970-01-01 or ISO text. Null: not a date of the years 1 to 9999. */
export function dateOf(value: unknown): string | null {
  if (typeof value === 'number' && Number.isInteger(value)) {
    return value * DAY >= MIN_SECONDS && value * DAY <= MAX_SECONDS ? dateText(value) : null;
  }
  const match = typeof value === 'string' ? /^(\d{4})-(\d\d)-(\d\d)$/.exec(value.trim()) : null;
  if (!match) return null;
  const days = realDays(Number(match[1]), Number(match[2]), Number(match[3]));
  return days === null ? null : dateText(days);
}

const INSTANT = /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d(?::?\d\d)?)$/;

/** One form of an instant: UTC, milliseconds, and microseconds only where there are some. Null: not an instant. */
export function instantOf(value: unknown): string | null {
  const match = typeof value === 'string' ? INSTANT.exec(value.trim()) : null;
  if (!match) return null;
  const days = realDays(Number(match[1]), Number(match[2]), Number(match[3]));
  const [hours, minutes, seconds] = [Number(match[4]), Number(match[5]), Number(match[6])];
  if (days === null || hours > 23 || minutes > 59 || seconds > 59) return null;
  const zone = /^([+-])(\d\d):?(\d\d)?$/.exec(match[8] ?? '');
  const offset = zone ? (zone[1] === '-' ? -1 : 1) * (Number(zone[2]) * 3600 + Number(zone[3] ?? 0) * 60) : 0;
  const total = days * DAY + hours * 3600 + minutes * 60 + seconds - offset;
  if (total < MIN_SECONDS || total > MAX_SECONDS) return null;
  const inDay = ((total % DAY) + DAY) % DAY;
  const time = [Math.floor(inDay / 3600), Math.floor((inDay % 3600) / 60), inDay % 60].map((part) => pad(part, 2));
  const micros = (match[7] ?? '').padEnd(6, '0').slice(0, 6);
  const fraction = micros.endsWith('000') ? micros.slice(0, 3) : micros;
  return `${dateText(Math.floor(total / DAY))}T${time.join(':')}.${fraction}Z`;
}

/** To the second, for people to read. */
export const toTheSecond = (instant: string): string => instant.replace(/\.\d+Z$/, 'Z');

const sortable = (instant: string): string => instant.slice(0, -1).padEnd(26, '0');

/** Orders two instants in the form of `instantOf`. */
export function compareInstants(x: string, y: string): number {
  const [a, b] = [sortable(x), sortable(y)];
  return a < b ? -1 : a > b ? 1 : 0;
}
