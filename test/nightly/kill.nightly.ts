import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { chance } from '../support/chance.ts';
import { sampleMonotone } from '../support/monotone.ts';
import { settledDifferences } from '../support/oracle.ts';
import { recovers } from '../support/recovery.ts';
import { type Rig, startRig } from '../support/rig.ts';

describe('kill -9 of the worker at random moments', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await startRig(inject('stack'), { rows: 40, seed: 11n });
  }, 120_000);
  afterAll(() => rig.close());

  it('four seeds under traffic, no difference in the end', async () => {
    const traffic = rig.sluice('traffic', 'supabase', '--rate', '30', '--for', '11s', '--json');
    const sampler = await sampleMonotone(rig);
    const killed: number[] = [];
    for (let seed = 1; seed <= 4; seed += 1) {
      // the same name, whose predecessor's lanes it has at once: there is work under way to be cut off
      const worker = rig.startWorker([], undefined, 'one');
      // from before the first fetch to well into steady work
      const ms = 400 + Math.floor(chance(seed)() * 3_000);
      await new Promise((resolve) => setTimeout(resolve, ms));
      worker.child.kill('SIGKILL');
      await worker.exited;
      killed.push(ms);
    }
    expect((await traffic).code).toBe(0);
    const worker = rig.startWorker();
    await recovers('kill -9, four times', 120, () => sampler.still(() => rig.settled(120)));
    await expect.poll(() => sampler.advances(), { timeout: 30_000 }).toBeGreaterThan(20);
    await sampler.stop();
    expect(sampler.wentBack).toEqual([]);
    expect(await settledDifferences(rig, 120), `killed after ${killed.join(', ')} ms`).toEqual([]);
    expect(worker.log()).not.toMatch(/"level":50/);
  }, 240_000);
});
