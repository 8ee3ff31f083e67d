import type pg from 'pg';
import type { Chance } from '../chance.ts';
import { inTransaction } from '../database.ts';
import { insertRows } from '../insert.ts';
import type { Move as DeskMove } from '../traffic/crew.ts';
import { DISCRIMINATORS, DISPOSITIONS, discriminatorId, GROUPS, groupId } from './lookups.ts';
import { FIRST_OF_TRAFFIC, type Row, SCHEMA, type TableName } from './rows.ts';
import { BLOCK, endpoint, makeService } from './service.ts';
import * as words from './words.ts';

export interface Desk {
  readonly client: pg.ClientBase;
  readonly chance: Chance;
  readonly seed: bigint;
}

type Move = DeskMove<Desk>;

const change = async ({ client }: Desk, sql: string, ...values: unknown[]): Promise<number> =>
  (await client.query(sql, values)).rowCount ?? 0;

const insert = ({ client }: Desk, table: TableName, row: Row): Promise<number> =>
  insertRows(client, `${SCHEMA}.${table}`, [row]);

/** Some row of a table, as near as the index of its key is to a random place. */
async function some({ client, chance }: Desk, table: TableName, where = 'true'): Promise<number | null> {
  const ends = await client.query<{ low: number | null; high: number | null }>(
    `select min(id) as low, max(id) filter (where id < ${FIRST_OF_TRAFFIC}) as high from ${SCHEMA}.${table} where ${where}`,
  );
  const { low, high } = ends.rows[0] ?? {};
  if (low == null || high == null) return null;
  const near = await client.query<{ id: number }>(
    `select id from ${SCHEMA}.${table} where id >= $1 and (${where}) order by id limit 1`,
    [chance.between(low, high)],
  );
  return near.rows[0]?.id ?? null;
}

const move = (kind: string, weight: number, run: (desk: Desk) => Promise<number>, size = 1): Move => ({
  kind,
  weight,
  size,
  run,
});

/** Work on some row, nothing when there is none. */
const onSome =
  (table: TableName, work: (desk: Desk, id: number) => Promise<number>, where?: string) =>
  async (desk: Desk): Promise<number> => {
    const id = await some(desk, table, where);
    return id === null ? 0 : work(desk, id);
  };

const set = (table: TableName, column: string, value: (chance: Chance) => Row[string]) =>
  onSome(table, (desk, id) =>
    change(desk, `update ${SCHEMA}.${table} set ${column} = $2 where id = $1`, id, value(desk.chance)),
  );

const gone = (table: TableName) =>
  onSome(table, (desk, id) => change(desk, `delete from ${SCHEMA}.${table} where id = $1`, id));

/** A row of one service that goes over to another. */
const goesOver = (table: TableName) =>
  onSome(table, async (desk, id) => {
    const to = await some(desk, 'services');
    return change(desk, `update ${SCHEMA}.${table} set serviceid = $2 where id = $1`, id, to);
  });

const together = (desk: Desk, work: () => Promise<number>): Promise<number> => inTransaction(desk.client, work);

/** Somebody opens a whole block of services; the ids say that no seed made them. */
async function opens(desk: Desk): Promise<number> {
  const made = makeService(desk.seed, FIRST_OF_TRAFFIC / 100 / BLOCK + desk.chance.below(100_000));
  const found = await desk.client.query<{ id: number }>(`select nextval('${SCHEMA}.services_id_seq')::int as id`);
  const id = found.rows[0]?.id ?? 0;
  const [row] = made.services ?? [];
  return together(desk, async () => {
    let done = await insert(desk, 'services', { ...row, id });
    for (const table of ['servicesgsds', 'servicedispositions', 'serviceagerange', 'serviceendpoints'] as const)
      for (const { id: _, ...child } of made[table] ?? [])
        done += await insert(desk, table, { ...child, serviceid: id });
    return done;
  });
}

/** Hours of another day, in the two tables they are kept in. */
const addsHours = onSome('services', (desk, id) =>
  together(desk, async () => {
    const made = await desk.client.query<{ id: number }>(
      `insert into ${SCHEMA}.servicedayopenings (serviceid, dayid) values ($1, $2) returning id`,
      [id, desk.chance.between(1, 8)],
    );
    const times = { starttime: '07:30', endtime: '20:00', servicedayopeningid: made.rows[0]?.id ?? 0 };
    return 1 + (await insert(desk, 'servicedayopeningtimes', times));
  }),
);

const addsDate = onSome('services', (desk, id) =>
  together(desk, async () => {
    const made = await desk.client.query<{ id: number }>(
      `insert into ${SCHEMA}.servicespecifiedopeningdates (serviceid, date) values ($1, $2) returning id`,
      [id, `2027-01-${desk.chance.between(10, 28)}`],
    );
    const times = { starttime: '00:00', endtime: '00:00', isclosed: true };
    return (
      1 +
      (await insert(desk, 'servicespecifiedopeningtimes', {
        ...times,
        servicespecifiedopeningdateid: made.rows[0]?.id ?? 0,
      }))
    );
  }),
);

/** A pharmacy takes another code: those linked to it lose it, or find it again. */
const takesAnotherCode = onSome(
  'services',
  (desk, id) =>
    change(
      desk,
      `update ${SCHEMA}.services set odscode = case when odscode like 'Z%' then 'F' else 'Z' end || substr(odscode, 2)
       where id = $1`,
      id,
    ),
  'typeid in (13, 134)',
);

/** Written and thought better of: nobody may ever see it. */
const thinksBetter = onSome('services', async (desk, id) => {
  await desk.client.query('begin');
  await desk.client.query(`update ${SCHEMA}.services set publicname = 'never seen' where id = $1`, [id]);
  await desk.client.query('rollback');
  return 0;
});

const burst = onSome('services', async (desk, id) => {
  let done = 0;
  for (let n = 0; n < 5; n++)
    done += await change(
      desk,
      `update ${SCHEMA}.services set web = $2 where id = $1`,
      id,
      `https://turn-${n}.example/`,
    );
  return done;
});

export const MOVES: readonly Move[] = [
  move(
    'telephone',
    8,
    set('services', 'publicphone', (chance) => `01632 960${chance.between(100, 999)}`),
  ),
  move(
    'public name',
    6,
    set('services', 'publicname', (chance) => `${chance.pick(words.NAMES)} Rooms`),
  ),
  move(
    'address',
    4,
    set('services', 'address', (chance) => `${chance.between(1, 99)} ${chance.pick(words.STREETS)}`),
  ),
  move(
    'closed or opened',
    4,
    set('services', 'statusid', (chance) => (chance.yes(0.7) ? 1 : 2)),
  ),
  move('a service opens', 2, opens, 10),
  move('a service goes', 1, gone('services')),
  move('another pharmacy code', 1, takesAnotherCode),
  move(
    'endpoint changed',
    4,
    set('serviceendpoints', 'endpointorder', (chance) => chance.between(1, 9)),
  ),
  move(
    'endpoint added',
    3,
    onSome('services', (desk, id) => insert(desk, 'serviceendpoints', { ...endpoint(desk.chance, 7), serviceid: id })),
  ),
  move('endpoint gone', 2, gone('serviceendpoints')),
  move('endpoint goes over', 2, goesOver('serviceendpoints')),
  move('hours added', 4, addsHours, 2),
  move(
    'hours changed',
    4,
    set('servicedayopeningtimes', 'endtime', (chance) => `${chance.between(15, 21)}:00`),
  ),
  move(
    'day changed',
    2,
    set('servicedayopenings', 'dayid', (chance) => chance.between(1, 8)),
  ),
  move('hours gone', 2, gone('servicedayopenings')),
  move('hours go over', 2, goesOver('servicedayopenings')),
  move('date added', 2, addsDate, 2),
  move(
    'date changed',
    2,
    set('servicespecifiedopeningdates', 'date', (chance) => `2027-02-${chance.between(10, 28)}`),
  ),
  move('date gone', 1, gone('servicespecifiedopeningdates')),
  move(
    'closed that day',
    1,
    set('servicespecifiedopeningtimes', 'isclosed', (chance) => chance.yes(0.5)),
  ),
  move(
    'ages changed',
    2,
    set('serviceagerange', 'daysto', (chance) => chance.between(400, 40_000) + 0.25),
  ),
  move('ages gone', 1, gone('serviceagerange')),
  move(
    'symptom added',
    3,
    onSome('services', (desk, id) =>
      insert(desk, 'servicesgsds', {
        serviceid: id,
        sgid: groupId(desk.chance.between(1, GROUPS)),
        sdid: discriminatorId(desk.chance.between(1, DISCRIMINATORS)),
      }),
    ),
  ),
  move('symptom gone', 2, gone('servicesgsds')),
  move(
    'disposition added',
    2,
    onSome('services', (desk, id) =>
      insert(desk, 'servicedispositions', { serviceid: id, dispositionid: desk.chance.between(1, DISPOSITIONS) }),
    ),
  ),
  move('disposition gone', 1, gone('servicedispositions')),
  move(
    'disposition code changed',
    0.4,
    set('dispositions', 'dxcode', (chance) => `DX${chance.between(930, 960)}`),
  ),
  move(
    'symptom group renamed',
    0.6,
    set('symptomgroups', 'name', (chance) => `Renamed ${chance.uuid()}`),
  ),
  move(
    'discriminator renamed',
    0.6,
    set('symptomdiscriminators', 'description', (chance) => `PW ${chance.uuid()}`),
  ),
  move('synonym gone', 0.4, gone('symptomdiscriminatorsynonyms')),
  move('combination gone', 0.4, gone('symptomgroupsymptomdiscriminators')),
  move('burst on one row', 1, burst, 5),
  move('thought better of', 1, thinksBetter, 0),
];
