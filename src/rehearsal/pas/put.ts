/** Takes a row of a source table; columns that are not named are blank. */
export type Put = (table: string, row: Readonly<Record<string, string>>) => void;

/** An invented patient, as far as other tables repeat it. */
export interface Patient {
  readonly number: string;
  /** Numbers of episodes are made from it: no two patients share one. */
  readonly index: number;
  readonly forenames: string;
  readonly surname: string;
  readonly sex: '1' | '2';
  /** DD/MM/CCYY */
  readonly born: string;
  readonly postcode: string;
  readonly gp: string;
  readonly practice: string;
}

/** So many patients have one of everything, so that a small extract leaves no table and no column empty. */
const EVERYTHING = 3;
export const hasEverything = (index: number): boolean => index <= EVERYTHING;

/** Hands out episode numbers of one patient. */
export const episodes = (patient: Patient): (() => string) => {
  let next = 0;
  return () => String(patient.index * 20 + ++next);
};
