import { afterAll, describe, expect, inject, it } from 'vitest';
import { type OpenReconcileParts, openParts } from '../../src/app/reconcile/parts.ts';
import { silentLog } from '../../src/core/index.ts';
import {
  type Crew,
  confirmedSince,
  moveUnderFaults,
  plantCold,
  plantHot,
  scan,
  startWorker,
} from '../support/truth/campaign.ts';
import { Reconciler } from '../support/truth/reconciler.ts';
import { sumOf, type Verdict, writeTruth } from '../support/truth/report.ts';
import { startWorld, type TruthMigration, type World } from '../support/truth/worlds.ts';

/** how long there is traffic, and which migrations take part, e.g. `supabase,dos` */
const MINUTES = Number(process.env.SLUICE_TRUTH_MINUTES ?? 60);
const MIGRATIONS = (process.env.SLUICE_TRUTH_OF ?? 'supabase,dos,pas').split(',') as readonly TruthMigration[];
/** of a run of an hour; a shorter one shows that it works */
const COMPARISONS = 500_000;
const ROWS: Readonly<Partial<Record<TruthMigration, number>>> =
  MINUTES < 10 ? {} : { supabase: 120, dos: 300, pas: 40 };
/** until a fault in a key that is written all the time is found */
const WITHIN_SECONDS = 30;

const worlds: { readonly world: World; readonly crew: Crew; readonly parts: OpenReconcileParts }[] = [];
const verdicts: Verdict[] = [];

afterAll(async () => {
  for (const { world, crew, parts } of worlds) {
    await crew.reconciler.end();
    await parts.close();
    await world.close();
  }
}, 180_000);

async function open(name: TruthMigration): Promise<void> {
  const world = await startWorld(inject('stack'), name, ROWS[name]);
  const parts = await openParts(world.rig.config, name, world.rig.open, [], silentLog);
  worlds.push({ world, crew: { worker: startWorker(world), reconciler: new Reconciler(world.rig) }, parts });
}

describe(`the truth of ${MIGRATIONS.join(', ')} for ${MINUTES} minutes`, () => {
  it(
    'nothing is found while everything moves and nothing is wrong, however late it is',
    async () => {
      for (const name of MIGRATIONS) await open(name);
      await Promise.all(
        worlds.map(async ({ world, crew }, i) => {
          const seconds = MINUTES * 60;
          const options = { seconds, rate: 15, seed: BigInt(100 + i), pauseMs: 10_000 };
          const moved = await moveUnderFaults(world, crew, {
            ...options,
            onProgress: async () => void (await crew.reconciler.read()),
          });
          const comparisons = await crew.reconciler.read();
          verdicts.push({ migration: world.name, comparisons, moved, outcomes: [], others: [] });
        }),
      );
      writeTruth(MINUTES, verdicts);
      for (const { migration, moved } of verdicts)
        expect({ migration, found: moved.falseFindings }).toEqual({ migration, found: [] });
      const all = verdicts.reduce((sum, { comparisons }) => sum + sumOf(comparisons), 0);
      expect(all).toBeGreaterThanOrEqual(MINUTES < 60 ? 1 : COMPARISONS);
    },
    MINUTES * 60_000 + 600_000,
  );

  it.each(MIGRATIONS)(
    'all that is planted in the targets of %s is found, repaired and verified',
    async (name) => {
      const { world, crew, parts } = worlds.find((one) => one.world.name === name) as (typeof worlds)[number];
      await world.rig.settled(300);
      const still = await scan(parts);
      for (const [flow, tally] of still.flows) expect({ flow, ...tally }).toMatchObject({ hot: 0, countsDiffer: 0 });
      const hot = await plantHot(world, crew, { withinSeconds: WITHIN_SECONDS });
      const { outcomes, others, shown } = await plantCold(world, parts);
      const verdict = verdicts.find(({ migration }) => migration === name) as Verdict;
      const comparisons = await crew.reconciler.read();
      verdicts[verdicts.indexOf(verdict)] = { ...verdict, comparisons, outcomes: [...hot, ...outcomes], others };
      writeTruth(MINUTES, verdicts);
      expect(others).toEqual([]);
      expect(shown, 'a finding shows a value').toBe(false);
      for (const one of [...hot, ...outcomes])
        expect(one, `${one.target}: ${one.fault}`).toMatchObject({ seconds: expect.any(Number), isVerified: true });
      for (const { seconds } of hot) expect(seconds).toBeLessThan(WITHIN_SECONDS);
      const last = await scan(parts);
      for (const [flow, tally] of last.flows) expect({ flow, ...tally }).toMatchObject({ hot: 0, countsDiffer: 0 });
      const open = (await confirmedSince(world, '-infinity')).filter(
        ({ state }) => state === 'confirmed' || state === 'repaired',
      );
      expect(open).toEqual([]);
    },
    900_000,
  );
});
