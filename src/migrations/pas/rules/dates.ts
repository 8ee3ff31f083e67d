/** Why a text is not a date this engine will load. */
export type DateProblem = 'DATE_FORMAT' | 'DATE_NOT_REAL' | 'DATE_PLACEHOLDER' | 'DATE_YEAR';

/** A calendar date, with its minute where the source had one. */
export interface CalendarDate {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  /** HH:MM */
  readonly time: string | null;
}

const FORMS: readonly { readonly form: RegExp; readonly order: 'dmy' | 'ymd' }[] = [
  { form: /^(\d{1,2})\/(\d{1,2})\/(\d{4})(?:[ T](\d{2}):(\d{2}))?$/, order: 'dmy' },
  { form: /^(\d{4})-(\d{2})-(\d{2})(?:[ T](\d{2}):(\d{2})(?::\d{2})?)?$/, order: 'ymd' },
  { form: /^(\d{4})(\d{2})(\d{2})(?:(\d{2})(\d{2}))?$/, order: 'ymd' },
];

/** All nines or all zeros: how V83 says "no date", and no date either. */
const PLACEHOLDER = /^[09/ :-]*$/;

/** Before it no living or recorded patient was born; after it only the open end 31/12/9999 is meant. */
const FIRST_YEAR = 1850;
const LAST_YEAR = 2199;

const LENGTHS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function daysIn(year: number, month: number): number {
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return month === 2 && leap ? 29 : (LENGTHS[month - 1] ?? 0);
}

/**
 * Reads DD/MM/CCYY, CCYY-MM-DD, CCYYMMDD, each also with hours and minutes. Nothing is guessed: a year of two digits,
 * a day that month does not have, a placeholder or a year nobody meant is a problem with its name.
 */
export function parseDate(text: string): CalendarDate | DateProblem {
  const trimmed = text.trim();
  const plain = plainDate(trimmed);
  if (plain !== null) return plain;
  for (const { form, order } of FORMS) {
    const match = form.exec(trimmed);
    if (!match) continue;
    const [, first = '', second = '', third = '', hour, minute] = match;
    const [year, month, day] = (order === 'ymd' ? [first, second, third] : [third, second, first]).map(Number) as [
      number,
      number,
      number,
    ];
    if (isPlaceholder(trimmed, day, month)) return 'DATE_PLACEHOLDER';
    if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return 'DATE_NOT_REAL';
    if (Number(hour ?? 0) > 23 || Number(minute ?? 0) > 59) return 'DATE_NOT_REAL';
    const openEnd = year === 9999 && month === 12 && day === 31;
    if (!openEnd && (year < FIRST_YEAR || year > LAST_YEAR)) return 'DATE_YEAR';
    return { year, month, day, time: hour === undefined ? null : `${hour}:${minute}` };
  }
  return 'DATE_FORMAT';
}

/** The two digits at a place of a text; NaN where they are none. */
function pair(text: string, at: number): number {
  const tens = text.charCodeAt(at) - 48;
  const units = text.charCodeAt(at + 1) - 48;
  return tens >= 0 && tens <= 9 && units >= 0 && units <= 9 ? tens * 10 + units : Number.NaN;
}

const SLASH = 47;
const isSlashed = (text: string): boolean => text.charCodeAt(2) === SLASH && text.charCodeAt(5) === SLASH;

/**
 * CCYYMMDDHHMM of the forms nearly all dates have, read without a pattern; 0: look closer, it may be another form or a
 * problem. A text of 8 or 10 characters has no time, one of 12 or 16 has.
 */
function plainMoment(text: string): number {
  const { length } = text;
  const slashed = (length === 10 || length === 16) && isSlashed(text);
  if (!slashed && length !== 8 && length !== 12) return 0;
  const year = slashed ? pair(text, 6) * 100 + pair(text, 8) : pair(text, 0) * 100 + pair(text, 2);
  const month = slashed ? pair(text, 3) : pair(text, 4);
  const day = slashed ? pair(text, 0) : pair(text, 6);
  // a day every month has, in a year anybody means
  if (!(year >= FIRST_YEAR && year <= LAST_YEAR && month >= 1 && month <= 12 && day >= 1 && day <= 28)) return 0;
  const date = ((year * 100 + month) * 100 + day) * 10_000;
  if (length === 8 || length === 10) return date;
  if (slashed && (text[13] !== ':' || text[10] !== ' ')) return 0;
  const hour = pair(text, slashed ? 11 : 8);
  const minute = pair(text, slashed ? 14 : 10);
  return hour <= 23 && minute <= 59 ? date + hour * 100 + minute : 0;
}

function plainDate(text: string): CalendarDate | null {
  const moment = plainMoment(text);
  if (moment === 0) return null;
  const date = Math.floor(moment / 10_000);
  const time = text.length === 12 ? `${text.slice(8, 10)}:${text.slice(10)}` : text.slice(11);
  return {
    year: Math.floor(date / 10_000),
    month: Math.floor(date / 100) % 100,
    day: date % 100,
    time: text.length === 8 || text.length === 10 ? null : time,
  };
}

function isPlaceholder(text: string, day: number, month: number): boolean {
  return PLACEHOLDER.test(text) && (day === 0 || day === 99 || month === 0 || month === 99);
}

const two = (value: number): string => (value < 10 ? `0${value}` : String(value));

/** DD/MM/YYYY, with HH:MM behind it where the target keeps time and the source had one. */
export function formatDate(date: CalendarDate, withTime = false): string {
  const day = `${two(date.day)}/${two(date.month)}/${String(date.year).padStart(4, '0')}`;
  return withTime && date.time !== null ? `${day} ${date.time}` : day;
}

/** What `formatDate` makes of a text, for the forms nearly all dates have; null: read it with `parseDate`. */
export function plainDateText(text: string, withTime: boolean): string | null {
  if (plainMoment(text) === 0) return null;
  const { length } = text;
  const digits = length === 8 || length === 12;
  const day = digits ? `${text.slice(6, 8)}/${text.slice(4, 6)}/${text.slice(0, 4)}` : text.slice(0, 10);
  if (!withTime || length === 8 || length === 10) return day;
  return `${day} ${digits ? `${text.slice(8, 10)}:${text.slice(10)}` : text.slice(11)}`;
}

/** A number that orders dates: CCYYMMDDHHMM. */
export function dateOrder(date: CalendarDate): number {
  const day = (date.year * 100 + date.month) * 100 + date.day;
  return day * 10_000 + (date.time === null ? 0 : Number(date.time.slice(0, 2) + date.time.slice(3)));
}

/** The same from a text; null: it is no date. */
export function momentOf(text: string): number | null {
  const moment = plainMoment(text);
  if (moment !== 0) return moment;
  const date = parseDate(text);
  return typeof date === 'string' ? null : dateOrder(date);
}

/** HH:MM of a time of day in any of V83's forms: 0930, 09:30, 9:30; null for anything else. */
export function parseTime(text: string): string | null {
  const match = /^(\d{1,2}):?(\d{2})(?::\d{2})?$/.exec(text.trim());
  if (!match || Number(match[1]) > 23 || Number(match[2]) > 59) return null;
  return `${(match[1] ?? '').padStart(2, '0')}:${match[2]}`;
}
