import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { openPipeline } from '../../src/app/pipeline.ts';
import { replayInto } from '../../src/app/replay.ts';
import { type ShadowDiff, shadowDiff } from '../../src/app/shadow/diff.ts';
import { promoteShadow } from '../../src/app/shadow/promote.ts';
import { opaqueKey } from '../../src/core/index.ts';
import { PostgresShadows } from '../../src/sinks/postgres/index.ts';
import { openBroker } from '../support/broker.ts';
import { CHANGED_TARGET, changedRule } from '../support/changed-rule.ts';
import { readTopicsWhole } from '../support/oracle.ts';
import { type Rig, startRig } from '../support/rig.ts';

describe('a shadow', () => {
  let rig: Rig;
  const quiet = (): void => undefined;
  const noted = async (table = CHANGED_TARGET): Promise<string[]> => {
    const { rows } = await rig.open.pool.query<{ notes: string }>(`select coalesce(notes, '') as notes from ${table}`);
    return rows.map(({ notes }) => notes);
  };
  const json = async <T>(code: number, ...args: string[]): Promise<T> => {
    const said = await rig.sluice(...args, '--json');
    expect(said.code, said.err + said.out).toBe(code);
    return JSON.parse(said.out) as T;
  };
  const revisions = async (): Promise<unknown> =>
    (
      await rig.open.pool.query(`select sum(revision) as sum, count(*) from sluice.document where pipeline = $1`, [
        rig.open.name,
      ])
    ).rows[0];

  beforeAll(async () => {
    rig = await startRig(inject('stack'), { rows: 10, seed: 71n });
    rig.startWorker();
    await rig.settled(90);
    await rig.source.query(`update public.appointments set notes = 'as it was'`);
    await rig.settled();
  }, 180_000);
  afterAll(() => rig.close());

  it('of a changed rule shows exactly the field it touches', async () => {
    const told: number[] = [];
    const done = await replayInto(rig.config, {
      migration: 'supabase',
      shadow: 'next',
      rules: changedRule,
      onProgress: ({ done: records }) => told.push(Number(records)),
    });
    expect(done.warnings).toEqual([]);
    expect(told.at(-1)).toBe(Number(done.records));
    const open = openPipeline(rig.config, 'supabase', 'next');
    const diff = await shadowDiff(open, true);
    await open.close();
    const { rows } = await rig.source.query<{ n: number }>('select count(*)::int as n from public.appointments');
    expect(diff.changes.map(({ keys, ...rest }) => rest)).toEqual([
      {
        ...{ rule: 'transformer appointments', flow: 'appointments', target: CHANGED_TARGET },
        ...{ kind: 'field', path: 'notes', count: rows[0]?.n },
      },
    ]);
    const shown = await json<ShadowDiff>(3, 'replay', 'diff', 'next');
    expect(shown.changes[0]?.keys).toEqual(diff.changes[0]?.keys.map(opaqueKey));
  }, 120_000);

  it('is made live at equal progress, and streams on', async () => {
    await rig.source.query(`update public.appointments set notes = 'meanwhile'`);
    // once more by the same rules: what came since is by those of this release
    await replayInto(rig.config, { migration: 'supabase', shadow: 'next', rules: changedRule, onProgress: quiet });
    await rig.settled();
    const told = async (): Promise<bigint> =>
      BigInt((await rig.open.pool.query('select max(id) as id from scheduling.outbox')).rows[0]?.id ?? 0);
    const toldBefore = await told();
    expect(toldBefore).toBeGreaterThan(0n);
    // what is built has another hash than these sources: to it they are the rules of another release
    const other = await rig.sluice('replay', 'promote', 'next');
    expect([other.code, other.err]).toEqual([2, expect.stringContaining('made by other rules')]);
    const was = CHANGED_TARGET.replace('.', '__next.');
    const open = openPipeline(rig.config, 'supabase', 'next', changedRule);
    const done = await promoteShadow(rig.config, open, { by: 'a tester', deliver: false, onProgress: quiet }).finally(
      () => open.close(),
    );
    expect(done.switched).toContain('scheduling');
    expect(done.marked).toBe(0);
    // nobody derives what was live; the live worker, which runs the rules of this release, settles roots by those at once
    expect(new Set(await noted(was))).toEqual(new Set(['meanwhile']));
    expect(['meanwhile', 'meanwhile!']).toEqual(expect.arrayContaining([...new Set(await noted())]));
    await rig.source.query(`update public.appointments set notes = 'streams on'`);
    await expect.poll(async () => new Set(await noted()), { timeout: 30_000 }).toEqual(new Set(['streams on']));
    await rig.settled();
    // the service goes on telling of its rows, under numbers that were never given
    expect(await told()).toBeGreaterThan(toldBefore);
    // it holds what was live: filled further it would be neither
    const further = replayInto(rig.config, { migration: 'supabase', shadow: 'next', onProgress: quiet });
    await expect(further).rejects.toThrow(/holding what was live/);
    await json(0, 'replay', 'discard', 'next', '--by', 'a tester');
    expect((await rig.sluice('replay', 'diff', 'next')).err).toContain('no replay has filled');
    const { rows } = await rig.open.pool.query('select action, by from sluice.promotion order by id');
    expect(rows).toEqual([
      { action: 'promoted', by: 'a tester' },
      { action: 'discarded', by: 'a tester' },
    ]);
  }, 120_000);

  it('is filled and made live by the same release', async () => {
    await json(0, 'replay', 'supabase', '--from-beginning', '--into', 'same', '--keep');
    await rig.open.pool.query(
      `insert into sluice.gap (pipeline, kind, scope, reason, epoch) values ($1, 'topic_recreated', 'none/0', 'a test', 9)`,
      [rig.open.name],
    );
    const refused = await rig.sluice('replay', 'promote', 'same');
    await rig.open.pool.query('delete from sluice.gap');
    expect([refused.code, refused.err]).toEqual([2, expect.stringContaining('a gap is open')]);
    const done = await json<{ switched: string[]; marked: number }>(0, 'replay', 'promote', 'same', '--by', 'a tester');
    expect(done.switched).toContain('scheduling');
    expect(done.marked).toBe(0);
    await json(0, 'replay', 'discard', 'same');
  }, 120_000);

  it('is whole by an ended whole replay only, and made by one set of rules', async () => {
    const shadows = new PostgresShadows(rig.open.pool, rig.open.migration, 'begun');
    const begin = async (from: 'beginning' | 'time', rules = 'a') => {
      await shadows.begin({ flow: null, from, lacks: from === 'time' ? 'it began late' : null, rules });
      const { whole, lacks } = (await shadows.read()) ?? {};
      return [whole, lacks];
    };
    expect(await begin('beginning')).toEqual([true, null]);
    // that one was killed
    expect(await begin('time')).toEqual([false, 'it began late']);
    await shadows.filled({}, new Map());
    expect(await begin('beginning')).toEqual([true, null]);
    await shadows.filled({}, new Map());
    expect(await begin('time')).toEqual([true, null]);
    await expect(begin('beginning', 'b')).rejects.toThrow(/made by other rules/);
    await rig.open.pool.query(`delete from sluice.shadow where pipeline = 'begun'`);
  });

  it('that does not begin at the beginning is for looking only', async () => {
    const time = new Date().toISOString();
    await rig.source.query(`update public.appointments set notes = 'late'`);
    await rig.settled();
    const part = ['replay', 'supabase', '--from-time', time, '--into', 'part', '--keep', '--flow', 'appointments'];
    const replayed = await rig.sluice(...part, '--json');
    expect(Number((JSON.parse(replayed.out) as { records: string }).records)).toBeGreaterThan(0);
    const promoted = await rig.sluice('replay', 'promote', 'part');
    expect(promoted.code).toBe(2);
    expect(promoted.err).toContain('for looking only');
    await json(0, 'replay', 'discard', 'part');
  }, 120_000);

  it('is not needed for a backfill: rows are read again, and nothing that is right changes', async () => {
    const before = await revisions();
    const reads = async (): Promise<number> =>
      (await readTopicsWhole(rig)).filter(({ op, position }) => op === 'r' && position.phase === 1).length;
    const { rows } = await rig.source.query<{ id: string; n: number }>(
      'select min(id::text) as id, count(*)::int as n from public.appointments',
    );
    const wrong = await rig.sluice('backfill', 'supabase', '--table', 'public.appointments', '--where', 'nonsense = 1');
    expect(wrong.code).toBe(2);
    expect(wrong.err).toContain('refuses the condition');
    const args = ['backfill', 'supabase', '--table', 'public.appointments', '--wait'];
    const one = await json<{ stage: string }>(0, ...args, '--where', `id = '${rows[0]?.id}'`);
    expect(one.stage).toBe('done');
    expect(await reads()).toBe(1);
    await json(0, ...args);
    expect(await reads()).toBe(1 + (rows[0]?.n ?? 0));
    await rig.settled();
    expect(await revisions()).toEqual(before);
  }, 120_000);

  it('of a topic that has lost records is for looking only', async () => {
    const topic = `${rig.open.name}.public.appointments`;
    const broker = await openBroker(inject('stack'));
    // asked for by their end first: kafkajs finds the leaders by it
    const ends = await broker.admin.fetchTopicOffsets(topic);
    const partitions = ends.filter(({ high }) => high !== '0').map(({ partition }) => ({ partition, offset: '1' }));
    await broker.admin.deleteTopicRecords({ topic, partitions });
    await broker.close();
    const filled = await rig.sluice('replay', 'supabase', '--from-beginning', '--into', 'short', '--keep');
    expect(filled.err).toContain(`expired ${topic}`);
    const promoted = await rig.sluice('replay', 'promote', 'short');
    expect([promoted.code, promoted.err]).toEqual([2, expect.stringContaining(`${topic} (expired)`)]);
    await json(0, 'replay', 'discard', 'short');
  }, 120_000);
});
