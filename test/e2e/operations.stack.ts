import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { settledDifferences } from '../support/oracle.ts';
import { poison } from '../support/poison.ts';
import { type Rig, startRig, type WorkerProcess } from '../support/rig.ts';

let rig: Rig;
let first: WorkerProcess;
let second: WorkerProcess;

const json = async (...args: string[]): Promise<{ code: number | null; value: never }> => {
  const { code, out, err } = await rig.sluice(...args, '--json');
  if (out.trim() === '') throw new Error(`${args.join(' ')} said nothing but: ${err}`);
  return { code, value: JSON.parse(out) as never };
};

interface Item {
  readonly id: string;
  readonly kind: string;
  readonly code: string;
  readonly keyHash: string;
}
const parked = async (...args: string[]): Promise<Item[]> => (await json('parked', 'ls', ...args)).value;

const topicOf = (table: string): string => `${rig.config.prefix}supabase.public.${table}`;
const flowOf = async (name: string) => (await rig.status()).flows.find(({ flow }) => flow === name);

describe('running it: commands, one flow per process, parking and halting', () => {
  beforeAll(async () => {
    rig = await startRig(inject('stack'), { rows: 16 });
    const some = ['patients', 'locations', 'vendors', 'submissions'];
    const others = rig.open.migration.flows.map(({ name }) => name).filter((name) => !some.includes(name));
    first = rig.startWorker(some);
    second = rig.startWorker(others);
    await rig.settled(90);
  }, 180_000);
  afterAll(() => rig.close());

  it('two processes, each with its own flows, come to the same', async () => {
    const traffic = await rig.sluice('traffic', 'supabase', '--rate', '40', '--for', '5s', '--json');
    expect(traffic.code, traffic.err).toBe(0);
    expect(await settledDifferences(rig)).toEqual([]);
  }, 120_000);

  it('status says it is well, and for people too', async () => {
    const { code, value } = await json('status', 'supabase');
    expect(code).toBe(0);
    expect(value).toMatchObject({
      connector: 'RUNNING',
      flows: expect.arrayContaining([
        expect.objectContaining({ flow: 'appointments', verdict: expect.stringMatching(/^(healthy|idle)$/) }),
      ]),
    });
    const spoken = await rig.sluice('status', 'supabase');
    expect(spoken.out).toMatch(/appointments\s+(healthy|idle)/);
  });

  it('applying again changes nothing, and drift is shown', async () => {
    expect(await json('topics', 'diff', 'supabase')).toEqual({ code: 0, value: [] });
    expect((await json('topics', 'apply', 'supabase')).value).toEqual({ changed: [], left: [] });
    expect((await json('schema', 'status', 'supabase')).code).toBe(0);
    // the rig's own connector differs from the file in nothing
    expect((await json('connectors', 'apply', 'supabase', '--dry-run')).value).toMatchObject({
      action: 'unchanged',
      drift: [],
    });
    const url = `${inject('stack').connect}/connectors/${rig.config.prefix}sluice-supabase/config`;
    const config = (await (await fetch(url)).json()) as Record<string, string>;
    const body = JSON.stringify({ ...config, 'max.batch.size': '7' });
    await fetch(url, { method: 'PUT', headers: { 'content-type': 'application/json' }, body });
    const drift = await json('connectors', 'apply', 'supabase', '--dry-run');
    expect(drift).toMatchObject({
      code: 3,
      value: { drift: [{ setting: 'max.batch.size', wanted: '2048', found: '7' }] },
    });
    const applied = await rig.sluice('connectors', 'apply', 'supabase');
    expect(applied.code, applied.err).toBe(0);
    expect(applied.out).not.toContain(inject('stack').postgres.password + '@');
    expect((await json('connectors', 'status', 'supabase')).value).toMatchObject({ verdict: 'RUNNING' });
    expect((await json('connectors', 'restart', 'supabase')).code).toBe(0);
  }, 60_000);

  it('parks a record nobody can read, mirrors it, and lets the others through', async () => {
    await poison(inject('stack'), rig, 'submissions');
    await expect.poll(async () => (await parked()).length, { timeout: 20_000 }).toBe(1);
    const [item] = await parked();
    expect(item).toMatchObject({ kind: 'record', code: 'VALUE_UNDECODABLE' });
    const shown = await rig.sluice('parked', 'show', item?.id ?? '', '--json');
    expect(shown.out).not.toContain('Secretname');
    expect((await json('parked', 'retry', '--id', item?.id ?? '')).value).toEqual({ retried: 1 });
    expect(await parked()).toHaveLength(1);
    await expect
      .poll(async () => (await rig.open.pool.query('select 1 from sluice.parked where not mirrored')).rowCount, {
        timeout: 20_000,
      })
      .toBe(0);
    const noReason = await rig.sluice('parked', 'drop', '--id', item?.id ?? '');
    expect(noReason.code).toBe(2);
    expect(noReason.err).toContain('--reason');
    const dropped = await json(
      'parked',
      'drop',
      '--id',
      item?.id ?? '',
      '--reason',
      'made by a test',
      '--by',
      'tester',
    );
    expect(dropped.value).toEqual({ dropped: 1 });
    expect(await parked()).toEqual([]);
    const kept = await rig.open.pool.query('select state, closed_by, close_reason from sluice.parked where id = $1', [
      item?.id,
    ]);
    expect(kept.rows).toMatchObject([{ state: 'dropped', closed_by: 'tester', close_reason: 'made by a test' }]);
  }, 60_000);

  it('parks a row its target refuses, and heals it once the target takes it', async () => {
    const { pool } = rig.open;
    await pool.query(`alter table scheduling.appointment add constraint no_tea check (notes is distinct from 'tea')`);
    await rig.source.query(
      `update public.appointments set notes = 'tea' where id = (select min(id::text)::uuid from public.appointments)`,
    );
    await expect.poll(async () => (await parked('--flow', 'appointments')).length, { timeout: 20_000 }).toBe(1);
    expect(await parked()).toMatchObject([{ kind: 'root', code: 'CONSTRAINT_VIOLATED' }]);
    await pool.query('alter table scheduling.appointment drop constraint no_tea');
    await json('parked', 'retry', '--flow', 'appointments');
    await expect.poll(parked, { timeout: 20_000 }).toEqual([]);
    expect(await settledDifferences(rig)).toEqual([]);
  }, 90_000);

  it('stops its partition for a key nobody can read, and steps over it when told why', async () => {
    await poison(inject('stack'), rig, 'lab_orders', { key: Buffer.from('no key'), partition: 1 });
    const scope = `${topicOf('lab_orders')}/1`;
    await expect
      .poll(async () => (await rig.status()).halts, { timeout: 20_000 })
      .toMatchObject([{ scope, code: 'KEY_UNDECODABLE' }]);
    expect(await flowOf('lab_orders')).toMatchObject({ verdict: 'halted', blame: 'land' });
    expect((await rig.sluice('status', 'supabase')).code).toBe(1);
    const resumed = await json('resume', 'supabase', scope, '--skip', '--reason', 'a test wrote it');
    expect(resumed.value).toMatchObject({ resumed: [{ scope, code: 'KEY_UNDECODABLE' }] });
    await expect
      .poll(async () => (await flowOf('lab_orders'))?.verdict, { timeout: 30_000 })
      .toMatch(/^(healthy|idle|parked)$/);
  }, 90_000);

  it('stops for a truncate: what becomes of the target is for people to say', async () => {
    await rig.source.query('truncate public.lab_order_events');
    await expect
      .poll(async () => (await rig.status()).halts.map(({ code }) => code), { timeout: 30_000 })
      .toContain('TRUNCATED');
    const [halt] = (await rig.status()).halts;
    const resumed = await json(
      'resume',
      'supabase',
      halt?.scope ?? '',
      '--skip',
      '--reason',
      'the target keeps its history',
    );
    expect(resumed.code).toBe(0);
    await expect.poll(async () => (await rig.status()).halts, { timeout: 30_000 }).toEqual([]);
  }, 90_000);

  it('tells wrong calls from failures', async () => {
    expect((await rig.sluice('run', 'nobody')).code).toBe(2);
    expect((await rig.sluice('run', 'supabase', 'no_such_flow')).code).toBe(2);
    const away = { ...rig.variables, SLUICE_SERVICES_URL: 'postgres://u:secretword@127.0.0.1:1/x' };
    const failed = await rig.sluiceWith(away, 'status', 'supabase');
    expect(failed.code).toBe(1);
    expect(failed.err).toContain('TARGET_UNAVAILABLE');
    expect(failed.err).not.toContain('secretword');
  }, 60_000);

  it('ends both processes in time', async () => {
    for (const worker of [first, second]) worker.child.kill('SIGTERM');
    expect(await Promise.all([first.exited, second.exited])).toEqual([0, 0]);
  }, 40_000);
});
