import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { FindingKind } from '../../src/core/index.ts';
import { FindingStore } from '../../src/sinks/postgres/index.ts';
import { type Rig, startRig } from '../support/rig.ts';

let rig: Rig;
let store: FindingStore;

interface Told {
  readonly id: string;
  readonly state: string;
  readonly keyHash: string;
  readonly key?: string;
  readonly repair?: string;
  readonly repairs?: readonly object[];
  readonly detail: Record<string, unknown>;
}

const KEY = '00000000-0000-4000-8000-00000000000';
const find = async (n: number, kind: FindingKind, root = `${KEY}${n}`): Promise<void> => {
  const finding = { flow: 'partner_label_queue', target: 'partnerops.label_queue', key: `${KEY}${n}`, root, kind };
  await store.add([
    { ...finding, differences: [{ path: 'patient_name', class: 'value' }], hash: 'aa', engine: 'scan' },
  ]);
};
const confirm = async (): Promise<void> => {
  const open = await store.list({ states: ['suspect'], limit: 10 });
  await store.move(open.map(({ id }) => ({ id, state: 'confirmed' as const, seen: null })));
};
const ask = async (...args: string[]) => {
  const done = await rig.sluice('reconcile', ...args, '--json');
  return { ...done, told: done.code === 0 ? (JSON.parse(done.out) as Told[] & Told) : null };
};

beforeAll(async () => {
  rig = await startRig(inject('stack'), { rows: 2, captured: false });
  store = new FindingStore(rig.open.pool, rig.open.name);
  await find(1, 'value');
  await find(2, 'stale');
  await find(3, 'extra', '');
  await confirm();
  await rig.open.pool.query(
    `update sluice.finding set first_at = first_at - interval '1 hour', confirmed_at = confirmed_at - interval '1 hour'
     where key = $1`,
    [`${KEY}2`],
  );
}, 120_000);
afterAll(() => rig.close());

describe('what is said and done of findings', () => {
  it('lists them without keys, by kind, and those that are late', async () => {
    const { told } = await ask('findings');
    expect(told?.map(({ key, state }) => ({ key, state }))).toEqual(
      Array(3).fill({ key: undefined, state: 'confirmed' }),
    );
    expect((await ask('findings', '--kind', 'extra', '--keys')).told?.map(({ key }) => key)).toEqual([`${KEY}3`]);
    expect((await ask('findings', '--playbook', '--keys')).told?.map(({ key }) => key)).toEqual([`${KEY}2`]);
    const status = await rig.sluice('reconcile', 'status');
    expect([status.code, status.out]).toEqual([3, expect.stringMatching(/1 open for more than 15 minutes/)]);
  });

  it('explains what can be done about one', async () => {
    const [one, , extra] = await store.list({ limit: 10 });
    expect((await ask('explain', String(one?.id))).told?.repair).toBe(
      `sluice reconcile repair ${one?.id} supabase --by <name>`,
    );
    expect((await ask('explain', String(extra?.id))).told?.repair).toMatch(/by hand/);
    expect((await ask('explain', '999')).code).toBe(2);
  });

  it('takes a name and a reason for what is accepted, and a name for what is repaired', async () => {
    const [one, two] = await store.list({ limit: 10 });
    const accept = ['accept', String(one?.id), '--by', 'A N Other', '--reason'];
    expect((await ask('accept', String(one?.id), '--by', 'A N Other')).code).toBe(2);
    expect((await ask(...accept, ' ')).code).toBe(2);
    expect((await ask(...accept, 'known since May')).code).toBe(0);
    expect((await ask(...accept, 'once more')).code).toBe(2);
    const never = { ...rig.variables, SLUICE_REPAIR: 'approval,partner_label_queue=never' };
    const refused = await rig.sluiceWith(never, 'reconcile', 'repair', String(two?.id), '--by', 'A N Other');
    expect([refused.code, refused.err]).toEqual([2, expect.stringContaining('never repaired')]);
    const told = await rig.sluiceWith(never, 'reconcile', 'explain', String(two?.id), '--json');
    expect((JSON.parse(told.out) as Told).repair).toMatch(/never repaired/);
    expect((await ask('repair', String(two?.id), '--by', 'A N Other')).code).toBe(0);
    const [accepted, repaired] = await store.list({ limit: 10 });
    expect(accepted).toMatchObject({
      state: 'accepted',
      detail: { acceptedBy: 'A N Other', reason: 'known since May' },
    });
    expect(repaired).toMatchObject({ state: 'repaired', detail: { repairedBy: 'A N Other', repairs: 1 } });
    const { rows } = await rig.open.pool.query('select flow, key from sluice.mark where key = $1', [`${KEY}2`]);
    expect(rows).toEqual([{ flow: 'partner_label_queue', key: `${KEY}2` }]);
  });

  it('looks again: what its source says no more is over', async () => {
    await rig.open.pool.query('delete from sluice.mark');
    const again = await ask('recheck', 'supabase');
    expect([again.code, again.told]).toEqual([0, []]);
    const closed = (await store.list({ limit: 10 })).map(({ state }) => state);
    expect(closed).toEqual(['vanished', 'reverified', 'vanished']);
    expect((await rig.sluice('reconcile', 'status')).code).toBe(0);
    const [, two] = await store.list({ limit: 10 });
    expect((await ask('explain', String(two?.id))).told?.repairs).toEqual([
      expect.objectContaining({ by: 'A N Other', asked: 'by name', outcome: 'verified' }),
    ]);
  });
});
