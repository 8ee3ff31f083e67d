/** Minutes since 1970; V83 knows nothing finer. */
export type Moment = number;

const MINUTE = 60_000;
export const DAY = 1440;

const two = (value: number): string => (value < 10 ? `0${value}` : String(value));

/** The day all invented histories end at, so that a seed gives the same rows in every year. */
export const TODAY: Moment = Date.UTC(2026, 0, 31) / MINUTE;

/** In the ways V83 writes a moment. */
export function written(moment: Moment): {
  /** DD/MM/CCYY */
  readonly day: string;
  /** DD/MM/CCYY HH:MM */
  readonly full: string;
  /** CCYYMMDD */
  readonly dayInt: string;
  /** CCYYMMDDHHMM */
  readonly int: string;
  /** HH:MM */
  readonly time: string;
} {
  const date = new Date(moment * MINUTE);
  const [y, m, d] = [String(date.getUTCFullYear()), two(date.getUTCMonth() + 1), two(date.getUTCDate())];
  const [hour, minute] = [two(date.getUTCHours()), two(date.getUTCMinutes())];
  const day = `${d}/${m}/${y}`;
  return {
    day,
    full: `${day} ${hour}:${minute}`,
    dayInt: `${y}${m}${d}`,
    int: `${y}${m}${d}${hour}${minute}`,
    time: `${hour}:${minute}`,
  };
}

/** Whole years from a birthday, DD/MM/CCYY, to the day of a moment. */
export function ageOn(born: string, moment: Moment): string {
  const [d = 0, m = 0, y = 0] = born.split('/').map(Number);
  const day = new Date(moment * MINUTE);
  const before = day.getUTCMonth() + 1 < m || (day.getUTCMonth() + 1 === m && day.getUTCDate() < d);
  return String(Math.max(0, day.getUTCFullYear() - y - (before ? 1 : 0)));
}

/** Midnight of the day a moment lies in. */
export const dayOf = (moment: Moment): Moment => Math.floor(moment / DAY) * DAY;
