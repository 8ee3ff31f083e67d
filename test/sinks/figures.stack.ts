import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { MINI_SQL, mini } from '../support/mini-migration.ts';
import { type ServiceDatabase, serviceDatabase } from '../support/service-database.ts';

let db: ServiceDatabase;

beforeAll(async () => {
  db = await serviceDatabase(inject('stack').postgres, mini, { mini: MINI_SQL });
});
afterAll(() => db?.close());

const MANY = 100_001;

test('a flow with more than is counted hides no other, and keeps its oldest', async () => {
  const { pool } = db;
  await pool.query(
    `insert into sluice.mark (pipeline, flow, part, key, source_time)
     select 'mini', 'parents', '', n::text, clock_timestamp() - interval '1 h' * (n = 1)::int
     from generate_series(1, $1::int) n order by n`,
    [MANY],
  );
  await pool.query(
    `insert into sluice.mark (pipeline, flow, part, key, source_time) values
       ('mini', 'children', '', 'a', clock_timestamp() - interval '2 min'),
       ('mini', 'children', 'parent', 'b', clock_timestamp() - interval '10 min')`,
  );
  await pool.query(
    `insert into sluice.timer (pipeline, flow, root, at)
     select 'mini', flow, n::text, date_trunc('minute', clock_timestamp()) - interval '1 min'
     from (select 'parents' as flow, n from generate_series(1, $1::int) n union all select 'owners', 0) t order by n desc`,
    [MANY],
  );
  await pool.query(
    `insert into sluice.document (pipeline, target, id, flow, root, revision, hash)
     values ('mini', 'mini.parent', 'p', 'parents', 'p', 1, '')`,
  );
  await pool.query(
    `insert into sluice.waiting (pipeline, flow, root, need_target, need_id)
     select 'mini', flow, n::text, 'mini.parent', 'p'
     from (select 'parents' as flow, n from generate_series(1, $1::int) n union all select 'owners', 0) t order by n desc`,
    [MANY],
  );
  const flows = new Map((await db.admin.flows()).map((figures) => [figures.flow, figures]));
  expect(flows.get('parents')).toMatchObject({ marks: 300_000, waiting: MANY });
  expect(flows.get('children')).toMatchObject({ marks: 2 });
  expect(flows.get('owners')).toMatchObject({ marks: 2, waiting: 1 });
  const ageOf = (flow: string): number => flows.get(flow)?.oldestMarkSeconds ?? -1;
  expect(ageOf('parents')).toBeGreaterThan(3_590);
  expect(ageOf('children')).toBeGreaterThan(590);
  expect(ageOf('children')).toBeLessThan(3_000);
  expect(ageOf('owners')).toBeGreaterThan(50);
}, 60_000);
