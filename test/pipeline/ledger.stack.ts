import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { ChangeEvent, Flow, SluiceError } from '../../src/core/index.ts';
import { Deriver } from '../../src/pipeline/deriver.ts';
import { landBatch, type PipelineContext, Subscriptions } from '../../src/pipeline/index.ts';
import { classify, LedgerReading } from '../../src/sinks/postgres/index.ts';
import { change, MINI_SQL, mini } from '../support/mini-migration.ts';
import { type ServiceDatabase, serviceDatabase } from '../support/service-database.ts';

const subscriptions = new Subscriptions(mini);
const TOPIC = 'mini.all';

let db: ServiceDatabase;
let context: PipelineContext;

beforeAll(async () => {
  db = await serviceDatabase(inject('stack').postgres, mini, { mini: MINI_SQL });
  context = db.context();
});
afterAll(() => db?.close());

/** Lands events outside any progress, as one transaction a table. */
async function land(...events: ChangeEvent[]): Promise<void> {
  for (const table of ['public.parent', 'public.child']) {
    const changes = events
      .filter((event) => event.table === table)
      .map((event) => ({
        event,
        raw: { offset: event.position.offset, key: null, value: null, headers: {}, timestampMs: 0 },
      }));
    if (changes.length === 0) continue;
    const place = { topic: TOPIC, partition: 0, table };
    await context.ledger.landing((tx) =>
      landBatch(
        tx,
        context,
        subscriptions,
        place,
        { changes, parked: [], stop: null, to: 0n },
        { fastFlows: [], hadParked: false },
      ),
    );
  }
}

const deriver = (flow: Flow): Deriver => new Deriver(flow, context, { batchRoots: 20, parallel: 2 }, () => undefined);

async function settle(): Promise<void> {
  const derivers = mini.flows.map(deriver);
  for (let quiet = 0; quiet < 2; ) {
    let done = await context.ledger.tick(new Date().toISOString());
    for (const one of derivers) done += (await one.round(0n)).done;
    quiet = done === 0 ? quiet + 1 : 0;
  }
}

const rows = async (sql: string) => (await db.pool.query(sql)).rows;

describe('a ledger in PostgreSQL', () => {
  test('a connection that dies as it is handed out ends no process', async () => {
    const client = await db.pool.connect();
    // thrown where nobody listens
    expect(() => client.emit('error', new Error('terminated'))).not.toThrow();
    client.release(true);
  });

  test('a commit that the server carries out as a rollback is an error, and nothing stays', async () => {
    const mark = { flow: 'parents', part: '', key: 'rolled-back', sourceTime: '2026-01-01T00:00:00Z' };
    const landing = context.ledger.landing(async (tx) => {
      await tx.mark([mark]);
      // a failure that nobody tells of leaves the transaction broken, and the server then answers COMMIT with ROLLBACK
      await tx.mark([{ ...mark, sourceTime: 'no time' }]).catch(() => undefined);
    });
    await expect(landing).rejects.toMatchObject({ code: 'TARGET_BUSY' });
    expect(await rows(`select * from sluice.mark where key = 'rolled-back'`)).toEqual([]);
  });

  test('a child that comes before its parent waits, and is made when the parent comes', async () => {
    await land(change('public.child', 'c', 'w1', { parent_id: 'pw', owner: 'ow', tags: ['x'] }));
    await settle();
    expect(await rows(`select * from mini.child where id = 'w1'`)).toEqual([]);
    expect((await db.admin.flows()).find((flow) => flow.flow === 'children')).toMatchObject({ waiting: 1, marks: 0 });
    await land(change('public.parent', 'c', 'pw', { name: 'Parent' }));
    await settle();
    expect(await rows(`select parent_name from mini.child where id = 'w1'`)).toEqual([{ parent_name: 'Parent' }]);
    expect((await db.admin.flows()).find((flow) => flow.flow === 'children')?.waiting).toBe(0);
  });

  test('a child whose parent has come is owed since its own commit, woken or not', async () => {
    const reading = new LedgerReading(db.pool, { migration: mini, pipeline: 'mini', schemaSuffix: '' });
    // nobody sends here
    const unsent = () => db.pool.query('delete from sluice.intent');
    await unsent();
    expect(await reading.oldestOwed()).toBeNull();
    const child = change('public.child', 'c', 'w2', { parent_id: 'pv', owner: 'ov', tags: ['x'] });
    await land(child);
    await settle();
    // nobody knows whether its parent ever comes
    expect([await reading.oldestOwed(), await reading.waitingRoots()]).toEqual([null, 1]);
    await land(change('public.parent', 'c', 'pv', { name: 'Late' }));
    for (const flow of mini.flows) if (flow.name === 'parents') while ((await deriver(flow).round(0n)).done > 0);
    const owed = async () => Date.parse((await reading.oldestOwed()) ?? '');
    expect(await owed()).toBe(Date.parse(child.sourceTime));
    await context.ledger.tick(new Date().toISOString());
    expect(await owed()).toBe(Date.parse(child.sourceTime));
    await settle();
    await unsent();
    expect([await reading.oldestOwed(), await reading.waitingRoots()]).toEqual([null, 0]);
  });

  test('a group that no row is in any more is still a root, as long as anything is on record of it', async () => {
    const reading = new LedgerReading(db.pool, { migration: mini, pipeline: 'mini', schemaSuffix: '' });
    await db.pool.query(
      `insert into sluice.document (pipeline, flow, target, id, root, revision, hash, gone)
       values ('mini', 'owners', 'mini.owner', 'nobody', 'nobody', 1, '\\x00', false)`,
    );
    const owners = mini.flows.find(({ name }) => name === 'owners') as Flow;
    expect(await reading.roots(owners, 'm', 100)).toContain('nobody');
    await db.pool.query(`delete from sluice.document where root = 'nobody'`);
  });

  test('a change of the parent reaches its children, and writes nothing when nothing of them changed', async () => {
    await land(change('public.parent', 'u', 'pw', { name: 'Renamed' }));
    await settle();
    expect(await rows(`select parent_name from mini.child where id = 'w1'`)).toEqual([{ parent_name: 'Renamed' }]);
    const revision = `select revision from sluice.document where target = 'mini.child' and id = 'w1'`;
    const before = await rows(revision);
    await land(change('public.parent', 'u', 'pw', { name: 'Renamed', extra: 1 }));
    await settle();
    expect(await rows(revision)).toEqual(before);
  });

  test('marks up to one are derived without those that came later', async () => {
    const parents = mini.flows.find(({ name }) => name === 'parents') as Flow;
    const names = mini.flows.map(({ name }) => name);
    await land(change('public.parent', 'c', 'early', { name: 'Early' }));
    const upTo = (await db.admin.newestMark(names)) ?? 0n;
    await land(change('public.parent', 'c', 'late', { name: 'Late' }));
    expect(await db.admin.newestMark(names)).toBeGreaterThan(upTo);
    const left = await db.admin.marksUpTo(names, upTo);
    expect(left).toBeGreaterThan(0);
    for (const flow of mini.flows) await deriver(flow).round(0n, upTo);
    expect(await db.admin.marksUpTo(names, upTo)).toBe(0);
    expect(await rows(`select id from mini.parent where id in ('early', 'late')`)).toEqual([{ id: 'early' }]);
    expect((await deriver(parents).round(0n)).done).toBe(1);
    await settle();
    expect(await db.admin.newestMark(names)).toBeNull();
  });

  test('members of a set that are gone are removed', async () => {
    await land(change('public.child', 'u', 'w1', { parent_id: 'pw', owner: 'ow', tags: ['y', 'z'] }));
    await settle();
    expect(await rows(`select tag from mini.child_tag where child_id = 'w1' order by tag`)).toEqual([
      { tag: 'y' },
      { tag: 'z' },
    ]);
  });

  test('a group that lost its last member points at where it went', async () => {
    await land(change('public.child', 'u', 'w1', { parent_id: 'pw', owner: 'ow2', tags: [] }));
    await settle();
    expect(await rows(`select * from mini.owner where id in ('ow', 'ow2') order by id`)).toEqual([
      { id: 'ow', children: 0, moved_to: 'ow2' },
      { id: 'ow2', children: 1, moved_to: null },
    ]);
  });

  test('each change has one history row, however often it is sent', async () => {
    const created = change('public.child', 'c', 'h1', { parent_id: 'pw', note: 'one' });
    const updated = change('public.child', 'u', 'h1', { parent_id: 'pw', note: 'two' });
    await land(created);
    await land(updated);
    await settle();
    const later = (event: ChangeEvent, offset: bigint) => ({ ...event, position: { ...event.position, offset } });
    await land(later(created, 10_000n), later(updated, 10_001n));
    await settle();
    expect(await rows(`select op, note from mini.child_change where child_id = 'h1' order by op`)).toEqual([
      { op: 'c', note: 'one' },
      { op: 'u', note: 'two' },
    ]);
  });

  test('a rule that fails parks the root, the others go on, and a fixed row heals it', async () => {
    await land(
      change('public.parent', 'c', 'bad1', { name: 'bad' }),
      change('public.parent', 'c', 'good1', { name: 'g' }),
    );
    await settle();
    expect(await rows(`select id from mini.parent where id in ('bad1', 'good1')`)).toEqual([{ id: 'good1' }]);
    expect(await db.admin.listParked({ flow: 'parents' })).toMatchObject([{ key: 'bad1', code: 'ROW_INVALID' }]);
    await land(change('public.parent', 'u', 'bad1', { name: 'mended' }));
    await settle();
    expect(await db.admin.listParked({ flow: 'parents' })).toEqual([]);
    expect(await rows(`select name from mini.parent where id = 'bad1'`)).toEqual([{ name: 'mended' }]);
  });

  test('a row the target refuses is parked alone', async () => {
    const many = Array.from({ length: 6 }, (_, i) =>
      change('public.parent', 'c', `m${i}`, { name: i === 3 ? 7 : 'ok' }),
    );
    await db.pool.query(`alter table mini.parent add constraint named check (id <> 'm3')`);
    await land(...many);
    await settle();
    expect(await rows(`select count(*)::int as n from mini.parent where id like 'm_'`)).toEqual([{ n: 5 }]);
    expect(await db.admin.listParked({ code: 'CONSTRAINT_VIOLATED' })).toMatchObject([
      { key: 'm3', detail: { constraint: 'named' } },
    ]);
    await db.pool.query('alter table mini.parent drop constraint named');
    await db.admin.retryParked(await db.admin.listParked({ code: 'CONSTRAINT_VIOLATED' }));
    await settle();
    expect(await rows(`select count(*)::int as n from mini.parent where id like 'm_'`)).toEqual([{ n: 6 }]);
    expect(await db.admin.listParked({})).toEqual([]);
  });

  test('a fenced worker lands nothing', async () => {
    const first = await context.ledger.claim(TOPIC, 1, 'first');
    await context.ledger.begin(TOPIC, 1, 0n, first.fence);
    const second = await context.ledger.claim(TOPIC, 1, 'second');
    const move = { topic: TOPIC, partition: 1, from: 0n, to: 5n, sourceTime: null, logTimeMs: null };
    expect(await context.ledger.landing((tx) => tx.advance({ ...move, fence: first.fence }))).toBe(false);
    expect(await context.ledger.landing((tx) => tx.advance({ ...move, fence: second.fence }))).toBe(true);
    expect(await context.ledger.landing((tx) => tx.advance({ ...move, fence: second.fence }))).toBe(false);
    expect((await context.ledger.claim(TOPIC, 1, 'third')).nextOffset).toBe(5n);
  });

  test('parent and child landed at once by two workers: the joined document misses neither', async () => {
    for (let round = 0; round < 40; round++) {
      const parent = change('public.parent', 'c', `race${round}`, { name: `name${round}` });
      const child = change('public.child', 'c', `race${round}`, { parent_id: `race${round}`, owner: 'r', tags: [] });
      await Promise.all([land(parent), land(child), ...mini.flows.map((flow) => deriver(flow).round(0n))]);
    }
    await settle();
    const made = await rows(`select count(*)::int as n from mini.child where parent_name = 'name' || substr(id, 5)`);
    expect(made).toEqual([{ n: 40 }]);
    expect(await rows(`select children from mini.owner where id = 'r'`)).toEqual([{ children: 40 }]);
  });

  test('many derivers on the same roots write each document once', async () => {
    await land(
      ...Array.from({ length: 60 }, (_, i) => change('public.child', 'c', `par${i}`, { parent_id: 'pw', owner: 'q' })),
    );
    const flow = mini.flows.find((candidate) => candidate.name === 'children') as Flow;
    await Promise.all(Array.from({ length: 5 }, () => deriver(flow).round(0n)));
    await settle();
    const first = await rows(`select min(revision) = max(revision) as same, count(*)::int as n
      from sluice.document where target = 'mini.child' and id like 'par%'`);
    expect(first).toEqual([{ same: true, n: 60 }]);
  });

  test('who sends alone has all lanes, and parts them with one who comes later and goes', async () => {
    const { ledger } = context;
    const lease = (owner: string) => ledger.leaseLanes('shop', owner, 1_000_000, 30);
    const all = await lease('first');
    expect(all.length).toBeGreaterThan(1);
    expect(await lease('second')).toEqual([]);
    const kept = await lease('first');
    expect(kept).toHaveLength(all.length / 2);
    const taken = await lease('second');
    expect([...kept, ...taken].sort((x, y) => x - y)).toEqual(all);
    await ledger.releaseLanes('shop', 'second');
    expect(await lease('first')).toEqual(all);
    // one that vanished without a word counts until its lease is over
    await ledger.leaseLanes('shop', 'killed', 1_000_000, 1);
    expect(await lease('first')).toHaveLength(all.length / 2);
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    expect(await lease('first')).toEqual(all);
    await ledger.releaseLanes('shop', 'first');
  });

  test('an error of the target never carries a value of the row', async () => {
    await db.pool.query(`create unique index one_name on mini.parent (name) where name = 'Ash Secret'`);
    await land(
      change('public.parent', 'c', 's1', { name: 'Ash Secret' }),
      change('public.parent', 'c', 's2', { name: 'Ash Secret' }),
    );
    await settle();
    const parked = await db.admin.listParked({ code: 'CONSTRAINT_VIOLATED' });
    expect(parked).toHaveLength(1);
    expect(JSON.stringify(parked)).not.toContain('Secret');
    await db.admin.dropParked(
      parked.map((item) => item.id),
      'test',
      'done with',
    );
  });

  test('a worker frozen in a transaction holds its rows for half a minute and no longer, and that is a retry', async () => {
    expect(await rows('show idle_in_transaction_session_timeout')).toEqual([
      { idle_in_transaction_session_timeout: '30s' },
    ]);
    const frozen = context.ledger.deriving(async (tx) => {
      await tx.lock(mini.flows[0] as Flow, ['frozen']);
      await db.pool.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and state = 'idle in transaction'`,
      );
      await new Promise((resolve) => setTimeout(resolve, 200));
      await tx.lock(mini.flows[0] as Flow, ['frozen']);
    });
    await expect(frozen).rejects.toMatchObject({ code: 'TARGET_UNAVAILABLE' });
    expect(classify(Object.assign(new Error('ended'), { code: '25P03' })).code).toBe('TARGET_UNAVAILABLE');
  });

  test('losing the database is a retry, not a fault', async () => {
    const lost = context.ledger.deriving(async () => {
      await db.pool.query(`select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and state = 'idle in transaction'`);
    });
    await expect(lost).rejects.toMatchObject({ code: 'TARGET_UNAVAILABLE' } satisfies Partial<SluiceError>);
    await settle();
  });
});
