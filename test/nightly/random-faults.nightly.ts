import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { chance } from '../support/chance.ts';
import { CRASH_POINTS } from '../support/crash-points.ts';
import { sampleMonotone } from '../support/monotone.ts';
import { settledDifferences } from '../support/oracle.ts';
import { writeTable } from '../support/report.ts';
import { type Rig, startRig, type WorkerProcess } from '../support/rig.ts';

const COUNT = Number(process.env.SLUICE_FAULTS ?? '300');
/** full comparisons are dear; a difference is then narrowed down by running the seeds before it */
const COMPARE_EVERY = 10;

type Fault = (rig: Rig, random: () => number) => Promise<string>;

const names = Object.keys(CRASH_POINTS);
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A worker that dies at a named point, or, should the point not be reached in time, wherever it is. */
const crash: Fault = async (rig, random) => {
  const point = names[Math.floor(random() * names.length)] as string;
  const pass = 1 + Math.floor(random() * (CRASH_POINTS[point] ?? 1));
  const worker = rig.startWorker([], `${point}:${pass}`);
  const reached = await Promise.race([worker.exited.then(() => true), pause(15_000).then(() => false)]);
  worker.child.kill('SIGKILL');
  await worker.exited;
  return `kill -9 at ${point}, pass ${pass}${reached ? '' : ' (not reached, killed elsewhere)'}`;
};

const anywhere: Fault = async (rig, random) => {
  const worker = rig.startWorker([], 'none');
  const ms = 500 + Math.floor(random() * 3_500);
  await pause(ms);
  worker.child.kill('SIGKILL');
  await worker.exited;
  return `kill -9 after ${ms} ms`;
};

const drain: Fault = async (rig, random) => {
  const worker = rig.startWorker([], 'none');
  const ms = 500 + Math.floor(random() * 3_500);
  await pause(ms);
  worker.child.kill('SIGTERM');
  await worker.exited;
  return `SIGTERM after ${ms} ms`;
};

/** Two at once: the one asleep wakes with old work in its hands. */
const zombie: Fault = async (rig, random) => {
  const sleeper: WorkerProcess = rig.startWorker([], 'none');
  await pause(1_500 + Math.floor(random() * 1_500));
  sleeper.child.kill('SIGSTOP');
  const other = rig.startWorker([], 'none');
  await pause(2_500);
  sleeper.child.kill('SIGCONT');
  await pause(1_000);
  for (const worker of [sleeper, other]) worker.child.kill('SIGKILL');
  await Promise.all([sleeper.exited, other.exited]);
  return 'asleep, replaced, awake, both killed';
};

const connections: Fault = async (rig, random) => {
  const worker = rig.startWorker([], 'none');
  await pause(1_500 + Math.floor(random() * 1_500));
  const database = `${rig.config.prefix.slice(0, -1)}_services`;
  await rig.source.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [database]);
  await pause(500);
  worker.child.kill('SIGKILL');
  await worker.exited;
  return 'all connections to the ledger cut, then kill -9';
};

const pick = (random: () => number): Fault => {
  const draw = random();
  if (draw < 0.7) return crash;
  if (draw < 0.8) return anywhere;
  if (draw < 0.87) return drain;
  return draw < 0.94 ? zombie : connections;
};

describe(`${COUNT} seeded faults under traffic`, () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await startRig(inject('stack'), { rows: 60, seed: 41n });
  }, 120_000);
  afterAll(() => rig.close());

  it('leave no difference', { timeout: COUNT * 30_000 }, async () => {
    const rows: string[][] = [];
    const slowest: number[] = [];
    const sampler = await sampleMonotone(rig);
    for (let seed = 1; seed <= COUNT; seed += 1) {
      const random = chance(seed);
      const traffic = rig.sluice(
        'traffic',
        'supabase',
        '--rate',
        '60',
        '--for',
        '3s',
        '--seed',
        String(seed),
        '--json',
      );
      const fault = await pick(random)(rig, random);
      expect((await traffic).code).toBe(0);
      const started = Date.now();
      const worker = rig.startWorker([], 'none');
      await sampler.still(() => rig.settled(90));
      const seconds = (Date.now() - started) / 1000;
      slowest.push(seconds);
      const compared = seed % COMPARE_EVERY === 0 || seed === COUNT;
      const found = compared ? await sampler.still(() => settledDifferences(rig)) : [];
      worker.child.kill('SIGKILL');
      await worker.exited;
      rows.push([
        String(seed),
        fault,
        compared ? (found.length === 0 ? 'no difference' : `${found.length} differ`) : 'settled',
        seconds.toFixed(1),
      ]);
      const worst = Math.max(...slowest).toFixed(1);
      writeTable('faults', 'Seeded faults under traffic', ['seed', 'fault', 'verdict', 'seconds to recover'], rows, [
        `${rows.length} faults. After each, a fresh worker had to work everything off; every ${COMPARE_EVERY}th time all targets were ` +
          `compared with transform(fold of source), which covers the faults before. Slowest recovery ${worst} s, start of the worker included.`,
      ]);
      expect(found, `after seed ${seed}`).toEqual([]);
      expect(sampler.wentBack, `reads that went back, after seed ${seed}`).toEqual([]);
    }
    await sampler.stop();
    expect(sampler.advances()).toBeGreaterThan(COUNT);
  });
});
