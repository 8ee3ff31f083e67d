import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { ChangeEvent, Gap } from '../../src/core/index.ts';
import { type BrokerAccess, openBroker } from '../support/broker.ts';
import { readTopicsWhole, settledDifferences } from '../support/oracle.ts';
import { recovers } from '../support/recovery.ts';
import { type Rig, startRig } from '../support/rig.ts';

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('gaps in capture', () => {
  let rig: Rig;
  let broker: BrokerAccess;
  /** what was landed before a topic lost it */
  const earlier: ChangeEvent[] = [];
  const slot = (): string => `${rig.config.prefix}sluice_supabase`;
  const connector = (): string => `${rig.place.connectUrl}/connectors/${rig.config.prefix}sluice-supabase`;

  beforeAll(async () => {
    broker = await openBroker(inject('stack'));
    rig = await startRig(inject('stack'), { rows: 10, seed: 61n });
    rig.startWorker();
    await rig.settled(90);
  }, 180_000);
  afterAll(async () => {
    await rig.close();
    await broker.close();
  });

  const gaps = async (...args: string[]): Promise<Gap[]> => {
    const said = await rig.sluice('gaps', 'ls', 'supabase', '--json', ...args);
    expect([0, 3], said.err).toContain(said.code);
    return JSON.parse(said.out) as Gap[];
  };
  const found = (fault: string, kind: string): Promise<void> =>
    recovers(`${fault}: until it is found`, 15, () => {
      const sql = 'select kind from sluice.gap where closed_at is null';
      const kinds = async () => (await rig.open.pool.query<{ kind: string }>(sql)).rows.map((row) => row.kind);
      return expect.poll(kinds, { timeout: 20_000, interval: 200 }).toContain(kind);
    });
  const connect = async (method: string, path: string, body?: unknown): Promise<void> => {
    let said = '';
    for (let attempt = 0; attempt < 60; attempt += 1) {
      const response = await fetch(connector() + path, {
        method,
        headers: { 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      if (response.ok) return;
      said = await response.text();
      await pause(250);
    }
    throw new Error(`${method} ${path}: ${said}`);
  };
  /** Changes nobody captures: what is changed, and what is deleted. */
  const unseen = async (text: string): Promise<void> => {
    await rig.source.query('update public.appointments set notes = $1', [text]);
    await rig.source.query(
      'delete from public.appointments where id in (select id from public.appointments order by id limit 1)',
    );
  };
  async function healed(fault: string): Promise<void> {
    await recovers(`${fault}: recovered`, 60, async () => {
      const said = await rig.sluice('recover', 'supabase', '--json');
      expect(said.code, said.err + said.out).toBe(0);
      await rig.settled(60);
    });
    expect(await gaps()).toEqual([]);
    const alive = 'select legacy_id::text as id from scheduling.appointment where deleted_at is null order by 1';
    const rows = async () => (await rig.open.pool.query(alive)).rows;
    const { rows: source } = await rig.source.query('select id::text from public.appointments order by 1');
    await expect.poll(rows, { timeout: 30_000, interval: 300 }).toEqual(source);
  }

  it('a topic made anew stops its flow alone; a slot moved by hand stops all; both are recovered', async () => {
    const topic = `${rig.config.prefix}supabase.public.lab_order_events`;
    earlier.push(...(await readTopicsWhole(rig)));
    await broker.admin.deleteTopics({ topics: [topic] });
    await pause(1_000);
    const refused = await rig.sluice('recover', 'supabase', '--json');
    // either nobody has found it yet, or the topic is still away
    expect([0, 2]).toContain(refused.code);
    await found('a topic deleted', 'topic_recreated');
    const standing = await rig.sluice('recover', 'supabase');
    expect(standing.code).toBe(2);
    expect(standing.err).toContain('topics apply');
    expect((await rig.sluice('topics', 'apply', 'supabase')).code).toBe(0);
    await rig.source.query(`update public.appointments set notes = 'others go on'`);
    const noted = `select count(*)::int as n from scheduling.appointment where notes is distinct from 'others go on' and deleted_at is null`;
    await expect
      .poll(async () => (await rig.open.pool.query<{ n: number }>(noted)).rows[0]?.n, { timeout: 20_000 })
      .toBe(0);
    expect((await gaps('--flow', 'appointments')).length).toBe(0);
    const its = await gaps('--flow', 'lab_order_events');
    expect(new Set(its.map(({ kind }) => kind))).toEqual(new Set(['topic_recreated']));
    expect(its.every(({ scope }) => scope.startsWith(`${topic}/`))).toBe(true);
    await rig.source.query(`update public.lab_order_events set event_type = event_type || '!'`);
    // nothing is taken for proved while changes may be missing, and the others are looked at as ever
    const proof = await rig.sluice('reconcile', 'caught-up', 'supabase', '--timeout', '20', '--json');
    expect(proof.code).toBe(1);
    expect(proof.err).toContain('sluice recover');
    const scanned = await rig.sluice('reconcile', 'run', 'supabase', '--once', '--without', 'fhir', '--json');
    expect(scanned.err).toBe('');
    const scan = JSON.parse(scanned.out.trim().split('\n').at(-1) ?? '') as {
      readonly seconds: number;
      readonly flows: readonly { flow: string; coverage: number; unverified: number; hot: number }[];
    };
    const flowOf = (name: string) => scan.flows.find(({ flow }) => flow === name);
    expect(flowOf('lab_order_events')?.unverified).toBeGreaterThan(0);
    expect(flowOf('lab_order_events')?.hot).toBe(0);
    expect(flowOf('appointment_requests')).toMatchObject({ coverage: 1, unverified: 0, hot: 0 });
    expect(scan.seconds).toBeLessThan(20);
    const advance = `select pg_replication_slot_advance($1, pg_current_wal_insert_lsn())`;
    await rig.source.query('select pg_terminate_backend(active_pid) from pg_replication_slots where slot_name = $1', [
      slot(),
    ]);
    await unseen('nobody saw this');
    for (let attempt = 0; ; attempt += 1) {
      try {
        await rig.source.query(advance, [slot()]);
        break;
      } catch (error) {
        if (attempt > 100) throw error;
        await pause(10);
      }
    }
    await found('a slot advanced by hand', 'slot_advanced');
    const [gap] = await gaps('--flow', 'appointments');
    expect(gap).toMatchObject({ kind: 'slot_advanced', scope: '*', closedAt: null });
    expect(Number(gap?.to)).toBeGreaterThan(Number(gap?.from));
    expect(Date.parse(gap?.since ?? '')).toBeLessThan(Date.parse(gap?.foundAt ?? ''));
    const said = await rig.sluice('status', 'supabase');
    expect(said.code).toBe(1);
    expect(said.out).toMatch(/appointments\s+gap/);
    expect(said.out).toContain('slot_advanced of all flows');
    await healed('a slot advanced by hand');
    const closed = new Set((await gaps('--all')).map(({ closedBy }) => closedBy));
    expect(closed).toEqual(new Set(['the snapshot and the sweep of epoch 2']));
  }, 180_000);

  it('offsets set ahead, and a connector pointed elsewhere', async () => {
    await connect('PUT', '/stop');
    await unseen('nor this');
    const { rows } = await rig.source.query<{ at: string }>(
      `select (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::text as at`,
    );
    await pause(4_000);
    const lsn = Number(rows[0]?.at);
    const offset = { lsn_proc: lsn, lsn_commit: lsn, lsn, messageType: 'COMMIT', txId: 1, ts_usec: 0 };
    const partition = { server: `${rig.config.prefix}supabase` };
    await connect('PATCH', '/offsets', { offsets: [{ partition, offset }] });
    await found('offsets set ahead', 'offsets_moved');
    const config = (await (await fetch(`${connector()}/config`)).json()) as Record<string, string>;
    await connect('PUT', '/config', { ...config, 'database.dbname': 'postgres' });
    await found('a connector pointed elsewhere', 'source_moved');
    await healed('offsets set ahead, a connector pointed elsewhere');
    expect(await settledDifferences(rig, 60, earlier)).toEqual([]);
  }, 180_000);
});
