import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest';
import { parseAddress, trafficSupabase } from '../../src/rehearsal/index.ts';
import { settledDifferences } from '../support/oracle.ts';
import { poison } from '../support/poison.ts';
import { recovers } from '../support/recovery.ts';
import { type Rig, startRig } from '../support/rig.ts';

/** Where a worker is ended, and after how many passes of that place. */
const POINTS = [
  'fetched:3',
  'decoded:40',
  'progress-moved:2',
  'landed:3',
  'before-commit:9',
  'commit-sent:7',
  'committed:11',
  'derived:4',
  'intent-written:3',
  'marks-deleted:5',
  'request-sent:3',
  'request-done:4',
  'acknowledged:3',
  'kafka-commit:1',
  'parked:1',
  'drain:1',
] as const;

describe('kill -9 at every place where something is half done', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await startRig(inject('stack'), { rows: 40, seed: 21n });
  }, 120_000);
  afterAll(() => rig.close());

  it('leaves no difference, no extra entry, and nobody to mend it', async () => {
    // as long as it takes, however busy the machine
    const enough = new AbortController();
    const source = parseAddress(rig.config.sourceUrl('supabase'));
    const traffic = trafficSupabase(source, { rate: 25, seed: 3n, signal: enough.signal });
    traffic.catch(() => undefined);
    onTestFinished(() => enough.abort());
    for (const [i, point] of POINTS.entries()) {
      // every fourth comes under a name of its own, and waits until its predecessor's leases lapse
      const worker = rig.startWorker([], point, i % 4 === 3 ? undefined : 'one');
      if (point.startsWith('parked')) await poison(inject('stack'), rig, 'submissions');
      if (point.startsWith('drain')) {
        // before it runs it has nothing to drain, and the signal simply ends it
        await expect.poll(() => worker.log(), { timeout: 60_000 }).toContain('"running"');
        worker.child.kill('SIGTERM');
      }
      const patience = new Promise<string>((resolve) => setTimeout(() => resolve('not reached'), 60_000).unref());
      const end = await Promise.race([worker.exited.then(() => worker.child.signalCode), patience]);
      expect(end, `${point}\n${worker.log().slice(-500)}`).toBe('SIGKILL');
    }
    const worker = rig.startWorker();
    enough.abort();
    expect((await traffic).changes).toBeGreaterThan(100);
    await recovers('kill -9 at every half-done place', 120, () => rig.settled(120));
    expect(await settledDifferences(rig, 60)).toEqual([]);
    expect(worker.log()).not.toMatch(/"level":50/);
    const twice = await rig.open.pool.query(
      'select appointment_id, source_lsn, to_status, count(*) from scheduling.appointment_status_event group by 1, 2, 3 having count(*) > 1',
    );
    expect(twice.rows).toEqual([]);
  }, 600_000);
});
