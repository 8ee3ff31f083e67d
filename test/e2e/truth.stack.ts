import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { sumOf } from '../support/truth/report.ts';
import { Trial } from '../support/truth/trial.ts';
import type { TruthMigration } from '../support/truth/worlds.ts';

/** The nightly truth test in short: test/nightly/truth.nightly.ts. */
const MIGRATIONS: readonly TruthMigration[] = ['supabase', 'dos', 'pas'];
/** twice what the nightly test asks: here all three and other suites share two cores */
const WITHIN_SECONDS = 60;
const trial = new Trial();

beforeAll(async () => {
  await Promise.all(MIGRATIONS.map((name) => trial.open(inject('stack'), name)));
}, 240_000);
afterAll(() => trial.close(), 180_000);

describe('all three migrations at once', () => {
  it('finds nothing while everything moves, is late, is killed and comes back', async () => {
    await trial.move({ seconds: 20, rate: 15, pauseMs: 500 });
    for (const { migration, moved } of trial.verdicts) {
      expect({ migration, found: moved.falseFindings }).toEqual({ migration, found: [] });
      expect(moved.nemeses.size).toBeGreaterThanOrEqual(3);
    }
    const all = trial.verdicts.reduce((sum, { comparisons }) => sum + sumOf(comparisons), 0);
    console.log(`${all} comparisons`);
    expect(all).toBeGreaterThan(500);
  }, 600_000);

  it('finds all that is planted, as it is, has it repaired, and finds nothing else', async () => {
    const ended = await Promise.allSettled(MIGRATIONS.map((name) => trial.plant(name, WITHIN_SECONDS)));
    for (const one of ended) if (one.status === 'rejected') throw one.reason;
    for (const { migration, outcomes } of trial.verdicts)
      expect({ migration, planted: outcomes.length >= 10 }).toEqual({ migration, planted: true });
  }, 600_000);
});
