import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { settledDifferences } from '../support/oracle.ts';
import { writeTable } from '../support/report.ts';
import { type Rig, startRig } from '../support/rig.ts';

const SECONDS = 180;
const LONGEST_STANDSTILL = 15;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('a group nobody stays in', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await startRig(inject('stack'), { rows: 60, seed: 81n });
  }, 120_000);
  afterAll(() => rig.close());

  it(`a member joins or leaves every 2 s for ${SECONDS / 60} minutes, and landing never stands still`, async () => {
    const staying = rig.startWorker();
    await rig.settled(90);
    const traffic = rig.sluice('traffic', 'supabase', '--rate', '10', '--for', `${SECONDS}s`, '--json');
    const storm = new AbortController();
    let joins = 0;
    const members = (async () => {
      while (!storm.signal.aborted) {
        const passing = rig.startWorker();
        joins += 1;
        await pause(2_000);
        passing.child.kill('SIGTERM');
      }
    })();
    // the heartbeat's topic is left out: its own partition may be well while all others stand
    const landed = `select coalesce(sum(next_offset), 0) as sum from sluice.progress where topic like '%.public.%'`;
    const started = Date.now();
    let last = { sum: -1, at: started };
    const standstills: number[] = [];
    while (Date.now() - started < SECONDS * 1000) {
      await pause(500);
      const { rows } = await rig.open.pool.query<{ sum: string }>(landed);
      const sum = Number(rows[0]?.sum);
      if (sum === last.sum) continue;
      standstills.push((Date.now() - last.at) / 1000);
      last = { sum, at: Date.now() };
    }
    standstills.push((Date.now() - last.at) / 1000);
    storm.abort();
    await members;
    expect((await traffic).code).toBe(0);
    const healing = Date.now();
    await rig.settled(180);
    const rest = (Date.now() - healing) / 1000;
    const longest = Math.max(...standstills);
    const found = await settledDifferences(rig);
    writeTable(
      'storm',
      'A rebalance storm',
      ['seconds', 'members that came and went', 'longest time without progress', 'seconds to work off the rest'],
      [[String(SECONDS), String(joins), `${longest.toFixed(1)} s`, rest.toFixed(1)]],
    );
    expect(longest, 'seconds without progress').toBeLessThan(LONGEST_STANDSTILL);
    expect(found).toEqual([]);
    expect((await rig.status()).halts).toEqual([]);
    expect(staying.child.exitCode).toBeNull();
  }, 480_000);
});
