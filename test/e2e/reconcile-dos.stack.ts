import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { recheckOpen } from '../../src/app/reconcile/recheck.ts';
import { readEngines, startReconcile } from '../../src/app/reconcile/run.ts';
import type { Item } from '../../src/sinks/dynamodb/attributes.ts';
import { dynamoDbAt, type Items, openItems } from '../support/dynamodb-items.ts';
import { comparedIn, type Reconciling, reconcilingOf } from '../support/reconciling.ts';
import { type Rig, startRig } from '../support/rig.ts';

let rig: Rig;
let items: Items;
let reconciling: Reconciling;

/** Items as DynamoDB has them, in the order of their keys. */
const raw = async (table: string): Promise<Item[]> => {
  const found = await dynamoDbAt(rig.config.dynamodb.url).scan(items.named(table));
  return [...found].sort((x, y) => (text(x, 'id') < text(y, 'id') ? -1 : 1));
};
const text = (item: Item | undefined, attribute: string): string => String(item?.[attribute]?.S);
const keyOf = (item: Item | undefined): string => JSON.stringify([text(item, 'id'), text(item, 'field')]);
const remove = (table: string, { id, field }: Item) =>
  items.client.call('DeleteItem', { TableName: items.named(table), Key: { id, field } });

const HISTORY = 'version-history';
const removeEntry = ({ entity_id, timestamp }: Item) =>
  items.client.call('DeleteItem', { TableName: items.named(HISTORY), Key: { entity_id, timestamp } });
const NOBODYS_ENTRY = {
  entity_id: { S: 'location#nobody#document' },
  timestamp: { S: '2026-01-01T00:00:00+00:00' },
  change_type: { S: 'CREATE' },
};

let entries: [Item, Item];
const NOBODYS = { id: { S: '00000000-0000-5000-8000-000000000001' }, field: { S: 'document' }, name: { S: 'Nobody' } };

/**
 * Ids of services by uid, but of linked pharmacies that wait for their parent, which the traffic may have taken from them:
 * of their items nothing is said.
 */
async function madeServices(): Promise<ReadonlyMap<string, string>> {
  const { rows: waits } = await rig.open.pool.query<{ root: string }>('select distinct root from sluice.waiting');
  const waiting = new Set(waits.map(({ root }) => root));
  const { rows } = await rig.source.query<{ id: string; uid: string }>(
    'select id::text, uid from pathwaysdos.services',
  );
  return new Map(rows.filter(({ id }) => !waiting.has(id)).map(({ id, uid }) => [uid, id]));
}

beforeAll(async () => {
  rig = await startRig(inject('stack'), { migration: 'dos', rows: 40 });
  items = openItems(rig.config);
  rig.startWorker();
  reconciling = await reconcilingOf(rig);
  await rig.settled(120);
}, 240_000);
afterAll(async () => {
  await reconciling?.parts.close();
  await rig.close();
});

describe('reconciliation over Debezium and DynamoDB', () => {
  it('compares everything when nothing moves', async () => {
    const round = await reconciling.scan();
    expect(await reconciling.found()).toEqual([]);
    for (const [flow, tally] of round.flows) expect({ flow, ...tally }).toMatchObject({ hot: 0, countsDiffer: 0 });
    expect(comparedIn(round)).toBeGreaterThan(200);
  });

  it('finds what was done to the tables, by kind and path, within one scan', async () => {
    const made = await madeServices();
    const isMade = (item: Item): boolean => made.has(text(item, 'identifier_oldDoS_uid'));
    const [organisations, services, locations] = (
      await Promise.all(['organisation', 'healthcare-service', 'location'].map(raw))
    ).map((found) => found.filter(isMade)) as [Item[], Item[], Item[]];
    const triage = await raw('triage-code');
    const ids = new Set([...made.values()].map((id) => `services#${id}`));
    const states = (await raw('data-migration-state')).filter((one) => ids.has(text(one, 'source_record_id')));
    const [changed, foreign, older, ...more] = organisations as [Item, Item, Item];
    const practices = await rig.source.query<{ uid: string }>(
      'select uid from pathwaysdos.services where typeid = 100',
    );
    const kept = (more as Item[]).find((one) =>
      practices.rows.some(({ uid }) => uid === text(one, 'identifier_oldDoS_uid')),
    ) as Item;
    const [gone, swapped, other] = services as [Item, Item, Item];
    const [code] = triage as [Item];
    const [state] = states as [Item];
    const service = (await rig.source.query('select id from pathwaysdos.services where uid = $1', [
      text(older, 'identifier_oldDoS_uid'),
    ])) as { rows: { id: number }[] };
    await rig.source.query(`update pathwaysdos.services set publicname = 'GP - New Name Surgery' where id = $1`, [
      service.rows[0]?.id,
    ]);
    // no rule takes it now: its items stay as they are, and nothing makes them
    await rig.source.query('update pathwaysdos.services set typeid = 25 where uid = $1', [
      text(kept, 'identifier_oldDoS_uid'),
    ]);
    await rig.settled(120);
    expect(await rig.open.admin.listParked({})).toEqual([]);

    await items.put('organisation', { ...kept, name: { S: 'Somebody Else' } });
    await items.put('organisation', { ...changed, name: { S: 'Somebody Else' } });
    const { sluice_revision: _, ...unowned } = foreign;
    await items.put('organisation', { ...unowned, name: { S: 'Somebody Else' } } as Item);
    await items.put('organisation', older);
    await remove('healthcare-service', gone);
    await items.put('healthcare-service', { ...swapped, name: other.name } as Item);
    await items.put('healthcare-service', { ...other, name: swapped.name } as Item);
    await items.put('triage-code', { ...code, codeValue: { S: 'Somebody Else' } });
    await items.put('data-migration-state', { ...state, location_id: { S: 'elsewhere' } });
    await items.put('location', NOBODYS);
    const entities = new Set(locations.map((one) => `location#${text(one, 'id')}#document`));
    const told = (await dynamoDbAt(rig.config.dynamodb.url).scan(items.named(HISTORY))).filter((one) =>
      entities.has(text(one, 'entity_id')),
    );
    entries = [told[0], told.find((one) => text(one, 'entity_id') !== text(told[0], 'entity_id'))] as [Item, Item];
    await removeEntry(entries[0]);
    await items.put(HISTORY, { ...entries[1], changed_by: { S: 'Somebody Else' } });
    await items.put(HISTORY, NOBODYS_ENTRY);

    const round = await reconciling.scan();
    for (const [flow, { hot }] of round.flows) expect({ flow, hot }).toEqual({ flow, hot: 0 });
    const at = (table: string, key: string, kind: string, path: string) => ({
      target: `dynamodb.${table}`,
      key,
      kind,
      path,
    });
    const found = await reconciling.found();
    const planted = [
      at('organisation', keyOf(changed), 'value', 'name'),
      at('organisation', keyOf(kept), 'value', 'name'),
      at('organisation', keyOf(foreign), 'value', 'name'),
      at('organisation', keyOf(foreign), 'rogue', 'name'),
      at('organisation', keyOf(older), 'stale', 'name'),
      at('healthcare-service', keyOf(gone), 'missing', ''),
      at('healthcare-service', keyOf(swapped), 'value', 'name'),
      at('healthcare-service', keyOf(other), 'value', 'name'),
      at('triage-code', keyOf(code), 'value', 'codeValue'),
      at('data-migration-state', text(state, 'source_record_id'), 'value', 'location_id'),
      at('location', keyOf(NOBODYS), 'extra', ''),
      at(HISTORY, text(entries[0], 'entity_id'), 'missing', 'entries'),
      at(HISTORY, text(entries[1], 'entity_id'), 'value', 'entries'),
      at(HISTORY, 'location#nobody#document', 'extra', ''),
    ];
    expect(new Set(found.map((one) => JSON.stringify(one)))).toEqual(
      new Set(planted.map((one) => JSON.stringify(one))),
    );
    expect(JSON.stringify(await reconciling.told())).not.toContain('Somebody');
  });

  it('repairs by guarded writes and looks again; what is nobody’s is removed by hand', async () => {
    const before = await reconciling.told();
    await remove('location', NOBODYS);
    // a history is not made again: what was taken from it is put back
    for (const entry of entries) await items.put(HISTORY, entry);
    await removeEntry(NOBODYS_ENTRY);
    const isMended = ({ root, target }: { root: string; target: string }): boolean =>
      root !== '' && !target.endsWith(HISTORY);
    const history = before.find(({ target }) => target.endsWith(HISTORY));
    const refused = await rig.sluice('reconcile', 'repair', String(history?.id), 'dos', '--by', 'A N Other');
    expect([refused.code, refused.err]).toEqual([2, expect.stringMatching(/restore it from a backup/)]);
    for (const { id } of before.filter(isMended))
      expect(await reconciling.parts.store.repair(id, 'A N Other')).toBe(true);
    await rig.settled(120);
    await recheckOpen(reconciling.parts, 'recheck');
    const theirs = before.find(({ kind }) => kind === 'rogue')?.key;
    expect((await reconciling.told()).map(({ key, state }) => ({ key, state }))).toEqual([
      { key: theirs, state: 'repaired' },
      { key: theirs, state: 'repaired' },
    ]);
    // an item without our revision is not written over: it has to go first
    const [id, field] = JSON.parse(String(theirs)) as [string, string];
    await remove('organisation', { id: { S: id }, field: { S: field } });
    const retried = await rig.sluice('parked', 'retry', 'dos', '--kind', 'document', '--json');
    expect(retried.code, retried.err).toBe(0);
    await rig.settled(120);
    await recheckOpen(reconciling.parts, 'recheck');
    const states = new Map((await reconciling.parts.store.list({ limit: 1_000 })).map((one) => [one.id, one.state]));
    for (const { id: finding, root, target, kind } of before)
      expect({ target, kind, state: states.get(finding) }).toEqual({
        target,
        kind,
        state: isMended({ root, target }) ? 'reverified' : 'vanished',
      });
    expect(await reconciling.found()).toEqual([]);
  });

  it('repairs by itself where the policy lets it, and nothing where it does not', async () => {
    const running = await startReconcile(rig.config, {
      migration: 'dos',
      flows: [],
      without: [],
      engines: readEngines('scan,stream'),
      everySeconds: 1,
      digestEverySeconds: 60,
      repair: 'never,services=automatic',
      port: 0,
    });
    try {
      const [organisations, [code]] = (await Promise.all([raw('organisation'), raw('triage-code')])) as [
        Item[],
        [Item],
      ];
      const made = await madeServices();
      const organisation = organisations.find((one) => made.has(text(one, 'identifier_oldDoS_uid'))) as Item;
      await items.put('organisation', { ...organisation, name: { S: 'Somebody Else' } });
      await items.put('triage-code', { ...code, codeValue: { S: 'Somebody Else' } });
      const newest = async (key: string): Promise<string | undefined> =>
        (await reconciling.parts.store.list({ kind: 'value', limit: 1_000 })).findLast((one) => one.key === key)?.state;
      const states = async () => [await newest(keyOf(organisation)), await newest(keyOf(code))];
      await expect.poll(states, { timeout: 60_000, interval: 500 }).toEqual(['reverified', 'confirmed']);
      const [left] = await reconciling.told();
      const call = ['reconcile', 'repair', String(left?.id), 'dos', '--by', 'A N Other'];
      const never = { ...rig.variables, SLUICE_REPAIR: 'never,services=automatic' };
      expect((await rig.sluiceWith(never, ...call)).err).toMatch(/never repaired/);
      expect((await rig.sluice(...call, '--json')).code).toBe(0);
      await expect.poll(states, { timeout: 60_000, interval: 500 }).toEqual(['reverified', 'reverified']);
    } finally {
      await running.stop();
    }
  });
});
