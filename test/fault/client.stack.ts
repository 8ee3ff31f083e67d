import { describe, inject, it } from 'vitest';
import { settledDifferences } from '../support/oracle.ts';
import { recovers } from '../support/recovery.ts';
import { startRig } from '../support/rig.ts';

/** By the fetch that waits for its answer, or by the watchdog over whoever fetches. */
const NOTICED = /cannot fetch: |the client fetches nothing though there is something to fetch/;

describe('a Kafka client that returns nothing any more and says nothing', () => {
  for (const how of ['fetches', 'connections'] as const) {
    // both mostly wait: at once, each with a rig of its own
    it.concurrent(`${how} that stay without an answer: it is noticed within 15 s, and gone on from by itself`, async ({
      expect,
      onTestFinished,
    }) => {
      const rig = await startRig(inject('stack'), { rows: 14, seed: 61n });
      onTestFinished(() => rig.close());
      const worker = rig.startSilenceable(how);
      await expect.poll(() => worker.log(), { timeout: 40_000 }).toContain('"running"');
      await rig.settled(60);
      worker.child.kill('SIGWINCH');
      await expect.poll(() => worker.log(), { timeout: 5_000 }).toContain('the client is silent now');
      await rig.source.query('update public.appointments set notes = $1', [`after ${how} went silent`]);
      const started = Date.now();
      await recovers(`the Kafka client silent: ${how}`, 45, async () => {
        await expect.poll(() => worker.log(), { timeout: 20_000, interval: 100 }).toMatch(NOTICED);
        expect(Date.now() - started, 'milliseconds until it was noticed').toBeLessThan(15_000);
        await rig.settled(60);
      });
      expect(await settledDifferences(rig)).toEqual([]);
      expect(worker.child.exitCode).toBeNull();
      expect((await rig.status()).halts).toEqual([]);
      worker.child.kill('SIGTERM');
      await worker.exited;
    }, 180_000);
  }
});
