import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { openDecoder } from '../../src/app/wire.ts';
import { type ChangeEvent, comparePositions, type JsonObject, type SluiceError } from '../../src/core/index.ts';
import { createModel } from '../../src/pipeline/in-memory/index.ts';
import { landerOf, type PipelineContext, type RawRecord, Subscriptions, sweepTable } from '../../src/pipeline/index.ts';
import { PipelineAdmin } from '../../src/sinks/postgres/index.ts';
import { asRecord, COPIED_SQL, COPIED_TABLE, copied, type ThingChange, thing } from '../support/copied.ts';
import { type ServiceDatabase, serviceDatabase } from '../support/service-database.ts';

const UNSENT = '__sluice_unsent__';
const place = { topic: `copied.${COPIED_TABLE}`, partition: 0, table: COPIED_TABLE };
// JSON needs no registry
const decoder = openDecoder({ registry: 'http://127.0.0.1:1', absentColumns: new Set<string>() }, copied);
const subscriptions = new Subscriptions(copied);

let db: ServiceDatabase;
let context: PipelineContext;
let fence: bigint;
let next: bigint;

beforeAll(async () => {
  db = await serviceDatabase(inject('stack').postgres, copied, { copied: COPIED_SQL });
  context = db.context();
});
afterAll(() => db?.close());
beforeEach(async () => {
  await db.pool.query('truncate copied.thing, sluice.parked, sluice.progress, sluice.epoch');
  const { rows } = await db.pool.query<{ name: string }>(
    `select relname as name from pg_class where relname like 'gone\\_\\_%' and relkind = 'r'`,
  );
  for (const { name } of rows) await db.pool.query(`truncate sluice."${name}"`);
  fence = (await context.ledger.claim(place.topic, 0, 'w')).fence;
  await context.ledger.begin(place.topic, 0, 0n, fence);
  next = 0n;
});

const newLander = () => landerOf(place, context, decoder, subscriptions, []);
let lander: ReturnType<typeof newLander>;
beforeEach(() => {
  lander = newLander();
});

/** Lands records that follow what was landed before. */
async function land(...changes: (ThingChange | RawRecord)[]) {
  const records = changes.map((one, i) => ('offset' in one ? one : asRecord(one, next + BigInt(i))));
  const to = next + BigInt(records.length);
  const landing = await lander.land(records, to, { from: next, fence });
  next = landing.to;
  return landing;
}

const GUARD = /^sluice_/;
async function held(): Promise<JsonObject[]> {
  const { rows } = await db.pool.query<{ row: JsonObject }>(
    'select to_jsonb(t) as row from copied.thing t order by id',
  );
  return rows.map(({ row }) => Object.fromEntries(Object.entries(row).filter(([name]) => !GUARD.test(name))));
}
const labels = async () => (await held()).map(({ id, label }) => `${id}:${label}`);
const parked = async () =>
  (
    await db.pool.query<{ key: string; code: string; state: string }>(
      'select key, code, state from sluice.parked order by id',
    )
  ).rows;

describe('a table that is copied', () => {
  test('comes out as PostgreSQL would read it, type by type', async () => {
    await land(
      { op: 'c', id: 1, b: 10n },
      { op: 'c', id: 2, b: 11n, after: { ...thing(2), at: null, doc: null, big: null } },
    );
    expect(await held()).toEqual([
      {
        id: 1,
        label: 'thing 1',
        amount: 12.5,
        at: '2026-01-02T03:04:05.678901+00:00',
        born: '2026-01-01',
        ratio: 0.25,
        ok: true,
        small: -7,
        whole: 70_000,
        token: '6f1d6a52-5f0e-5d0c-9c3a-7a1f6f0f2c11',
        doc: { a: [1, 2] },
        big: 'x'.repeat(40),
      },
      expect.objectContaining({ id: 2, at: null, doc: null, big: null }),
    ]);
  });

  test('takes of several changes the newest by position, wherever it stands in the log', async () => {
    await land(
      { op: 'c', id: 1, b: 30n, after: thing(1, { name: 'newest' }) },
      { op: 'u', id: 1, b: 20n, after: thing(1, { name: 'old' }) },
    );
    const later = await land({ op: 'u', id: 1, b: 25n, after: thing(1, { name: 'old too' }) });
    expect(await labels()).toEqual(['1:newest']);
    expect(later).toMatchObject({ applied: 0, stale: 1 });
    // inside one transaction the place decides, though the position before it was given anew
    await land({ op: 'u', id: 1, a: 1n, b: 31n, txId: 30n, after: thing(1, { name: 'same transaction' }) });
    expect(await labels()).toEqual(['1:same transaction']);
  });

  test('does not bring a deleted row back by an older change, and does by a newer one', async () => {
    await land({ op: 'c', id: 1, b: 10n }, { op: 'd', id: 1, b: 30n });
    await land({ op: 'u', id: 1, b: 20n });
    expect(await held()).toEqual([]);
    await land({ op: 'c', id: 1, b: 40n, after: thing(1, { name: 'again' }) });
    await land({ op: 'd', id: 1, b: 35n });
    expect(await labels()).toEqual(['1:again']);
  });

  test('keeps large values that were not sent', async () => {
    await land({ op: 'c', id: 1, b: 10n, after: thing(1, { big: 'large' }) });
    await land({ op: 'u', id: 1, b: 20n, after: thing(1, { name: 'renamed', big: UNSENT }) });
    expect(await held()).toEqual([expect.objectContaining({ label: 'renamed', big: 'large' })]);
    // the same in one batch, with the value before it in that batch
    await land(
      { op: 'u', id: 1, b: 30n, after: thing(1, { big: 'larger' }) },
      { op: 'u', id: 1, b: 40n, after: thing(1, { name: 'twice', big: UNSENT }) },
      { op: 'u', id: 1, b: 50n, after: thing(1, { name: 'thrice', big: UNSENT }) },
    );
    expect(await held()).toEqual([expect.objectContaining({ label: 'thrice', big: 'larger' })]);
    expect(await parked()).toEqual([]);
  });

  test('parks a row whose large value nobody has, until a whole one comes', async () => {
    const landing = await land({ op: 'u', id: 1, b: 20n, after: thing(1, { big: UNSENT }) });
    expect(landing.parked).toMatchObject([{ key: '1', code: 'TOAST_VALUE_UNKNOWN' }]);
    await land({ op: 'u', id: 1, b: 30n, after: thing(1, { name: 'still not', big: UNSENT }) });
    expect(await held()).toEqual([]);
    await land({ op: 'u', id: 1, b: 40n, after: thing(1, { name: 'whole' }) });
    expect(await labels()).toEqual(['1:whole']);
    expect((await parked()).map(({ state }) => state)).toEqual(['healed', 'healed']);
  });

  test('parks what the target refuses and what cannot be decoded, and nothing else', async () => {
    const changes = Array.from({ length: 40 }, (_, i): ThingChange => ({ op: 'c', id: i + 1, b: BigInt(i + 10) }));
    changes[7] = { op: 'c', id: 8, b: 17n, after: thing(8, { amount: '99999999999.00' }) };
    changes[23] = { op: 'c', id: 24, b: 33n, after: thing(24, { whole: 'many' }) };
    const landing = await land(...changes);
    expect(landing.to).toBe(40n);
    expect((await held()).map(({ id }) => id)).toEqual(
      changes.map(({ id }) => id).filter((id) => id !== 8 && id !== 24),
    );
    expect((await parked()).sort((x, y) => Number(x.key) - Number(y.key))).toMatchObject([
      { key: '8', code: 'CONSTRAINT_VIOLATED' },
      { key: '24', code: 'VALUE_UNDECODABLE' },
    ]);
  });

  test('a whole image heals what was parked before it, not what was parked after it', async () => {
    const bad = asRecord({ op: 'u', id: 1, b: 30n }, 1n);
    const broken = { ...bad, value: Buffer.from('{"op":"u"}') };
    await land({ op: 'c', id: 1, b: 10n }, broken);
    expect(await parked()).toMatchObject([{ key: '1', state: 'parked' }]);
    await land({ op: 'u', id: 1, b: 40n });
    expect(await parked()).toMatchObject([{ key: '1', state: 'healed' }]);
  });

  test('stops before a key nobody can read and before a truncate, having landed what came before', async () => {
    const keyless = { ...asRecord({ op: 'c', id: 2, b: 11n }, 1n), key: Buffer.from('?') };
    const landing = await land({ op: 'c', id: 1, b: 10n }, keyless, { op: 'c', id: 3, b: 12n });
    expect(landing.stop?.code).toBe('KEY_UNDECODABLE');
    expect(landing.to).toBe(1n);
    expect(await labels()).toEqual(['1:thing 1']);
  });

  test('opens the breaker when the target refuses everything', async () => {
    await db.pool.query('alter table copied.thing add constraint nothing_goes check (id < 0)');
    const changes = Array.from({ length: 80 }, (_, i): ThingChange => ({ op: 'c', id: i + 1, b: BigInt(i + 10) }));
    const error = await land(...changes).catch((reason: SluiceError) => reason);
    await db.pool.query('alter table copied.thing drop constraint nothing_goes');
    expect(error).toMatchObject({ code: 'BREAKER_OPEN' });
  });

  test('changes nothing under an old fence', async () => {
    await context.ledger.claim(place.topic, 0, 'another');
    const error = await land({ op: 'c', id: 1, b: 10n }).catch((reason: SluiceError) => reason);
    expect(error).toMatchObject({ code: 'FENCED' });
    expect(await held()).toEqual([]);
  });

  test('ends rows that a finished snapshot did not show, and no others', async () => {
    await land(
      { op: 'r', id: 1, b: 10n, a: 10n, snapshot: 'true' },
      { op: 'r', id: 2, b: 50n, a: 50n, snapshot: 'last' },
      { op: 'c', id: 3, b: 60n },
    );
    const swept = await sweepTable(context.ledger, copied, subscriptions, COPIED_TABLE, {
      epoch: 1,
      snapshotLsn: 50n,
      at: '2026-01-01T00:00:00.000000Z',
    });
    expect(swept).toBe(1);
    expect((await held()).map(({ id }) => id)).toEqual([2, 3]);
    await land({ op: 'r', id: 1, b: 40n, a: 40n, snapshot: 'true' });
    expect((await held()).map(({ id }) => id)).toEqual([2, 3]);
  });

  test('landed again beside the log, changes nothing that is newer', async () => {
    await land({ op: 'c', id: 1, b: 10n }, { op: 'd', id: 1, b: 20n }, { op: 'c', id: 2, b: 30n });
    await lander.land([asRecord({ op: 'c', id: 1, b: 10n }, 0n)], 1n, null);
    expect(await labels()).toEqual(['2:thing 2']);
  });

  test('in a shadow is compared with the live one row by row', async () => {
    await land({ op: 'c', id: 1, b: 10n }, { op: 'c', id: 2, b: 20n }, { op: 'c', id: 3, b: 30n });
    await db.pool.query('drop schema if exists copied_shadow cascade');
    await db.pool.query('create schema copied_shadow');
    await db.pool.query('create table copied_shadow.thing as table copied.thing');
    await db.pool.query(`delete from copied_shadow.thing where id = 1`);
    await db.pool.query(`update copied_shadow.thing set label = null where id = 3`);
    const shadow = new PipelineAdmin(db.pool, copied, 'copied_shadow', '_shadow');
    expect(await shadow.compareCopies()).toEqual([
      { target: 'copied.thing', live: 3, shadow: 2, onlyLive: 1, onlyShadow: 0, different: 1 },
    ]);
  });

  test('holds what the model says, however the log is cut, shuffled and repeated', { timeout: 120_000 }, async () => {
    const changes = fc.array(
      fc.record({
        id: fc.integer({ min: 1, max: 4 }),
        op: fc.constantFrom('c', 'u', 'u', 'd'),
        name: fc.constantFrom('x', 'y', 'z'),
        isUnsent: fc.boolean(),
      }),
      { minLength: 1, maxLength: 14 },
    );
    const property = fc.asyncProperty(
      changes,
      fc.array(fc.nat(13), { maxLength: 6 }),
      fc.integer({ min: 1, max: 6 }),
      async (made, again, piece) => {
        await db.pool.query('truncate copied.thing, sluice.parked, sluice.epoch');
        const gone = await db.pool.query<{ name: string }>(
          `select relname as name from pg_class where relname like 'gone\\_\\_%' and relkind = 'r'`,
        );
        for (const { name } of gone.rows) await db.pool.query(`truncate sluice."${name}"`);
        lander = newLander();
        // a legal history: a row is inserted before it is changed, and a value that was not sent has not changed
        const alive = new Set<number>();
        const history = made.map(({ id, op, name, isUnsent }, i): ThingChange => {
          const b = BigInt(100 + i * 10);
          if (op === 'd' && alive.delete(id)) return { op: 'd', id, b };
          const isNew = !alive.has(id);
          alive.add(id);
          const big = isUnsent && !isNew ? UNSENT : `of ${id}`;
          return { op: isNew ? 'c' : 'u', id, b, after: thing(id, { name, big }) };
        });
        // what is sent again comes later in the log than everything it followed at first
        const log = [...history, ...again.flatMap((at) => (history[at] ? [history[at]] : []))];
        for (let i = 0; i < log.length; i += piece) await land(...log.slice(i, i + piece));
        const model = createModel(copied);
        const events: ChangeEvent[] = [];
        for (const [i, change] of history.entries()) {
          const decoded = await decoder.decode(place.topic, asRecord(change, BigInt(i)));
          if (decoded.kind === 'change') events.push(decoded);
        }
        for (const event of events.sort((x, y) => comparePositions(x.position, y.position))) {
          model.apply(event);
          model.derive('2026-01-01T00:00:00Z');
        }
        const wanted = [...(model.documents().get('copied.thing')?.values() ?? [])].map(({ content }) => [
          Number(content.id),
          content.label,
          content.big,
        ]);
        expect((await held()).map(({ id, label, big }) => [id, label, big])).toEqual(
          wanted.sort((x, y) => Number(x[0]) - Number(y[0])),
        );
        expect(await parked()).toEqual([]);
      },
    );
    await fc.assert(property, { numRuns: 60 });
  });
});
