import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import type {
  ChangeEvent,
  DeliveryOutcome,
  Document,
  DynamoDbTarget,
  Flow,
  Image,
  Intent,
  JsonObject,
  Ledger,
  Migration,
} from '../../src/core/index.ts';
import { Deriver } from '../../src/pipeline/deriver.ts';
import { landBatch, type PipelineContext, Subscriptions } from '../../src/pipeline/index.ts';
import { type ServiceDatabase, serviceDatabase } from '../support/service-database.ts';

const target = (table: string): DynamoDbTarget => ({
  kind: 'dynamodb',
  name: `dynamodb.${table}`,
  table,
  key: ['id'],
  indexes: {},
  mode: 'state',
});
const SHOP = target('shop');
const STATE = target('state');

/** A shop, its state beside it, and perhaps another shop that must be there first. */
const shops: Flow = {
  name: 'shops',
  root: { table: 'public.shop' },
  parts: [],
  targets: [SHOP, STATE],
  transform: ({ key, root }, { asOf }) => {
    const { name = null, after } = root?.image ?? {};
    const made = (of: DynamoDbTarget, content: JsonObject): Document => ({
      target: of.name,
      id: key,
      content: { id: key, ...content },
      stamps: { at: asOf, by: 'made' },
      orderKey: `shop#${key}`,
      ...(typeof after === 'string' ? { needs: [{ target: SHOP.name, id: after }] } : {}),
    });
    const open = root?.deleted === false;
    return { documents: open ? [made(SHOP, { name }), made(STATE, { held: name })] : [], issues: [] };
  },
  retire: (_, last) => ({ ...last, closed: true }),
};

const migration: Migration = {
  name: 'together',
  tables: [{ name: 'public.shop', key: ['id'], links: {} }],
  flows: [shops],
  targetSchemas: [],
};

const LANES = Array.from({ length: 32 }, (_, lane) => lane);
const ACK: DeliveryOutcome = { kind: 'applied', etag: '1' };
const PARK: DeliveryOutcome = { kind: 'park', code: 'TARGET_REFUSED', detail: null };

let db: ServiceDatabase;
let context: PipelineContext;
let ledger: Ledger;
let place = 0n;

async function land(op: ChangeEvent['op'], key: string, row: Image = {}): Promise<void> {
  place += 1n;
  const image = { id: key, ...row };
  const event: ChangeEvent = {
    kind: 'change',
    table: 'public.shop',
    key,
    op,
    after: op === 'd' ? null : image,
    before: op === 'd' ? image : null,
    unsent: [],
    position: { epoch: 1, phase: 1, a: place, b: place, txId: place, offset: place },
    sourceTime: '2026-01-01T00:00:00.000000Z',
    origin: null,
  };
  const raw = { offset: place, key: null, value: null, headers: {}, timestampMs: 0 };
  const at = { topic: 'together.public.shop', partition: 0, table: event.table };
  const batch = { changes: [{ event, raw }], parked: [], stop: null, to: 0n };
  await ledger.landing((tx) =>
    landBatch(tx, context, new Subscriptions(migration), at, batch, { fastFlows: [], hadParked: false }),
  );
  await derive();
}

const derive = async (): Promise<void> => {
  await new Deriver(shops, context, { batchRoots: 20, parallel: 1 }, () => undefined).round(0n);
};

const next = (limit: number): Promise<readonly Intent[]> => ledger.nextIntents('dynamodb', LANES, limit);
const names = (intents: readonly Intent[]): string[] =>
  intents.map(({ target: of, id }) => `${of.slice(9)} ${id}`).sort();
const settle = (intents: readonly Intent[], outcome: DeliveryOutcome): Promise<void> =>
  ledger.settleIntents(intents.map((intent) => ({ intent, outcome })));

describe('what goes together', () => {
  beforeAll(async () => {
    db = await serviceDatabase(inject('stack').postgres, migration, {});
    context = db.context();
    ({ ledger } = context);
  });
  afterAll(() => db?.close());
  beforeEach(async () => {
    await settle(await next(1000), ACK);
  });

  it('is never parted, however small the batch', async () => {
    for (const key of ['a1', 'a2', 'a3']) await land('c', key, { name: 'one' });
    expect(names(await next(1))).toEqual(['shop a1', 'state a1']);
    expect(names(await next(3))).toHaveLength(4);
  });

  it('carries its stamps, which are in no hash', async () => {
    await land('c', 'b', { name: 'one' });
    const [shop] = await next(10);
    expect(shop).toMatchObject({ content: { name: 'one' }, stamps: { by: 'made' } });
    await settle(await next(10), ACK);
    await db.pool.query(`update sluice.pipeline set as_of = as_of + interval '1 hour'`);
    await land('u', 'b', { name: 'one', colour: 'red' });
    expect(await next(10)).toEqual([]);
  });

  it('keeps its last stamps when it is retired', async () => {
    await land('c', 'c', { name: 'one' });
    await settle(await next(10), ACK);
    await land('d', 'c');
    const [shop] = await next(10);
    expect(shop).toMatchObject({ content: { name: 'one', closed: true }, stamps: { by: 'made' } });
  });

  it('waits together for what one of them needs, and that must be acknowledged', async () => {
    await land('c', 'd2', { name: 'linked', after: 'd1' });
    expect(await next(10)).toEqual([]);
    expect((await db.admin.flows())[0]).toMatchObject({ waiting: 1, intents: 0 });
    await land('c', 'd1', { name: 'first' });
    // owed before the tick has noticed
    expect((await db.admin.flows())[0]).toMatchObject({ waiting: 1, marks: 1 });
    await ledger.tick('2026-01-01T00:00:00Z');
    await derive();
    expect(names(await next(1000))).toEqual(['shop d1', 'state d1']);
    await settle(await next(10), ACK);
    expect(names(await next(10))).toEqual(['shop d2', 'state d2']);
  });

  it('goes together once more when one of the parked is another now', async () => {
    await land('c', 'e', { name: 'bad' });
    await settle(await next(10), PARK);
    expect(await next(10)).toEqual([]);
    // as when only one of two documents changes
    await db.pool.query(`update sluice.intent set revision = revision - 1 where target = 'dynamodb.shop' and id = 'e'`);
    await db.pool.query(`update sluice.document set revision = revision - 1, hash = '' where target = 'dynamodb.shop'`);
    await land('u', 'e', { name: 'bad' });
    expect(names(await next(10))).toEqual(['shop e', 'state e']);
  });

  it('is not made before a snapshot has been landed whole, where that is asked for', async () => {
    await land('c', 'g', { name: 'one' });
    await settle(await next(10), ACK);
    await db.pool.query('delete from sluice.document');
    await db.admin.markAll('shops');
    const held = new Deriver(shops, context, { batchRoots: 20, parallel: 1, afterSnapshot: true }, () => undefined);
    const running = held.run();
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(await next(10)).toEqual([]);
    await ledger.landing((tx) => tx.observeEpoch({ epoch: 2, snapshotLsn: null, firstCommit: 9n }));
    expect(await db.admin.unsweptEpoch()).toEqual({ epoch: 2, snapshotLsn: 0n, firstCommit: 9n });
    await db.admin.epochSwept(2, 0n);
    expect(await db.admin.unsweptEpoch()).toBeNull();
    await expect.poll(async () => (await next(1000)).length, { timeout: 5_000 }).toBeGreaterThan(0);
    held.stop();
    await running;
    await settle(await next(1000), ACK);
  });

  it('is tried again whole when one of it is', async () => {
    await land('c', 'f', { name: 'bad' });
    await settle(await next(10), PARK);
    const [first] = await db.admin.listParked({ kind: 'document' });
    await db.admin.retryParked(first ? [first] : []);
    expect(names(await next(10))).toEqual(['shop f', 'state f']);
  });
});
