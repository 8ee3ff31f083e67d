import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type Sampler, sampleMonotone } from '../support/monotone.ts';
import { settledDifferences } from '../support/oracle.ts';
import { recovers } from '../support/recovery.ts';
import { type Rig, startRig, type WorkerProcess } from '../support/rig.ts';
import { withoutPart } from '../support/without-part.ts';

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('servers and workers that fail', () => {
  let rig: Rig;
  let worker: WorkerProcess;
  let sampler: Sampler;
  beforeAll(async () => {
    rig = await startRig(inject('stack'), { rows: 20, seed: 31n });
    worker = rig.startWorker();
    await rig.settled(90);
    sampler = await sampleMonotone(rig);
  }, 180_000);
  afterAll(async () => {
    await sampler?.stop();
    await rig.close();
  });

  const traffic = async (seconds: number, rate = 15): Promise<void> => {
    const done = await rig.sluice('traffic', 'supabase', '--rate', String(rate), '--for', `${seconds}s`, '--json');
    expect(done.code, done.err).toBe(0);
  };
  const wellAgain = async (fault: string, seconds: number): Promise<void> => {
    await sampler.still(async () => {
      await recovers(fault, seconds, () => rig.settled(seconds)).catch((error: Error) => {
        throw new Error(`${error.message}\n${worker.log().split('\n').slice(-40).join('\n')}`);
      });
      expect(await settledDifferences(rig, seconds)).toEqual([]);
    });
    expect(sampler.wentBack).toEqual([]);
    expect((await rig.status()).halts).toEqual([]);
    expect(worker.child.exitCode).toBeNull();
  };

  it('a worker that sleeps, is replaced, and wakes up with old work in its hands', async () => {
    const busy = traffic(19);
    await pause(2_000);
    worker.child.kill('SIGSTOP');
    const other = rig.startWorker();
    // longer than the session: the group gives its partitions away
    await pause(14_000);
    worker.child.kill('SIGCONT');
    await busy;
    await wellAgain('a worker asleep, replaced, awake', 90);
    other.child.kill('SIGTERM');
    expect(await other.exited).toBe(0);
  }, 180_000);

  it('members that come and go, with progress all the while', async () => {
    const busy = traffic(15);
    const landed: number[] = [];
    for (let round = 0; round < 6; round += 1) {
      const passing = rig.startWorker();
      await pause(2_000);
      passing.child.kill('SIGTERM');
      const rows = await rig.open.pool.query<{ sum: string }>('select sum(next_offset) from sluice.progress');
      landed.push(Number(rows.rows[0]?.sum));
    }
    await busy;
    expect(landed.at(-1)).toBeGreaterThan(landed[0] as number);
    await wellAgain('members that come and go', 90);
  }, 180_000);

  it('Connect ends in the middle of a large transaction, and sends again', async () => {
    await rig.source.query('begin');
    await rig.source.query(`update public.submissions set clinician_notes = 'seen ' || id`);
    await rig.source.query(`update public.appointments set notes = 'moved ' || id`);
    await rig.source.query('commit');
    await withoutPart('connect', () => traffic(3));
    await wellAgain('Connect killed in mid-transaction', 90);
  }, 180_000);

  it('the broker ends and comes back', async () => {
    await withoutPart('kafka', () => traffic(4));
    await wellAgain('the broker killed', 120);
  }, 240_000);

  it('the FHIR server ends and comes back', async () => {
    await withoutPart('fhir', () => traffic(4));
    await wellAgain('the FHIR server killed', 120);
  }, 240_000);

  it('the registry is away while a new worker needs its schemas', async () => {
    worker.child.kill('SIGTERM');
    await worker.exited;
    await withoutPart('registry', async () => {
      worker = rig.startWorker();
      await traffic(3);
      await pause(3_000);
      expect(worker.log()).toMatch(/REGISTRY_UNAVAILABLE/);
      expect((await rig.status()).flows.every(({ parked }) => parked === 0)).toBe(true);
    });
    await wellAgain('the registry killed', 90);
  }, 180_000);

  it('the service database turns read-only for a while', async () => {
    const database = `${rig.config.prefix.slice(0, -1)}_services`;
    const cut = `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${database}' and pid <> pg_backend_pid()`;
    await rig.source.query(`alter database ${database} set default_transaction_read_only = on`);
    await rig.source.query(cut);
    await traffic(4);
    await rig.source.query(`alter database ${database} reset default_transaction_read_only`);
    await rig.source.query(cut);
    await pause(500);
    await wellAgain('the service database read-only', 90);
    expect((await rig.status()).flows.every(({ parked }) => parked === 0)).toBe(true);
  }, 180_000);

  it('no read of a row went back in time, of thousands', async () => {
    await sampler.stop();
    expect(sampler.wentBack).toEqual([]);
    expect(sampler.advances()).toBeGreaterThan(200);
  });

  it('kept its memory within bounds through all of that', async () => {
    const metrics = await (await fetch(`http://127.0.0.1:${worker.port}/metrics`)).text();
    const bytes = Number(/^process_resident_memory_bytes (\d+)/m.exec(metrics)?.[1]);
    expect(bytes / 2 ** 20).toBeLessThan(400);
  });
});
