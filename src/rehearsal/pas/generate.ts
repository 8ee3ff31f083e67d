import { chanceOf } from '../chance.ts';
import { soiling } from './dirt.ts';
import { putWaitOrAdmission } from './inpatients.ts';
import { putMasters } from './masters.ts';
import { putAttendance, putCommunityCare, putMentalHealth } from './other-care.ts';
import { putReferral } from './outpatients.ts';
import { putPatient } from './patient.ts';
import { episodes, hasEverything, type Put } from './put.ts';

export interface PasSeed {
  readonly patients: number;
  readonly seed: number | bigint;
  /** share of rows with something wrong, 0 to 1 */
  readonly dirty: number;
}

type Rules = Pick<PasSeed, 'seed' | 'dirty'>;
type Count = (kind: string) => void;

/**
 * The V83 tables of so many invented patients, row by row: the same for the same seed. Each patient's rows depend on
 * the seed and the patient alone, so that more patients only add rows.
 */
export function generatePas({ patients, ...rules }: PasSeed, put: Put): Readonly<Record<string, number>> {
  const soiled: Record<string, number> = {};
  const count = (kind: string): void => {
    soiled[kind] = (soiled[kind] ?? 0) + 1;
  };
  generateMasters(rules, put, count);
  for (let index = 1; index <= patients; index++) generatePatient(index, rules, put, count);
  return soiled;
}

/** Codes and places, which every patient's rows may need. */
export function generateMasters({ seed, dirty }: Rules, put: Put, count: Count): void {
  putMasters(soiling(put, dirty, chanceOf(BigInt(seed), 'pas-dirt', 0), count));
}

/** One patient, counted from 1, with everything that is known of them. */
export function generatePatient(index: number, { seed, dirty }: Rules, put: Put, count: Count): void {
  const chance = chanceOf(BigInt(seed), 'pas', index);
  const dirt = chanceOf(BigInt(seed), 'pas-dirt', index);
  const own = soiling(put, dirty, dirt, count);
  const patient = putPatient(chance, index, own);
  const episode = episodes(patient);
  const referrals = chance.weighted([
    [0, 10],
    [1, 50],
    [2, 30],
    [3, 10],
  ]);
  const full = hasEverything(index);
  const letters: string[] = [];
  for (let i = 0; i < Math.max(referrals, full ? 1 : 0); i++)
    letters.push(putReferral(chance, patient, episode(), own));
  const admissions = chance.weighted([
    [0, 30],
    [1, 50],
    [2, 20],
  ]);
  for (let i = 0; i < Math.max(admissions, full ? 3 : 0); i++)
    putWaitOrAdmission(chance, patient, { episode: episode(), letter: letters[i] ?? '', ordinal: i }, own);
  if (chance.yes(0.15) || full) putCommunityCare(chance, patient, episode(), own);
  if (chance.yes(0.03) || full) putMentalHealth(chance, patient, episode(), own);
  if (chance.yes(0.2) || full) putAttendance(chance, patient, episode(), own);
}
