import type { Chance } from '../chance.ts';
import { FIRST_NAMES, plainLetters, SURNAMES } from './names.ts';

/** Someone who does not exist. */
export interface Person {
  first: string;
  surname: string;
  email: string;
  phone: string;
  /** `YYYY-MM-DD` */
  born: string;
  /** ten digits of the range kept for tests, or null: not everybody knows theirs */
  nhs: string | null;
}

export interface Household {
  people: Person[];
  sharesEmail: boolean;
}

const MILLION = 1_000_000;

/**
 * The NHS number of the n-th invented person: 999 and six digits that run through all of 000000 to 999999 once,
 * then the check digit. One in eleven has no valid check digit; that person has no number.
 */
export function inventedNhsNumber(n: number): string | null {
  // a step that shares no factor with a million visits every value before any comes again
  const middle = ((n % MILLION) * 370_207 + 41_113) % MILLION;
  const nine = `999${String(middle).padStart(6, '0')}`;
  let sum = 0;
  for (let i = 0; i < 9; i++) sum += Number(nine[i]) * (10 - i);
  const check = (11 - (sum % 11)) % 11;
  return check === 10 ? null : `${nine}${check}`;
}

/** The number as people type it. */
export function typedNhsNumber(chance: Chance, digits: string): string {
  const [a, b, c] = [digits.slice(0, 3), digits.slice(3, 6), digits.slice(6)];
  return chance.weighted([
    [digits, 45],
    [`${a} ${b} ${c}`, 35],
    [`${a}-${b}-${c}`, 12],
    [` ${digits} `, 5],
    [`${a}  ${b} ${c}`, 3],
  ]);
}

/** Numbers that Ofcom keeps for drama: no telephone will ever ring. */
export function inventedPhone(chance: Chance): string {
  const last = String(chance.below(1000)).padStart(3, '0');
  return chance.weighted([
    [`07700 900${last}`, 40],
    [`07700900${last}`, 20],
    [`+44 7700 900${last}`, 12],
    [`01632 960${last}`, 20],
    [`(01632) 960 ${last}`, 5],
    [`0044 1632 960${last}`, 3],
  ]);
}

export const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

const YEAR_MS = 365.25 * 86_400_000;

/** People under one roof; numbers of people count up through the whole seed, so that NHS numbers never clash. */
export function household(chance: Chance, firstPerson: number, size: number, baseMs: number): Household {
  const name = chance.pick(SURNAMES);
  const tag = firstPerson.toString(36);
  const sharesEmail = size > 1 && chance.yes(0.7);
  const shared = `${plainLetters(name)}.family.${tag}@example.org`;
  const people: Person[] = [];
  for (let i = 0; i < size; i++) {
    const first = chance.pick(FIRST_NAMES);
    const surname = i === 0 || chance.yes(0.85) ? name : chance.pick(SURNAMES);
    // at least two years old: nobody's submission is older than that
    const years = i === 0 || chance.yes(0.3) ? chance.between(19, 88) : chance.between(2, 17);
    people.push({
      first,
      surname,
      email: sharesEmail ? shared : `${plainLetters(first)}.${plainLetters(surname)}.${tag}${i}@example.org`,
      phone: inventedPhone(chance),
      born: dayOf(baseMs - (years + 0.05) * YEAR_MS - chance.below(340) * 86_400_000),
      nhs: chance.yes(0.94) ? inventedNhsNumber(firstPerson + i) : null,
    });
  }
  return { people, sharesEmail };
}
