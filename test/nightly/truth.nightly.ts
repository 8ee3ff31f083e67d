import { afterAll, describe, expect, inject, it } from 'vitest';
import { sumOf, writeTruth } from '../support/truth/report.ts';
import { Trial } from '../support/truth/trial.ts';
import type { TruthMigration } from '../support/truth/worlds.ts';

/** how long there is traffic, and which migrations take part, e.g. `supabase,dos` */
const MINUTES = Number(process.env.SLUICE_TRUTH_MINUTES ?? 60);
const MIGRATIONS = (process.env.SLUICE_TRUTH_OF ?? 'supabase,dos,pas').split(',') as readonly TruthMigration[];
/** how many looks the verdict has to rest on; a run of a few minutes only shows that it works */
const COMPARISONS = MINUTES < 10 ? 1 : 500_000;
const ROWS: Readonly<Partial<Record<TruthMigration, number>>> =
  MINUTES < 10 ? {} : { supabase: 60, dos: 150, pas: 800 };

const trial = new Trial();
afterAll(() => trial.close(), 180_000);

describe(`the truth of ${MIGRATIONS.join(', ')} for ${MINUTES} minutes`, () => {
  it(
    'nothing is found while everything moves and nothing is wrong, however late it is',
    async () => {
      for (const name of MIGRATIONS) await trial.open(inject('stack'), name, ROWS[name]);
      await trial.move({ seconds: MINUTES * 60, rate: 5, pauseMs: MINUTES < 10 ? 10_000 : 60_000 });
      writeTruth(MINUTES, trial.verdicts);
      for (const { migration, moved } of trial.verdicts)
        expect({ migration, found: moved.falseFindings }).toEqual({ migration, found: [] });
      const all = trial.verdicts.reduce((sum, { comparisons }) => sum + sumOf(comparisons), 0);
      expect(all).toBeGreaterThanOrEqual(COMPARISONS);
    },
    MINUTES * 60_000 + 600_000,
  );

  it.each(MIGRATIONS)(
    'all that is planted in the targets of %s is found, repaired and verified',
    (name) => trial.plant(name, 30).finally(() => writeTruth(MINUTES, trial.verdicts)),
    900_000,
  );
});
