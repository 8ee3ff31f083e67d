import type { Chance } from '../chance.ts';

/**
 * How much of what is made is out of the ordinary. "Odd" rows are right, if surprising, and every consumer has to
 * carry them through whole; "dirty" rows hold something false that the database lets pass.
 *
 * | name                     | share of                | what it is                                              |
 * | ------------------------ | ----------------------- | ------------------------------------------------------- |
 * | files-again              | people                  | the same person, a second submission                    |
 * | no-email, no-phone       | submissions             | NULL                                                    |
 * | no-birth-date            | submissions             | NULL                                                    |
 * | born-1900                | submissions             | 1900-01-01, the usual stand-in for "not known"          |
 * | no-consent               | submissions             | never signed                                            |
 * | consent-over             | submissions             | ran out within a month                                  |
 * | consent-to-come          | submissions             | signed for a day that has not come                      |
 * | empty-text, blank-text   | submissions             | '' and blanks, tabs, line ends where text is expected   |
 * | long-text                | submissions             | notes of 9 to 20 kB, stored out of line                 |
 * | control-characters       | submissions             | escapes, bells and vertical tabs in notes               |
 * | emoji                    | submissions             | pictograms and joined sequences in notes                |
 * | guardian-twice           | submissions with any    | the same guardian listed twice                          |
 * | unknown-status           | submissions             | a status no screen knows                                |
 * | zero-length              | appointments            | ends when it starts                                     |
 * | no-location              | appointments            | NULL or blank                                           |
 * | priority-shouted         | lab orders              | 'STAT' instead of 'stat'                                |
 * | priority-free-text       | lab orders              | 'whenever'                                              |
 * | no-priority              | lab orders              | NULL                                                    |
 * | order-alone              | lab orders              | belongs to no submission, at times to no named patient  |
 * | vendor-id-again          | lab orders              | a vendor's order number that other orders carry too     |
 * | bad-nhs-number *         | a fifth of the dirty    | wrong check digit, too short, letters, equal digits     |
 * | born-in-future *         | a fifth of the dirty    | birth date after the base date                          |
 * | consent-backwards *      | a fifth of the dirty    | ends before it starts                                   |
 * | bad-guardians *          | a fifth of the dirty    | entries, or the whole list, of the wrong shape          |
 * | bad-email *              | a fifth of the dirty    | text that is no address                                 |
 *
 * (*) dirty: their sum is the share asked for, two in a hundred submissions unless told otherwise.
 */
export const ODD_SHARES = {
  'files-again': 0.08,
  'no-email': 0.03,
  'no-phone': 0.06,
  'no-birth-date': 0.01,
  'born-1900': 0.004,
  'no-consent': 0.12,
  'consent-over': 0.06,
  'consent-to-come': 0.02,
  'empty-text': 0.03,
  'blank-text': 0.02,
  'long-text': 0.006,
  'control-characters': 0.004,
  emoji: 0.01,
  'guardian-twice': 0.02,
  'unknown-status': 0.005,
  'zero-length': 0.01,
  'no-location': 0.03,
  'priority-shouted': 0.03,
  'priority-free-text': 0.01,
  'no-priority': 0.03,
  'order-alone': 0.04,
  'vendor-id-again': 0.01,
} as const;

export const DIRTY_KINDS = [
  'bad-nhs-number',
  'born-in-future',
  'consent-backwards',
  'bad-guardians',
  'bad-email',
] as const;

export const DEFAULT_DIRTY = 0.02;

export type Odd = keyof typeof ODD_SHARES;
export type Dirty = (typeof DIRTY_KINDS)[number];

/** How often each was drawn. */
export type Tally = Partial<Record<Odd | Dirty, number>>;

export interface Oddities {
  /** draws whether this one is odd in this way, and keeps count */
  is(name: Odd): boolean;
  /** draws whether this one is dirty, and how */
  dirt(share: number): Dirty | null;
}

export function oddities(chance: Chance, tally: Tally): Oddities {
  const count = (name: Odd | Dirty): void => {
    tally[name] = (tally[name] ?? 0) + 1;
  };
  return {
    is: (name) => {
      const drawn = chance.yes(ODD_SHARES[name]);
      if (drawn) count(name);
      return drawn;
    },
    dirt: (share) => {
      const kind = chance.pick(DIRTY_KINDS);
      if (!chance.yes(share)) return null;
      count(kind);
      return kind;
    },
  };
}
