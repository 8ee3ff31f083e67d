import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import type { PostgresTarget, Target } from '../../src/core/index.ts';
import { LedgerReading } from '../../src/sinks/postgres/index.ts';
import { MINI_SQL, mini } from '../support/mini-migration.ts';
import { type ServiceDatabase, serviceDatabase } from '../support/service-database.ts';

let db: ServiceDatabase;
let reading: LedgerReading;

const targetOf = (name: string): PostgresTarget =>
  mini.flows.flatMap(({ targets }): readonly Target[] => targets).find((one) => one.name === name) as PostgresTarget;
const record = (target: string, id: string) =>
  db.pool.query(
    `insert into sluice.document (pipeline, target, id, flow, root, revision, hash) values ('mini', $1, $2, 'f', 'r', 1, '')`,
    [target, id],
  );

beforeAll(async () => {
  db = await serviceDatabase(inject('stack').postgres, mini, { mini: MINI_SQL });
  reading = new LedgerReading(db.pool, { migration: mini, pipeline: 'mini', schemaSuffix: '' });
  await db.pool.query(`insert into mini.owner (id, children) select 'o' || n, n from generate_series(1, 6) n`);
  await record('mini.owner', 'o2');
  await db.pool.query(`insert into mini.parent (id, deleted) values ('p', false)`);
  await db.pool.query(`insert into mini.child (id, parent_id, deleted) values ('c', 'p', false)`);
  await db.pool.query(`insert into mini.child_tag (child_id, tag) values ('c', 'x'), ('c', 'y'), ('c', 'z')`);
  await record('mini.child_tag', JSON.stringify(['c', 'y']));
});
afterAll(() => db?.close());

it('tells of what is known whatever the limit is, and of others up to it', async () => {
  const unexpected = (name: string, limit: number, known: readonly string[] = []) =>
    reading.moment((moment) => moment.unexpected(targetOf(name), limit, known));
  expect(await unexpected('mini.owner', 10)).toEqual(['o1', 'o3', 'o4', 'o5', 'o6']);
  expect(await unexpected('mini.owner', 2)).toEqual(['o1', 'o3']);
  expect(await unexpected('mini.owner', 2, ['o1', 'o3', 'o6', 'gone', 'o2'])).toEqual(['o1', 'o3', 'o6', 'o4', 'o5']);
  const [x, y, z] = ['x', 'y', 'z'].map((tag) => JSON.stringify(['c', tag])) as [string, string, string];
  expect(await unexpected('mini.child_tag', 10)).toEqual([x, z]);
  expect(await unexpected('mini.child_tag', 1, [z, y])).toEqual([z, x]);
});

it('asks for some by their keys alone', async () => {
  const still = (name: string, ids: readonly string[]) =>
    reading.moment((moment) => moment.stillUnexpected(targetOf(name), ids));
  expect(await still('mini.owner', ['o1', 'o2', 'gone'])).toEqual(['o1']);
  const tags = ['x', 'y', 'none'].map((tag) => JSON.stringify(['c', tag]));
  expect(await still('mini.child_tag', tags)).toEqual([tags[0]]);
  expect(await still('mini.owner', [])).toEqual([]);
});

it('reads around a content that a column refuses, at one moment', async () => {
  const wanted = [1, 2, 3, 4, 5].map((n) => ({
    id: `o${n}`,
    content: { id: `o${n}`, children: n === 3 ? 'three' : n },
  }));
  const ids = await reading.moment(async (moment) => {
    const pairs = await moment.pairs(targetOf('mini.owner'), wanted);
    const hashed = await moment.digest().hashed(targetOf('mini.owner'), ['children'], wanted);
    return [pairs.map(({ id }) => id), hashed.map(({ id }) => id)];
  });
  expect(ids).toEqual([
    ['o1', 'o2', 'o4', 'o5'],
    ['o1', 'o2', 'o4', 'o5'],
  ]);
});
