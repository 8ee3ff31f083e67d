import { dateOrder, parseDate } from '../rules/dates.ts';

/** What should belong to one patient only. nhs and district: a number; person: who somebody is, whatever the number. */
export type IdentityKind = 'nhs' | 'district' | 'person';

export interface PersonParts {
  readonly forenames: string;
  readonly surname: string;
  /** in any way V83 writes a date */
  readonly born: string;
  readonly sex: string;
  readonly postcode: string;
}

/** Letters and digits only, accents and case aside: spellings that differ in no more than that are one. */
const plain = (text: string): string =>
  text
    .normalize('NFKD')
    .toUpperCase()
    .replace(/[^A-Z0-9]/g, '');

/**
 * The same text for two rows that name the same person: surname, first forename, day of birth, sex and postcode.
 * null where one of them is missing: what is not known says nothing about who it is. Twins differ in the forename.
 */
export function personKey({ forenames, surname, born, sex, postcode }: PersonParts): string | null {
  const date = parseDate(born);
  if (typeof date === 'string') return null;
  const parts = [plain(surname), plain(forenames.trim().split(/\s+/)[0] ?? ''), plain(sex), plain(postcode)];
  return parts.includes('') ? null : [...parts, dateOrder({ ...date, time: null })].join('|');
}
