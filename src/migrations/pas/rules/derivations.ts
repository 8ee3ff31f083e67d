import type { DerivationName } from '../contract/derivations.ts';
import type { CellScope } from '../engine/shape.ts';
import { type CalendarDate, parseDate } from './dates.ts';
import { checkNhsNumber } from './nhs-number.ts';
import { parseNumber } from './numbers.ts';

/**
 * A named rule: a pure function of the values of its sources, in their order. A source that stands for several rows
 * (a join that takes all) has its values in `lists` at the same index, and '' in `values`. What it answers is then
 * checked against type and length of the column like any other value.
 */
export type Derivation = (values: readonly string[], lists: readonly (readonly string[])[], scope: CellScope) => string;

type Simple = (values: readonly string[], scope: CellScope) => string;

const simple =
  (derive: Simple): Derivation =>
  (values, _, scope) =>
    derive(values, scope);

const refuse = (scope: CellScope, problem: CellScope['problem']): string => {
  scope.problem = problem;
  return '';
};

/** The first value that is there. */
const firstPresent: Simple = (values) => values.find((value) => value !== '') ?? '';

const words = (text: string): string[] => text.split(/\s+/).filter((word) => word !== '');

/** V83 writes one date in two columns; two that differ cannot both be right. */
const agreedDate: Simple = (values, scope) => {
  const present = values.filter((value) => value !== '');
  const dates = present.map(parseDate);
  const wrong = dates.find((date) => typeof date === 'string');
  if (typeof wrong === 'string') return refuse(scope, wrong);
  const days = new Set((dates as CalendarDate[]).map(({ year, month, day }) => `${year}-${month}-${day}`));
  return days.size > 1 ? refuse(scope, 'DATES_DISAGREE') : (present[0] ?? '');
};

/** Two dates, or nothing when one is not there; a problem when one cannot be read. */
function twoDates([from = '', to = '']: readonly string[], scope: CellScope): [CalendarDate, CalendarDate] | null {
  if (from === '' || to === '') return null;
  const [first, second] = [parseDate(from), parseDate(to)];
  if (typeof first === 'string' || typeof second === 'string') {
    scope.problem = typeof first === 'string' ? first : (second as CellScope['problem']);
    return null;
  }
  return [first, second];
}

const dayNumber = ({ year, month, day }: CalendarDate): number => Date.UTC(year, month - 1, day) / 86_400_000;

const daysBetween: Simple = (values, scope) => {
  const dates = twoDates(values, scope);
  if (!dates) return '';
  const days = dayNumber(dates[1]) - dayNumber(dates[0]);
  return days < 0 ? refuse(scope, 'DATES_DISAGREE') : String(days);
};

const ageOn: Simple = (values, scope) => {
  const dates = twoDates(values, scope);
  if (!dates) return '';
  const [born, on] = dates;
  const birthdayPassed = on.month > born.month || (on.month === born.month && on.day >= born.day);
  const years = on.year - born.year - (birthdayPassed ? 0 : 1);
  return years < 0 ? refuse(scope, 'DATES_DISAGREE') : String(years);
};

/** By the first figure of the national method of admission: 1 elective, 2 emergency, 3 maternity, 8 other. */
const byMethod =
  (names: Readonly<Record<string, string>>): Simple =>
  ([method = ''], scope) =>
    method === '' ? '' : (names[method.charAt(0)] ?? refuse(scope, 'CROSSWALK_UNMAPPED'));

/** A code that is the same everywhere goes as it is, if it has the form of one. */
const nationalCode =
  (form: RegExp): Simple =>
  ([value = ''], scope) => {
    const code = value.toUpperCase().replace('.', '');
    return code === '' || form.test(code) ? code : refuse(scope, 'CODE_FORMAT');
  };

/** Outward and inward part with one blank between; a text of another form is refused. */
const postcode: Simple = ([value = ''], scope) => {
  const text = value.toUpperCase().replace(/\s+/g, '');
  if (text === '') return '';
  const match = /^([A-Z]{1,2}[0-9][0-9A-Z]?)([0-9][A-Z]{2})$/.exec(text);
  return match ? `${match[1]} ${match[2]}` : refuse(scope, 'POSTCODE_FORMAT');
};

const wholeNumber: Simple = ([value = ''], scope) => {
  if (value === '') return '';
  const number = parseNumber(value, null);
  if (typeof number === 'string') return refuse(scope, number);
  return number.value.includes('.') ? refuse(scope, 'NUMBER_FORMAT') : number.value;
};

const LINE = 80;

/** The first line of a text that must be broken: after the last comma that fits, else at the last blank. */
function firstLine(text: string): string {
  if (text.length <= LINE) return text;
  const head = text.slice(0, LINE);
  const comma = head.lastIndexOf(',') + 1;
  const blank = text.slice(0, LINE + 1).lastIndexOf(' ');
  return text.slice(0, comma > 0 ? comma : blank > 0 ? blank : LINE);
}

const NOT: Readonly<Record<string, string>> = { Y: 'N', YES: 'N', '1': 'N', N: 'Y', NO: 'Y', '0': 'Y' };
const WALK_INS = new Set(['WLK', 'WALKIN', 'WALK-IN', 'WI']);

const headIfAny =
  (heading: string): Simple =>
  (values) =>
    values.some((value) => value !== '') ? heading : '';

const RULES: Readonly<Record<Exclude<DerivationName, 'nhs-number'>, Simple>> = {
  'admission-letter': byMethod({ '1': 'E', '2': 'N', '3': 'N', '8': 'N' }),
  'admission-type': byMethod({ '1': 'ELEC', '2': 'EMER', '3': 'MAT', '8': 'OTHER' }),
  'age-on': ageOn,
  'agreed-date': agreedDate,
  'days-between': daysBetween,
  'family-name': ([name = '']) => words(name).at(-1) ?? '',
  'first-date': firstPresent,
  'first-moment': firstPresent,
  'first-present': firstPresent,
  'forename-1': ([names = '']) => words(names)[0] ?? '',
  'forename-2': ([names = '']) => words(names)[1] ?? '',
  'forename-3': ([names = '']) => words(names).slice(2).join(' '),
  'given-names': ([name = '']) => words(name).slice(0, -1).join(' '),
  'health-authority-code': nationalCode(/^[A-Z5][A-Z0-9]{2}$/),
  'icd10-code': nationalCode(/^[A-Z]\d{2}[0-9X]?\d?[AD*+]?$/),
  'join-text': (values) => values.filter((value) => value !== '').join('; '),
  'not-flag': ([flag = ''], scope) => (flag === '' ? '' : (NOT[flag.toUpperCase()] ?? refuse(scope, 'FLAG_UNKNOWN'))),
  'offer-status': ([cancelled = '', accepted = '']) => (cancelled !== '' ? 'C' : accepted !== '' ? 'A' : 'O'),
  'opcs4-code': nationalCode(/^[A-Z]\d{2}\d?$/),
  phone: ([number = '']) => number.replace(/\s+/g, ''),
  postcode,
  'practice-code': nationalCode(/^[A-Z]\d{5}$/),
  'present-flag': ([value = '']) => (value === '' ? 'N' : 'Y'),
  'removed-or-admitted': ([, admitted = '']) => (admitted === '' ? 'R' : 'A'),
  'subject-death': headIfAny('Death'),
  'subject-profile': headIfAny('Medical profile'),
  'text-part-1': ([text = '']) => firstLine(text),
  'text-part-2': ([text = '']) => text.slice(firstLine(text).length).trimStart(),
  'waiting-or-removed': ([removed = '']) => (removed === '' ? 'W' : 'R'),
  'when-present': ([value = '', condition = '']) => (condition === '' ? '' : value),
  'walk-in-flag': ([status = '']) => (WALK_INS.has(status.toUpperCase()) ? 'Y' : ''),
  'whole-number': wholeNumber,
  'within-length': firstPresent,
};

/** All rules a contract may name. `testData`: the data is declared invented, so that NHS numbers from 999 are right. */
export function createDerivations(options: { readonly testData: boolean }): ReadonlyMap<string, Derivation> {
  const nhsNumber: Simple = ([value = ''], scope) => {
    if (value === '') return '';
    const checked = checkNhsNumber(value, options);
    return typeof checked === 'object' ? checked.digits : refuse(scope, checked);
  };
  return new Map(Object.entries({ ...RULES, 'nhs-number': nhsNumber }).map(([name, rule]) => [name, simple(rule)]));
}
