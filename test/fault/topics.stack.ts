import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { ChangeEvent } from '../../src/core/index.ts';
import { type BrokerAccess, openBroker } from '../support/broker.ts';
import { readTopicsWhole, settledDifferences } from '../support/oracle.ts';
import { recovers } from '../support/recovery.ts';
import { type Rig, startRig, type WorkerProcess } from '../support/rig.ts';

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('a log that lost what was not landed', () => {
  let rig: Rig;
  let worker: WorkerProcess;
  let broker: BrokerAccess;
  /** what was landed before topics lost it; positions make repeats harmless */
  const earlier: ChangeEvent[] = [];
  const topicOf = (table: string): string => `${rig.config.prefix}supabase.public.${table}`;

  beforeAll(async () => {
    broker = await openBroker(inject('stack'));
    rig = await startRig(inject('stack'), { rows: 14, seed: 51n });
    worker = rig.startWorker();
    await rig.settled(90);
  }, 180_000);
  afterAll(async () => {
    await rig.close();
    await broker.close();
  });

  const halts = async (): Promise<string[]> => {
    const found = await rig.open.ledger.halts();
    const plain = found.map(
      ({ scope, code }) => `${code} ${scope.slice(scope.lastIndexOf('.') + 1).replace(/\/\d+$/, '')}`,
    );
    return [...new Set(plain)].sort();
  };
  /** A topic that was made a moment ago has no leaders yet. */
  const endsOf = async (table: string): Promise<Map<number, number>> => {
    for (let attempt = 0; ; attempt += 1)
      try {
        const ends = await broker.admin.fetchTopicOffsets(topicOf(table));
        return new Map(ends.map((one) => [one.partition, Number(one.high)]));
      } catch (error) {
        if (attempt >= 20) throw error;
        await pause(500);
      }
  };

  /** Waits until Kafka holds all that the source has committed. */
  async function captured(): Promise<void> {
    const { rows } = await rig.source.query<{ end: string }>('select pg_current_wal_insert_lsn()::text as end');
    const passed = `select confirmed_flush_lsn >= '${rows[0]?.end}'::pg_lsn as yes from pg_replication_slots
      where slot_name = '${rig.config.prefix}sluice_supabase'`;
    await expect
      .poll(async () => (await rig.source.query<{ yes: boolean }>(passed)).rows[0]?.yes, { timeout: 30_000 })
      .toBe(true);
  }

  async function remake(table: string): Promise<void> {
    await broker.admin.deleteTopics({ topics: [topicOf(table)] });
    await pause(1_000);
    const applied = await rig.sluice('topics', 'apply', 'supabase');
    expect(applied.code, applied.err).toBe(0);
  }

  it('retention passed the progress, a topic was made anew, another one has even grown long again: all are found', async () => {
    worker.child.kill('SIGTERM');
    await worker.exited;
    earlier.push(...(await readTopicsWhole(rig)));
    await rig.source.query(`update public.appointments set notes = 'lost ' || id`);
    await rig.source.query(
      'delete from public.appointments where id in (select id from public.appointments order by id limit 2)',
    );
    await rig.source.query(`update public.lab_orders set metadata = '{"lost": 1}'`);
    await rig.source.query(`update public.lab_order_events set note = 'lost'`);
    await captured();
    // asked for by their end first: kafkajs finds the leaders by it
    const partitions = [...(await endsOf('appointments'))].map(([partition, offset]) => ({
      partition,
      offset: String(offset),
    }));
    await broker.admin.deleteTopicRecords({ topic: topicOf('appointments'), partitions });
    const before = await endsOf('lab_order_events');
    await remake('lab_orders');
    await remake('lab_order_events');
    const grown = async (): Promise<boolean> => {
      const now = await endsOf('lab_order_events');
      return [...before].every(([partition, end]) => (now.get(partition) ?? 0) >= end);
    };
    for (let round = 0; !(await grown()); round += 1) {
      await rig.source.query('update public.lab_order_events set note = $1', [`again ${round}`]);
      await pause(300);
    }
    await captured();
    worker = rig.startWorker();
    await recovers('retention passed, topics made anew: until all are found', 15, () =>
      expect
        .poll(halts, { timeout: 20_000, interval: 200 })
        .toEqual([
          'PROGRESS_BELOW_LOG_START appointments',
          'TOPIC_RECREATED lab_order_events',
          'TOPIC_RECREATED lab_orders',
        ]),
    );
    const said = await rig.sluice('status', 'supabase');
    expect(said.code).toBe(1);
    expect(said.out).toMatch(/appointments\s+gap/);
    expect(said.out).toMatch(/PROGRESS_BELOW_LOG_START/);
    expect(said.out).toMatch(/TOPIC_RECREATED/);
  }, 120_000);

  it('and healed as docs/runbooks/new-epoch.md says', async () => {
    await recovers('retention passed, topics made anew: a new epoch', 90, async () => {
      const applied = await rig.sluice('connectors', 'apply', 'supabase', '--new-epoch');
      expect(applied.code, applied.err).toBe(0);
      const resumed = await rig.sluice('resume', 'supabase');
      expect(resumed.out).toContain('TOPIC_RECREATED');
      await rig.settled(90);
    });
    expect(await halts()).toEqual([]);
    const { rows } = await rig.source.query<{ id: string }>('select id::text from public.appointments order by 1');
    const alive = 'select legacy_id::text as id from scheduling.appointment where deleted_at is null order by 1';
    await expect
      .poll(async () => (await rig.open.pool.query<{ id: string }>(alive)).rows, { timeout: 30_000, interval: 300 })
      .toEqual(rows);
    expect(await settledDifferences(rig, 60, earlier)).toEqual([]);
  }, 180_000);
});
