import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { lookAtRoots } from '../../src/app/reconcile/look.ts';
import { recheckOpen } from '../../src/app/reconcile/recheck.ts';
import type { Flow } from '../../src/core/index.ts';
import { comparedIn, type Reconciling, reconcilingOf } from '../support/reconciling.ts';
import { type Rig, startRig, type WorkerProcess } from '../support/rig.ts';

let rig: Rig;
let worker: WorkerProcess;
let reconciling: Reconciling;

type Row = Record<string, string>;
/** below and above all keys */
const STRANGERS = ['!nobody', '~nobody'];

const sql = async (text: string, ...values: unknown[]): Promise<Row[]> =>
  (await rig.open.pool.query<Row>(text, values)).rows;

beforeAll(async () => {
  rig = await startRig(inject('stack'), {
    migration: 'pas',
    rows: 15,
    variables: { SLUICE_PAS_TEST_DATA: 'on', SLUICE_PAS_ORPHAN_SECONDS: '3600' },
  });
  worker = rig.startWorker();
  reconciling = await reconcilingOf(rig);
  await rig.settled(150);
}, 240_000);
afterAll(async () => {
  await reconciling?.parts.close();
  await rig.close();
});

describe('reconciliation over Debezium and the 38 load tables', () => {
  it('compares everything when nothing moves, what is refused included', async () => {
    const round = await reconciling.scan();
    expect(await reconciling.found()).toEqual([]);
    for (const [flow, tally] of round.flows) expect({ flow, ...tally }).toMatchObject({ hot: 0, countsDiffer: 0 });
    expect(comparedIn(round)).toBeGreaterThan(300);
    expect(round.flows.get('patients')?.unmappable).toBeGreaterThan(0);
  });

  it('takes rows that wait for their patient for waiting, and for nothing else', async () => {
    const [orphaned] = (await sql(
      `select main_crn from pas184.load_pmi p where exists (
         select from pas184.load_adt_admissions a where a.main_crn = p.main_crn) order by 1 limit 1`,
    )) as [Row];
    const gone = await rig.source.query<Row>('delete from v83.patdata where internalpatientnumber = $1 returning *', [
      orphaned.main_crn,
    ]);
    await rig.settled(120);
    const { flows } = await reconciling.scan(['patients']);
    expect(await reconciling.found()).toEqual([]);
    expect(flows.get('patients')?.waiting).toBeGreaterThan(0);
    for (const row of gone.rows)
      await rig.source.query('insert into v83.patdata select * from jsonb_populate_record(null::v83.patdata, $1)', [
        JSON.stringify(row),
      ]);
    await rig.settled(120);
  });

  it('takes a patient for being on the way while a number that was merged into theirs is', async () => {
    const { rows } = await rig.source.query<{ id: string }>(
      `select internalpatientnumber as id from v83.patdata where internalpatientnumber ~ '^[0-9]{6}$' order by 1 limit 2`,
    );
    const [now, old] = rows.map(({ id }) => id) as [string, string];
    await rig.source.query(
      `insert into v83.mergedid (oldid, newestid, newestdatetime, sluice_copy) values ($1, $2, '01/02/2026 00:00', 1)`,
      [old, now],
    );
    await rig.settled(120);
    const patients = rig.open.migration.flows.find(({ name }) => name === 'patients') as Flow;
    const hot = async () => [...(await lookAtRoots(reconciling.parts, patients, [now])).hot];
    expect(await hot()).toEqual([]);
    worker.child.kill('SIGSTOP');
    try {
      await sql(
        `insert into sluice.mark (pipeline, flow, key, source_time) values ($1, 'patients', $2, clock_timestamp())`,
        rig.open.name,
        old,
      );
      expect(await hot()).toEqual([now]);
    } finally {
      worker.child.kill('SIGCONT');
    }
    await rig.settled(120);
    expect(await hot()).toEqual([]);
    await rig.source.query('delete from v83.mergedid where oldid = $1', [old]);
    await rig.settled(120);
  });

  it('finds what was done to the tables, by kind and path, within one scan', async () => {
    const people = await sql(
      'select sluice_key as key, main_crn, pat_name_family as name from pas184.load_pmi order by 1',
    );
    const [changed, renumbered, older, one] = people as [Row, Row, Row, Row];
    const other = people.slice(4).find(({ name }) => name !== one.name) as Row;
    const [low, high, spare] = (await sql(
      `(select sluice_key as key from pas184.load_pmiaddrs order by 1 limit 1)
       union all (select sluice_key from pas184.load_pmiaddrs order by 1 desc limit 2)`,
    )) as [Row, Row, Row];
    const [refused] = (await sql('select sluice_key as key from pas184.rejects order by 1 limit 1')) as [Row];
    await rig.source.query(`update v83.patdata set surname = 'NEWNAME' where internalpatientnumber = $1`, [
      older.main_crn,
    ]);
    await rig.settled(120);
    await reconciling.scan(['patients']);
    expect(await reconciling.found()).toEqual([]);

    const set = (column: string, value: unknown, { key }: Row) =>
      sql(`update pas184.load_pmi set ${column} = $1 where sluice_key = $2`, value, key);
    await set('title', 'SOMEBODY', changed);
    await set('record_number', 999_999_999, renumbered);
    await set('pat_name_family', older.name, older);
    await set('pat_name_family', other.name, one);
    await set('pat_name_family', one.name, other);
    await sql('delete from pas184.load_pmiaddrs where sluice_key = any($1)', [low.key, high.key]);
    await sql('delete from pas184.rejects where sluice_key = $1', refused.key);
    for (const key of STRANGERS)
      await sql(
        `insert into pas184.load_pmiaddrs select r.* from pas184.load_pmiaddrs t,
           jsonb_populate_record(t, jsonb_build_object('sluice_key', $1::text)) r where t.sluice_key = $2`,
        key,
        spare.key,
      );
    await reconciling.scan();
    const of = (table: string, key: string | undefined, kind: string, path = '') =>
      JSON.stringify({ target: `pas184.${table}`, key, kind, path });
    const written = (row: Row, kind: string, path: string): string[] => [
      of('load_pmi', row.key, kind, path),
      of('load_pmi', row.key, 'rogue', path),
    ];
    expect(new Set((await reconciling.found()).map((found) => JSON.stringify(found)))).toEqual(
      new Set([
        ...written(changed, 'value', 'title'),
        ...written(renumbered, 'value', 'record_number'),
        ...written(older, 'stale', 'pat_name_family'),
        ...written(one, 'value', 'pat_name_family'),
        ...written(other, 'value', 'pat_name_family'),
        of('load_pmiaddrs', low.key, 'missing'),
        of('load_pmiaddrs', high.key, 'missing'),
        of('rejects', refused.key, 'missing'),
        ...STRANGERS.map((key) => of('load_pmiaddrs', key, 'extra')),
      ]),
    );
  });

  it('lets a finding go when nothing makes its row any more', async () => {
    const [last] = (await sql('select sluice_key as key, main_crn from pas184.load_pmi order by 1 desc limit 1')) as [
      Row,
    ];
    await sql(`update pas184.load_pmi set comments = 'SOMEBODY' where sluice_key = $1`, last.key);
    await reconciling.scan(['patients']);
    const ofIt = async () =>
      (await reconciling.found()).filter(({ key, path }) => key === last.key && path === 'comments');
    expect((await ofIt()).map(({ kind }) => kind).sort()).toEqual(['rogue', 'value']);
    await rig.source.query('delete from v83.patdata where internalpatientnumber = $1', [last.main_crn]);
    await rig.settled(120);
    await recheckOpen(reconciling.parts, 'recheck');
    expect(await ofIt()).toEqual([]);
  });

  it('repairs by ordinary writes under the numbers there were, and looks again', async () => {
    const before = await reconciling.told();
    const numbers = await sql('select key, number from sluice.number order by 1, 2');
    await sql('delete from pas184.load_pmiaddrs where sluice_key = any($1)', STRANGERS);
    for (const { id, root } of before)
      if (root !== '') expect(await reconciling.parts.store.repair(id, 'A N Other')).toBe(true);
    await rig.settled(120);
    await recheckOpen(reconciling.parts, 'recheck');
    const states = new Map((await reconciling.parts.store.list({ limit: 1_000 })).map((one) => [one.id, one.state]));
    for (const { id, root, target, kind } of before)
      expect({ target, kind, state: states.get(id) }).toEqual({
        target,
        kind,
        state: root === '' ? 'vanished' : 'reverified',
      });
    expect(await reconciling.found()).toEqual([]);
    expect(await sql('select key, number from sluice.number order by 1, 2')).toEqual(numbers);
    expect((await sql('select from pas184.load_pmi where record_number = 999999999')).length).toBe(0);
  });
});
