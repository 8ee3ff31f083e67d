import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { connectorFolder } from '../../src/app/folders.ts';
import { applyConnector, type ConnectorPlace, readConnector } from '../../src/source/index.ts';
import { type Rig, startRig } from '../support/rig.ts';

let rig: Rig;
const connect = async (method: string, path: string): Promise<void> => {
  const name = `${rig.config.prefix}sluice-supabase`;
  const url = `${rig.place.connectUrl}/connectors/${name}${path}`;
  // 409 and 500: still stopping
  for (let attempt = 0; attempt < 40; attempt += 1) {
    if ((await fetch(url, { method })).ok) return;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  throw new Error(`${method} ${path} is refused`);
};
const stopCapture = async (): Promise<void> => {
  await connect('PUT', '/stop');
  // the answer comes before the task has ended: it may still send what is committed now
  const capturing = async (): Promise<boolean> => {
    const sql = 'select active from pg_replication_slots where slot_name = $1';
    const { rows } = await rig.source.query<{ active: boolean }>(sql, [`${rig.config.prefix}sluice_supabase`]);
    return rows[0]?.active ?? false;
  };
  await expect.poll(capturing, { timeout: 30_000, interval: 100 }).toBe(false);
};
const place = (): ConnectorPlace => rig.place;
const alive = async (): Promise<string[]> => {
  const sql = 'select legacy_id::text as id from scheduling.appointment where deleted_at is null order by 1';
  return (await rig.open.pool.query<{ id: string }>(sql)).rows.map(({ id }) => id);
};
const atSource = async (): Promise<string[]> => {
  const { rows } = await rig.source.query<{ id: string }>('select id::text from public.appointments order by 1');
  return rows.map(({ id }) => id);
};

describe('a source whose changes nobody saw for a while', () => {
  beforeAll(async () => {
    rig = await startRig(inject('stack'), { rows: 14 });
    rig.startWorker();
    await rig.settled();
  }, 180_000);
  afterAll(() => rig.close());

  it('is read anew under a new epoch, and rows that were deleted meanwhile end', async () => {
    const before = await alive();
    expect(before).toEqual(await atSource());
    await stopCapture();
    await rig.source.query('delete from public.appointments where id = any($1)', [before.slice(0, 3)]);
    await rig.source.query(`update public.appointments set notes = 'seen by the snapshot only'`);
    const definition = await readConnector(connectorFolder, 'supabase', rig.config.prefix);
    const applied = await applyConnector(definition, place(), { newEpoch: true, dryRun: false });
    expect(applied).toMatchObject({ action: 'new epoch', epoch: 2 });
    await expect.poll(alive, { timeout: 60_000, interval: 500 }).toEqual(before.slice(3));
    expect(await alive()).toEqual(await atSource());
    const notes = async (): Promise<unknown[]> => {
      const sql = 'select distinct notes from scheduling.appointment where deleted_at is null';
      return (await rig.open.pool.query(sql)).rows;
    };
    // rows of a snapshot are derived in no order among each other
    await expect.poll(notes, { timeout: 60_000, interval: 500 }).toEqual([{ notes: 'seen by the snapshot only' }]);
    await rig.settled();
    expect((await rig.status()).halts).toEqual([]);
  }, 120_000);

  it('stops when a snapshot comes that nobody announced', async () => {
    await stopCapture();
    await connect('DELETE', '/offsets');
    await connect('PUT', '/resume');
    await expect
      .poll(async () => (await rig.status()).halts.map(({ code }) => code), { timeout: 60_000, interval: 500 })
      .toContain('UNANNOUNCED_SNAPSHOT');
    const flows = (await rig.status()).flows.filter(({ verdict }) => verdict === 'gap');
    expect(flows.length).toBeGreaterThan(0);
    // the watch may have seen the offsets vanish before the snapshot came
    expect(flows[0]).toMatchObject({ reason: expect.stringMatching(/UNANNOUNCED_SNAPSHOT|OFFSETS_MOVED/) });
  }, 120_000);
});
