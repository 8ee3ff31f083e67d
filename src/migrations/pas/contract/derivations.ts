import type { ValueType } from '../catalogue/model.ts';

/** What a contract may ask of a derivation: how many values it reads, what it makes, and what it does. */
export interface DerivationSheet {
  readonly reads: readonly [least: number, most: number];
  readonly gives: ValueType;
  /**
   * Characters of the longest answer. input: it answers at most one of its values; sum: all of them, parted by two
   * characters; column: it refuses what is longer than the column.
   */
  readonly longest: number | 'input' | 'sum' | 'column';
  readonly says: string;
}

const text = (
  reads: readonly [number, number],
  says: string,
  longest: DerivationSheet['longest'] = 'input',
): DerivationSheet => ({
  reads,
  gives: 'text',
  longest,
  says,
});

/** @param reads how many fields it is made of */
const code = (longest: number, says: string, reads = 1): DerivationSheet => ({
  reads: [reads, reads],
  gives: 'code',
  longest,
  says,
});

/** Every derivation a contract may name. Where it says "refused", a reject is recorded by the row's policy. */
export const DERIVATIONS = {
  'forename-1': text([1, 1], 'The first word.'),
  'forename-2': text([1, 1], 'The second word.'),
  'forename-3': text([1, 1], 'What follows the second word.'),
  'given-names': text([1, 1], 'All words but the last.'),
  'family-name': text([1, 1], 'The last word.'),
  'nhs-number': text(
    [1, 1],
    'Ten digits with a right check digit, blanks and hyphens taken out; any other is refused.',
    10,
  ),
  postcode: text([1, 1], 'In capitals with one blank before the last three characters; of another form, refused.', 8),
  phone: text([1, 1], 'Blanks taken out, nothing else changed; one longer than the column is refused.', 'column'),
  'agreed-date': {
    reads: [2, 2],
    gives: 'date',
    longest: 10,
    says: 'The date both name; one may be empty, two that differ are refused.',
  },
  'first-date': { reads: [2, 3], gives: 'date', longest: 10, says: 'The first of the dates that is there.' },
  'when-present': text([2, 2], 'The first value, when the second is there.'),
  'first-moment': { reads: [2, 2], gives: 'datetime', longest: 16, says: 'The first of the moments that is there.' },
  'first-present': text([2, 3], 'The first of the values that is there.'),
  'join-text': text([2, 4], 'The texts that are there, parted by a semicolon and a blank.'),
  'subject-death': text([1, 4], '"Death" when any of the texts is there.', 5),
  'subject-profile': text([1, 4], '"Medical profile" when any of the texts is there.', 15),
  'text-part-1': text([1, 1], 'As much as fits into 80 characters, broken after a comma, else at a blank.', 80),
  'text-part-2': text([1, 1], 'What text-part-1 left over.', 80),
  'within-length': text([1, 1], 'The value as it stands; one longer than the column is refused, never cut.', 'column'),
  'icd10-code': code(
    7,
    'An ICD-10 code: a letter, two digits, up to two further characters, and a mark of dagger or asterisk; any other is refused.',
  ),
  'opcs4-code': code(
    5,
    'An OPCS-4 code: a letter, two digits, a digit or nothing, with or without the point; any other is refused.',
  ),
  'practice-code': code(6, 'The national code of a practice: a letter and five digits; any other is refused.'),
  'health-authority-code': code(
    3,
    'The national code of a health authority: three letters or digits, the first a letter or 5; any other is refused.',
  ),
  'whole-number': {
    reads: [1, 1],
    gives: 'integer',
    longest: 'input',
    says: 'A whole number without leading zeros; any other is refused.',
  },
  'not-flag': {
    reads: [1, 1],
    gives: 'flag',
    longest: 1,
    says: 'Y for no, N for yes; empty stays empty; any other is refused.',
  },
  'present-flag': { reads: [1, 1], gives: 'flag', longest: 1, says: 'Y when there is a value, else N.' },
  'walk-in-flag': {
    reads: [1, 1],
    gives: 'flag',
    longest: 1,
    says: 'Y for status WLK, WI, WALKIN or WALK-IN, else empty.',
  },
  'waiting-or-removed': code(1, 'R when there is a day of removal, else W.'),
  'removed-or-admitted': code(1, 'A when the second is there, else R.', 2),
  'offer-status': code(1, 'C when the first is there, else A when the second is, else O.', 2),
  'admission-type': code(5, 'By the first figure of the method: 1 ELEC, 2 EMER, 3 MAT, 8 OTHER; any other is refused.'),
  'admission-letter': code(1, 'By the first figure of the method: 1 E; 2, 3 and 8 N; any other is refused.'),
  'days-between': {
    reads: [2, 2],
    gives: 'integer',
    longest: 6,
    says: 'Days from the first to the second; empty when one is missing; refused when the second is earlier.',
  },
  'age-on': {
    reads: [2, 2],
    gives: 'integer',
    longest: 3,
    says: 'Whole years from the first day to the second; refused when the second is earlier.',
  },
} as const satisfies Record<string, DerivationSheet>;

/** The engine has a function of each name. */
export type DerivationName = keyof typeof DERIVATIONS;

export const derivationNamed = (name: string): DerivationSheet | undefined =>
  Object.hasOwn(DERIVATIONS, name) ? DERIVATIONS[name as DerivationName] : undefined;
