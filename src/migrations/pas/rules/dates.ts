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

function isPlaceholder(text: string, day: number, month: number): boolean {
  return PLACEHOLDER.test(text) && (day === 0 || day === 99 || month === 0 || month === 99);
}

const two = (value: number): string => (value < 10 ? `0${value}` : String(value));

/** DD/MM/YYYY, with HH:MM behind it where the target keeps time and the source had one. */
export function formatDate(date: CalendarDate, withTime = false): string {
  const day = `${two(date.day)}/${two(date.month)}/${String(date.year).padStart(4, '0')}`;
  return withTime && date.time !== null ? `${day} ${date.time}` : day;
}

/** A number that orders dates: CCYYMMDDHHMM. */
export function dateOrder(date: CalendarDate): number {
  const day = (date.year * 100 + date.month) * 100 + date.day;
  return day * 10_000 + Number((date.time ?? '00:00').replace(':', ''));
}

/** HH:MM of a time of day in any of V83's forms: 0930, 09:30, 9:30; null for anything else. */
export function parseTime(text: string): string | null {
  const match = /^(\d{1,2}):?(\d{2})(?::\d{2})?$/.exec(text.trim());
  if (!match || Number(match[1]) > 23 || Number(match[2]) > 59) return null;
  return `${(match[1] ?? '').padStart(2, '0')}:${match[2]}`;
}
