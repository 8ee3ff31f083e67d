import { expect } from 'vitest';
import { type OpenReconcileParts, openParts } from '../../../src/app/reconcile/parts.ts';
import { silentLog } from '../../../src/core/index.ts';
import type { StackAddresses } from '../../../src/stack/index.ts';
import { type Crew, confirmedSince, moveUnderFaults, plantCold, plantHot, scan, startWorker } from './campaign.ts';
import { Reconciler } from './reconciler.ts';
import type { Verdict } from './report.ts';
import { startWorld, type TruthMigration, type World } from './worlds.ts';

interface Party {
  readonly world: World;
  readonly crew: Crew;
  readonly parts: OpenReconcileParts;
}

/** Some migrations at once, under traffic and faults, then with faults planted in their targets. */
export class Trial {
  readonly #parties: Party[] = [];
  readonly #verdicts = new Map<string, Verdict>();

  /** @param rows instead of the few that are seeded */
  async open(stack: StackAddresses, name: TruthMigration, rows?: number): Promise<void> {
    const world = await startWorld(stack, name, rows);
    const parts = await openParts(world.rig.config, name, world.rig.open, [], silentLog);
    this.#parties.push({ world, crew: { worker: startWorker(world), reconciler: new Reconciler(world.rig) }, parts });
  }

  get verdicts(): readonly Verdict[] {
    return [...this.#verdicts.values()];
  }

  /** Traffic everywhere; whatever is found is false. */
  async move(options: { readonly seconds: number; readonly rate: number; readonly pauseMs: number }): Promise<void> {
    await Promise.all(
      this.#parties.map(async ({ world, crew }, i) => {
        const onProgress = async (): Promise<void> => void (await crew.reconciler.read());
        const moved = await moveUnderFaults(world, crew, { ...options, seed: BigInt(100 + i), onProgress });
        const comparisons = await crew.reconciler.read();
        this.#verdicts.set(world.name, { migration: world.name, comparisons, moved, outcomes: [], others: [] });
      }),
    );
  }

  /**
   * All that is planted in the targets of a migration is found as it is, repaired and verified, and nothing else is found.
   *
   * @param withinSeconds until a fault in a key that is written all the time is found
   */
  async plant(name: TruthMigration, withinSeconds: number): Promise<void> {
    const { world, crew, parts } = this.#parties.find((one) => one.world.name === name) as Party;
    await world.rig.settled(300);
    await expectStill(parts);
    const hot = await plantHot(world, crew, { withinSeconds });
    const { outcomes, others, shown } = await plantCold(world, parts);
    const verdict = this.#verdicts.get(name) as Verdict;
    const comparisons = await crew.reconciler.read();
    this.#verdicts.set(name, { ...verdict, comparisons, outcomes: [...hot, ...outcomes], others });
    expect(others).toEqual([]);
    expect(shown, 'a finding shows a value').toBe(false);
    for (const one of [...hot, ...outcomes])
      expect(one, `${one.target}: ${one.fault}`).toMatchObject({ seconds: expect.any(Number), isVerified: true });
    for (const { seconds } of hot) expect(seconds).toBeLessThan(withinSeconds);
    await expectStill(parts);
    const left = (await confirmedSince(world, '-infinity')).filter(
      ({ state }) => state === 'confirmed' || state === 'repaired',
    );
    expect(left).toEqual([]);
  }

  async close(): Promise<void> {
    for (const { world, crew, parts } of this.#parties) {
      await crew.reconciler.end();
      await parts.close();
      await world.close();
    }
  }
}

async function expectStill(parts: OpenReconcileParts): Promise<void> {
  const { flows } = await scan(parts);
  for (const [flow, tally] of flows) expect({ flow, ...tally }).toMatchObject({ hot: 0, countsDiffer: 0 });
}
