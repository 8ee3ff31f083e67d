import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type Rig, startRig, type WorkerProcess } from '../support/rig.ts';

describe('a source whose tables change while they are followed', () => {
  let rig: Rig;
  let worker: WorkerProcess;
  const ACCEPTED = { SLUICE_ABSENT_COLUMNS: 'public.submissions.onset_time,public.partner_payouts.notes' };

  beforeAll(async () => {
    rig = await startRig(inject('stack'), { rows: 6, seed: 71n });
    worker = rig.startWorker();
    await rig.settled(150);
  }, 300_000);
  afterAll(() => rig.close());

  const services = async (text: string): Promise<Record<string, unknown>[]> => (await rig.open.pool.query(text)).rows;
  const halts = () => services('select scope, code, reason from sluice.halt order by scope');
  const halted = (table: string, code: string): Promise<void> =>
    expect
      .poll(halts, { timeout: 30_000, interval: 200 })
      .toContainEqual(expect.objectContaining({ code, scope: expect.stringContaining(`public.${table}/`) as string }));

  it('a column that rules read is dropped: its table waits, nothing is emptied, the others go on', async () => {
    await rig.source.query(`update public.submissions set onset_time = 'at night'`);
    await rig.settled(60);
    await rig.source.query('alter table public.submissions drop column onset_time');
    await rig.source.query(`update public.submissions set status = 'completed'`);
    await halted('submissions', 'COLUMN_LOST');
    expect(JSON.stringify(await halts())).toContain('onset_time');
    const { rows } = await rig.source.query('update public.partner_payouts set amount = amount + 1 returning id');
    const changed = `select count(*)::int as n from finance.payout_adjustment`;
    await expect.poll(() => services(changed), { timeout: 30_000, interval: 300 }).toEqual([{ n: rows.length }]);
    const kept = 'select distinct onset_time from intake.submission';
    expect(await services(kept)).toEqual([{ onset_time: 'at night' }]);
  }, 120_000);

  it('one that has another name is missed, too, and both go on once that is accepted', async () => {
    await rig.source.query('alter table public.partner_payouts rename column notes to remarks');
    await rig.source.query('update public.partner_payouts set amount = amount + 1');
    await halted('partner_payouts', 'COLUMN_LOST');
    worker.child.kill('SIGTERM');
    await worker.exited;
    expect((await rig.sluice('resume', 'supabase')).code).toBe(0);
    worker = rig.startWorkerWith(ACCEPTED);
    await rig.settled(150);
    expect(await halts()).toEqual([]);
    const status = 'select distinct status_raw as status from intake.submission';
    expect(await services(status)).toEqual([{ status: 'completed' }]);
  }, 300_000);

  it('a column of another type: what does not fit is put aside, and comes when it does', async () => {
    await rig.source.query('alter table public.compliance_tasks alter column due_at type text using $$soon$$');
    await rig.source.query(`update public.compliance_tasks set status = status`);
    const parked = async (): Promise<number> =>
      Number((await services(`select count(*) as n from sluice.parked where closed_at is null`))[0]?.n);
    await expect.poll(parked, { timeout: 30_000, interval: 300 }).toBeGreaterThan(0);
    await rig.source.query(
      `alter table public.compliance_tasks alter column due_at type timestamptz using '2026-12-01T09:00Z'::timestamptz`,
    );
    await rig.source.query(`update public.compliance_tasks set status = status`);
    await expect.poll(parked, { timeout: 30_000, interval: 300 }).toBe(0);
  }, 120_000);

  it('another primary key: its table stops, for nobody can tell which row is meant', async () => {
    await rig.source.query(`alter table public.partner_label_queue drop constraint partner_label_queue_pkey`);
    await rig.source.query(`alter table public.partner_label_queue add primary key (label_code)`);
    await rig.source.query(`update public.partner_label_queue set priority = 'high'`);
    await halted('partner_label_queue', 'KEY_UNDECODABLE');
  }, 60_000);
});
