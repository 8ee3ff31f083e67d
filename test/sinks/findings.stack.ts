import { afterAll, beforeAll, beforeEach, expect, inject, it } from 'vitest';
import type { FindingState } from '../../src/core/index.ts';
import { FindingStore, type NewFinding } from '../../src/sinks/postgres/index.ts';
import { MINI_SQL, mini } from '../support/mini-migration.ts';
import { type ServiceDatabase, serviceDatabase } from '../support/service-database.ts';

let db: ServiceDatabase;
let store: FindingStore;

beforeAll(async () => {
  db = await serviceDatabase(inject('stack').postgres, mini, { mini: MINI_SQL });
  store = new FindingStore(db.pool, 'mini');
});
beforeEach(() => db.pool.query('delete from sluice.finding'));
afterAll(() => db?.close());

const found = (key: string, over: Partial<NewFinding> = {}): NewFinding => ({
  flow: 'parents',
  target: 'mini.parent',
  key,
  root: key,
  kind: 'value',
  differences: [],
  hash: 'aa',
  engine: 'scan',
  ...over,
});
const idOf = async (key: string): Promise<string> =>
  (await store.list({ limit: 1_000 })).findLast((one) => one.key === key)?.id ?? '';
const move = (id: string, ...states: FindingState[]) =>
  states.reduce(
    (before, state) => before.then(() => store.move([{ id, state, seen: null }])),
    Promise.resolve() as Promise<void>,
  );
const keys = async (filter: Omit<Parameters<FindingStore['list']>[0], 'limit'>): Promise<readonly string[]> =>
  (await store.list({ ...filter, limit: 100 })).map(({ key }) => key);
const age = (key: string) =>
  db.pool.query(
    `update sluice.finding set first_at = first_at - interval '1 hour', confirmed_at = confirmed_at - interval '1 hour'
     where key = $1`,
    [key],
  );

it('keeps each repair and what became of it', async () => {
  await store.add([found('a')]);
  const id = await idOf('a');
  await move(id, 'confirmed');
  const outcomes = async () =>
    (await store.repairs(id)).map(({ by, asked, outcome, closedAt }) => [by, asked, outcome, closedAt !== null]);
  expect(await store.repair(id, 'policy', 'policy')).toBe(true);
  expect(await outcomes()).toEqual([['policy', 'policy', 'open', false]]);
  await move(id, 'confirmed');
  expect(await outcomes()).toEqual([['policy', 'policy', 'failed', true]]);
  expect(await store.repair(id, 'A N Other')).toBe(true);
  expect(await store.repair(id, 'A N Other')).toBe(true);
  // by a look that began before the repair; the next one is right
  await move(id, 'confirmed', 'reverified');
  expect(await outcomes()).toEqual([
    ['policy', 'policy', 'failed', true],
    ['A N Other', 'by name', 'overtaken', true],
    ['A N Other', 'by name', 'verified', true],
  ]);
  expect(await store.repair(id, 'A N Other')).toBe(false);
  expect(await outcomes()).toHaveLength(3);
  expect(await new FindingStore(db.pool, 'other').repairs(id)).toEqual([]);
});

it('lets a repair be overtaken by an acceptance, and forgets repairs with their finding', async () => {
  await store.add([found('a')]);
  const id = await idOf('a');
  await move(id, 'confirmed');
  await store.repair(id, 'A N Other');
  expect(await store.accept(id, 'A N Other', 'known')).toBe(true);
  expect((await store.repairs(id)).map(({ outcome }) => outcome)).toEqual(['overtaken']);
  expect(await store.accept(id, 'A N Other', 'known')).toBe(false);
  await db.pool.query('delete from sluice.finding');
  expect((await db.pool.query('select from sluice.finding_repair')).rowCount).toBe(0);
});

it('lists what is late, however many older ones are accepted', async () => {
  const many = Array.from({ length: 120 }, (_, n) => found(`old ${n}`));
  await store.add([...many, found('late'), found('new')]);
  await db.pool.query(`update sluice.finding set state = case when key like 'old%' then 'accepted' else 'confirmed' end,
    confirmed_at = clock_timestamp()`);
  await age('late');
  expect(await keys({ states: ['confirmed', 'accepted'], playbook: true })).toEqual(['late']);
});

it('lists what can be repaired by itself, however many others there are', async () => {
  const hopeless = Array.from({ length: 120 }, (_, n) => found(`row ${n}`, { target: 'source:mini.parent' }));
  await store.add([
    ...hopeless,
    found('nobody’s', { root: '' }),
    found('unmappable', { kind: 'unmappable' }),
    found('history', { target: 'mini.history' }),
    found('often'),
    found('other', { flow: 'children' }),
    found('mine'),
    found('altered', { target: 'mini.entry' }),
    found('gone', { target: 'mini.entry', kind: 'missing' }),
  ]);
  await db.pool.query(
    `update sluice.finding set state = 'confirmed', repairs = case key when 'often' then 3 else 2 end`,
  );
  const repairable = { flows: ['parents'], fewerThan: 3, except: 'mini.history', entries: ['mini.entry'] };
  expect(await keys({ states: ['confirmed'], repairable })).toEqual(['mine', 'gone']);
  expect(await keys({ states: ['confirmed'], repairable: { ...repairable, flows: [] } })).toEqual([]);
});

it('starts the clock of a finding anew when what was accepted is one again', async () => {
  await store.add([found('a')]);
  const id = await idOf('a');
  await move(id, 'confirmed');
  await age('a');
  expect(await keys({ playbook: true })).toEqual(['a']);
  await store.accept(id, 'A N Other', 'known');
  await move(id, 'suspect');
  const [suspect] = await store.list({ id, limit: 1 });
  expect([suspect?.confirmedAt, (suspect?.ageSeconds ?? 999) < 60]).toEqual([null, true]);
  await move(id, 'confirmed');
  const [confirmed] = await store.list({ id, limit: 1 });
  expect([confirmed?.playbook, (confirmed?.ageSeconds ?? 999) < 60]).toEqual([false, true]);
});
