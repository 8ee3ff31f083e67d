import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { type ChangeEvent, type Flow, type Migration, SluiceError } from '../../src/core/index.ts';
import { Deriver, landBatch, type PipelineContext, Subscriptions } from '../../src/pipeline/index.ts';
import { openLedger, PipelineAdmin, ShadowSwitch } from '../../src/sinks/postgres/index.ts';
import { change, MINI_SQL, mini } from '../support/mini-migration.ts';
import { type ServiceDatabase, serviceDatabase } from '../support/service-database.ts';

const SHADOW = 'next';

/** The old rules park parents named `bad`. The new ones take these, park, note and time others, and hold children back. */
const ruled: Migration = {
  ...mini,
  flows: mini.flows.map((flow): Flow => {
    if (flow.name === 'parents')
      return {
        ...flow,
        transform: ({ key, root }) => {
          const name = String(root?.image.name);
          if (name === 'worse') throw new SluiceError('ROW_INVALID', 'name is not allowed any more');
          const odd = { code: 'ODD', severity: 'warning', path: 'name', text: 'an odd name' } as const;
          const content = { id: key, name, deleted: root?.deleted === true };
          return {
            documents: [{ target: 'mini.parent', id: key, content }],
            issues: name === 'odd' ? [odd] : [],
            ...(name === 'timed' ? { wakeAt: '2999-01-01T00:00:00Z' } : {}),
          };
        },
      };
    if (flow.name !== 'children') return flow;
    return {
      ...flow,
      transform: (aggregate, context) =>
        aggregate.root?.image.note === 'held'
          ? { documents: [], issues: [], waitingFor: 'parent' }
          : flow.transform(aggregate, context),
    };
  }),
};

describe('a shadow by other rules that is made live', () => {
  let db: ServiceDatabase;
  let home: string;
  let live: PipelineContext;
  let shadow: PipelineContext;
  const subscriptions = new Subscriptions(mini);

  beforeAll(async () => {
    db = await serviceDatabase(inject('stack').postgres, mini, { mini: MINI_SQL });
    home = await mkdtemp(join(tmpdir(), 'sluice-shadow-'));
    await writeFile(join(home, '0001_tables.sql'), MINI_SQL);
    await new PipelineAdmin(db.pool, ruled, SHADOW, `__${SHADOW}`).applySchemas([{ schema: 'mini', folder: home }]);
    live = db.context();
    const ledger = openLedger(db.pool, { migration: ruled, pipeline: SHADOW, schemaSuffix: `__${SHADOW}` });
    shadow = { ...db.context(), migration: ruled, ledger };
  });
  afterAll(async () => {
    await db?.close();
    await rm(home, { recursive: true, force: true });
  });

  async function land(context: PipelineContext, ...events: readonly ChangeEvent[]): Promise<void> {
    for (const event of events) {
      const raw = { offset: event.position.offset, key: null, value: null, headers: {}, timestampMs: 0 };
      const batch = { changes: [{ event, raw }], parked: [], stop: null, to: 0n };
      const place = { topic: 'mini.all', partition: 0, table: event.table };
      const how = { fastFlows: [], hadParked: false };
      await context.ledger.landing((tx) => landBatch(tx, context, subscriptions, place, batch, how));
    }
  }

  async function settle(context: PipelineContext): Promise<void> {
    const options = { batchRoots: 20, parallel: 1 };
    const derivers = context.migration.flows.map((flow) => new Deriver(flow, context, options, () => undefined));
    for (let quiet = 0; quiet < 2; ) {
      let done = await context.ledger.tick(new Date().toISOString());
      for (const one of derivers) done += (await one.round(0n)).done;
      quiet = done === 0 ? quiet + 1 : 0;
    }
  }

  const rows = async (sql: string) => (await db.pool.query(sql)).rows;
  const ofLive = (table: string, what: string) =>
    rows(`select ${what} from sluice.${table} where pipeline = 'mini' order by 1`);

  test('has what waits, is parked and noted by its rules seen in live, and heals what only the old ones had parked', async () => {
    const events = [
      change('public.parent', 'c', 'same', { name: 'same' }),
      change('public.parent', 'c', 'odd', { name: 'odd' }),
      change('public.parent', 'c', 'old', { name: 'bad' }),
      change('public.parent', 'c', 'timed', { name: 'timed' }),
      change('public.parent', 'c', 'new', { name: 'worse' }),
      change('public.child', 'c', 'kept', { parent_id: 'same', note: 'well' }),
      change('public.child', 'c', 'held', { parent_id: 'same', note: 'held' }),
      change('public.child', 'c', 'orphan', { parent_id: 'nobody', note: 'well' }),
    ];
    for (const context of [live, shadow]) {
      await land(context, ...events);
      await settle(context);
    }
    expect(await rows('select id from mini.child order by id')).toEqual([{ id: 'held' }, { id: 'kept' }]);
    expect(await ofLive('parked', 'key')).toEqual([{ key: 'old' }]);

    const promotion = new ShadowSwitch(db.pool, ruled, SHADOW, [{ schema: 'mini', folder: home }]);
    const done = await promotion.attempt({
      ...{ switches: true, by: 'a tester', how: {} },
      reached: () => new Map(),
      catchUp: async () => undefined,
      pause: async () => false,
    });
    // the resource of the child that is held back, at the FHIR server
    expect(done).toEqual({ switched: ['mini'], marked: 1, unsettled: 5 });
    const marked = await rows(`select distinct pipeline, flow, key from sluice.mark order by flow, key`);
    expect(marked).toEqual([
      { pipeline: 'mini', flow: 'children', key: 'held' },
      ...['new', 'odd', 'old', 'timed'].map((key) => ({ pipeline: 'mini', flow: 'parents', key })),
    ]);
    const written = () =>
      rows(`select target, id, revision from sluice.document where pipeline = 'mini' order by 1, 2`);
    const before = await written();

    const promoted = { ...live, migration: ruled };
    await settle(promoted);
    expect(await written()).toEqual(before);
    expect(await ofLive('waiting', 'root')).toEqual([{ root: 'held' }, { root: 'orphan' }]);
    expect(await ofLive('root_issue', 'root')).toEqual([{ root: 'odd' }]);
    expect(await ofLive('timer', 'root')).toEqual([{ root: 'timed' }]);
    const open = `select key, state from sluice.parked where pipeline = 'mini' order by id`;
    expect(await rows(open)).toEqual([
      { key: 'old', state: 'healed' },
      { key: 'new', state: 'parked' },
    ]);
  });

  test('appends the changes of what waited, as soon as it goes on, to the history that took its place', async () => {
    const history = () => rows(`select op, note from mini.child_change where child_id = 'held' order by op`);
    expect(await history()).toEqual([]);
    const promoted = { ...live, migration: ruled };
    await land(promoted, change('public.child', 'u', 'held', { parent_id: 'same', note: 'free' }));
    await settle(promoted);
    expect(await history()).toEqual([
      { op: 'c', note: 'held' },
      { op: 'u', note: 'free' },
    ]);
    expect(await rows(`select note from mini.child where id = 'held'`)).toEqual([{ note: 'free' }]);
    expect(await ofLive('waiting', 'root')).toEqual([{ root: 'orphan' }]);
  });
});
