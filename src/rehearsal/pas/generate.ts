import { chanceOf } from '../chance.ts';
import { soiling } from './dirt.ts';
import { putWaitOrAdmission } from './inpatients.ts';
import { putMasters } from './masters.ts';
import { putCommunityCare, putMentalHealth } from './other-care.ts';
import { putReferral } from './outpatients.ts';
import { putPatient } from './patient.ts';
import { episodes, type Put } from './put.ts';

export interface PasSeed {
  readonly patients: number;
  readonly seed: number;
  /** share of rows with something wrong, 0 to 1 */
  readonly dirty: number;
}

const EVERYTHING = 3;

/**
 * The V83 tables of so many invented patients, row by row: the same for the same seed. Each patient's rows depend on
 * the seed and the patient alone, so that more patients only add rows.
 */
export function generatePas({ patients, seed, dirty }: PasSeed, put: Put): Readonly<Record<string, number>> {
  const soiled: Record<string, number> = {};
  putMasters(put);
  for (let index = 1; index <= patients; index++) {
    const chance = chanceOf(BigInt(seed), 'pas', index);
    const dirt = chanceOf(BigInt(seed), 'pas-dirt', index);
    const own = soiling(put, dirty, dirt, (kind) => {
      soiled[kind] = (soiled[kind] ?? 0) + 1;
    });
    const patient = putPatient(chance, index, own);
    const episode = episodes(patient);
    const referrals = chance.weighted([
      [0, 10],
      [1, 50],
      [2, 30],
      [3, 10],
    ]);
    for (let i = 0; i < referrals; i++) putReferral(chance, patient, episode(), own);
    const admissions = chance.weighted([
      [0, 30],
      [1, 50],
      [2, 20],
    ]);
    for (let i = 0; i < admissions; i++) putWaitOrAdmission(chance, patient, episode(), own);
    // the first patients have one of everything, so that a small extract leaves no table empty
    const everything = index <= EVERYTHING;
    if (chance.yes(0.15) || everything) putCommunityCare(chance, patient, episode(), own);
    if (chance.yes(0.03) || everything) putMentalHealth(chance, patient, episode(), own);
  }
  return soiled;
}
