import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { settledDifferences } from '../support/oracle.ts';
import { type Rig, startRig, type WorkerProcess } from '../support/rig.ts';
import { type SmallDisk, smallDisk } from '../support/small-disk.ts';

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('a PostgreSQL target in trouble', () => {
  let disk: SmallDisk | string;
  let rig: Rig;
  let worker: WorkerProcess;
  /** somebody else who uses the target tables */
  let other: pg.Client;
  beforeAll(async () => {
    disk = await smallDisk(inject('stack').postgres, 96);
    const options = { rows: 16, seed: 61n };
    rig = await startRig(
      inject('stack'),
      typeof disk === 'string' ? options : { ...options, tablespace: disk.tablespace },
    );
    worker = rig.startWorker();
    await rig.settled(90);
    other = new pg.Client(rig.config.servicesUrl);
    await other.connect();
  }, 180_000);
  afterAll(async () => {
    await other.end();
    await rig.close();
    if (typeof disk !== 'string') await disk.close();
  });

  const traffic = async (seconds: number): Promise<void> => {
    const done = await rig.sluice('traffic', 'supabase', '--rate', '60', '--for', `${seconds}s`, '--json');
    expect(done.code, done.err).toBe(0);
  };

  /** Nothing differs within the time, nobody was asked for help and nothing was put aside. */
  async function recovers(seconds: number): Promise<void> {
    const started = Date.now();
    await rig.settled(seconds);
    console.log(`settled ${((Date.now() - started) / 1000).toFixed(1)} s after the end of the fault`);
    expect(await settledDifferences(rig)).toEqual([]);
    const { halts, flows } = await rig.status();
    expect(halts).toEqual([]);
    expect(flows.filter(({ parked }) => parked > 0)).toEqual([]);
    expect(worker.child.exitCode).toBeNull();
  }

  /** What the worker has said of a failure since `from`. */
  const complaints = (from: number, sign: string): number =>
    worker
      .log()
      .slice(from)
      .split('\n')
      .filter((line) => line.includes(sign)).length;

  /** Holds a table until `enough` has come to its end. */
  async function locked(table: string, enough: () => Promise<unknown>): Promise<void> {
    await other.query('begin');
    try {
      await other.query(`lock table ${table} in access exclusive mode`);
      await enough();
    } finally {
      await other.query('rollback');
    }
  }

  /** Somebody of ours stands in line for what the other one holds. */
  const waited = (): Promise<void> =>
    expect
      .poll(
        async () => {
          const sql = `select from pg_stat_activity where datname = $1 and wait_event_type = 'Lock' and pid <> $2`;
          return (await rig.source.query(sql, [database(), pidOf(other)])).rowCount;
        },
        { timeout: 20_000, interval: 50 },
      )
      .toBeGreaterThan(0);
  const database = (): string => `${rig.open.name.replace('_supabase', '')}_services`;
  const pidOf = (client: pg.Client): number => (client as unknown as { processID: number }).processID;

  it('slow: a table that somebody holds is waited for, and other flows go on meanwhile', async () => {
    const sent = async (): Promise<number> => {
      const found = await rig.open.pool.query('select max(revision) as top, count(*) as n from sluice.document');
      return Number(found.rows[0].n);
    };
    const busy = traffic(4);
    const before = await sent();
    await locked('scheduling.appointment', async () => {
      await waited();
      await expect.poll(sent, { timeout: 20_000 }).toBeGreaterThan(before);
    });
    await busy;
    await recovers(60);
  }, 180_000);

  it('slow, and statements are cut off: they are tried again until they get through', async () => {
    const setting = async (text: string): Promise<void> => {
      await rig.source.query(`alter database ${database()} ${text}`);
      const cut = 'select pg_terminate_backend(pid) from pg_stat_activity where datname = $1 and pid <> $2';
      await rig.source.query(cut, [database(), pidOf(other)]);
    };
    await setting(`set statement_timeout = '700ms'`);
    const from = worker.log().length;
    const busy = traffic(5);
    for (const table of ['scheduling.appointment', 'intake.submission']) {
      const before = complaints(from, '57014');
      await locked(table, () =>
        expect.poll(() => complaints(from, '57014'), { timeout: 20_000 }).toBeGreaterThan(before),
      );
    }
    await busy;
    await setting('reset statement_timeout');
    await recovers(60);
  }, 180_000);

  it('cut off again and again while a worker starts, which waits until it can begin', async () => {
    const cut = `select pg_terminate_backend(pid) from pg_stat_activity
      where datname = $1 and application_name = 'sluice' and pid <> $2`;
    const second = rig.startWorker();
    for (const until = Date.now() + 30_000; !second.log().includes('not begun yet') && Date.now() < until; ) {
      await rig.source.query(cut, [database(), pidOf(other)]);
      await pause(5);
    }
    expect(second.log()).toMatch(/not begun yet.*TARGET_UNAVAILABLE|TARGET_UNAVAILABLE.*not begun yet/);
    await expect.poll(() => second.log(), { timeout: 60_000 }).toContain('"msg":"running"');
    second.child.kill('SIGTERM');
    expect(await second.exited).toBe(0);
    await recovers(60);
  }, 180_000);

  it('deadlocks with somebody who takes the rows the other way round', async () => {
    const from = worker.log().length;
    const rows = await other.query<{ id: string }>('select id from scheduling.appointment order by id');
    const ids = rows.rows.map(({ id }) => id);
    const halves = [ids.slice(0, ids.length / 2), ids.slice(ids.length / 2)];
    let lost = 0;
    for (let round = 0; round < 12 && complaints(from, '40P01') === 0; round += 1) {
      await other.query('begin');
      try {
        const lock = (half = 0) =>
          other.query('select 1 from scheduling.appointment where id = any($1::uuid[]) order by id for update', [
            halves[half],
          ]);
        await lock(round % 2);
        await rig.source.query('update public.appointments set notes = $1 || left(id::text, 8)', [`round ${round} `]);
        // the worker has some rows and waits for the rest; it will look for a deadlock first
        await waited();
        await pause(100);
        await lock((round + 1) % 2);
      } catch (error) {
        if ((error as { code?: string }).code !== '40P01') throw error;
        lost += 1;
      } finally {
        await other.query('rollback');
      }
      await pause(300);
    }
    console.log(`deadlocks: ${complaints(from, '40P01')} lost by the worker, ${lost} by the other`);
    expect(complaints(from, '40P01')).toBeGreaterThan(0);
    await recovers(60);
  }, 180_000);

  it('out of disk: it waits, loses nothing, and goes on when there is room', async ({ skip }) => {
    if (typeof disk === 'string') return skip(disk);
    const from = worker.log().length;
    disk.fill();
    try {
      for (let round = 0; round < 8 && complaints(from, 'TARGET_OUT_OF_SPACE') < 3; round += 1) await traffic(3);
      expect(complaints(from, 'TARGET_OUT_OF_SPACE')).toBeGreaterThan(2);
    } finally {
      disk.free();
    }
    await recovers(90);
  }, 180_000);
});
