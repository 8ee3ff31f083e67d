import { Rejection } from '../rejection.ts';
import type { SourceService } from '../services/source.ts';

export type OpeningTime =
  | {
      readonly category: 'availableTime';
      readonly dayOfWeek: string;
      readonly startTime: string;
      readonly endTime: string;
      readonly allDay: false;
    }
  | { readonly category: 'availableTimePublicHolidays'; readonly startTime: string; readonly endTime: string }
  | {
      readonly category: 'availableTimeVariations' | 'notAvailable';
      readonly description: null;
      readonly startTime: string;
      readonly endTime: string;
    };

const WEEKDAYS: ReadonlyMap<string, string> = new Map([
  ['Monday', 'mon'],
  ['Tuesday', 'tue'],
  ['Wednesday', 'wed'],
  ['Thursday', 'thu'],
  ['Friday', 'fri'],
  ['Saturday', 'sat'],
  ['Sunday', 'sun'],
]);
const BANK_HOLIDAY = 'BankHoliday';

/** Weekly rows first, then dated ones. Throws a Rejection for a day that is none. */
export const openingTimesOf = (source: SourceService): readonly OpeningTime[] => [...weekly(source), ...dated(source)];

function weekly(source: SourceService): readonly OpeningTime[] {
  const days = new Map(source.days.map(({ id, name }) => [id, name]));
  return source.dayOpenings.flatMap((opening) => {
    const day = opening.dayid === null ? undefined : days.get(opening.dayid);
    const dayOfWeek = WEEKDAYS.get(day ?? '');
    if (dayOfWeek === undefined && day !== BANK_HOLIDAY) {
      const key = opening.dayid === null ? 'None' : String(opening.dayid);
      throw new Rejection({ kind: 'metadata_missing', model: 'OpeningTimeDay', key });
    }
    return source.dayTimes
      .filter(({ servicedayopeningid }) => servicedayopeningid === opening.id)
      .map(
        ({ starttime: startTime, endtime: endTime }): OpeningTime =>
          dayOfWeek === undefined
            ? { category: 'availableTimePublicHolidays', startTime, endTime }
            : { category: 'availableTime', dayOfWeek, startTime, endTime, allDay: false },
      );
  });
}

const dated = (source: SourceService): readonly OpeningTime[] =>
  source.specifiedDates.flatMap(({ id, date }) =>
    source.specifiedTimes
      .filter(({ servicespecifiedopeningdateid }) => servicespecifiedopeningdateid === id)
      .map(({ starttime, endtime, isclosed }) => ({
        category: isclosed ? ('notAvailable' as const) : ('availableTimeVariations' as const),
        description: null,
        startTime: `${date}T${starttime}`,
        endTime: `${date}T${endtime}`,
      })),
  );
