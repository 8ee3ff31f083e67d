import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { postgresSchema } from '../../src/app/pas/source-database.ts';
import type { ShadowDiff } from '../../src/app/shadow/diff.ts';
import type { JsonObject } from '../../src/core/index.ts';
import { byBusinessKey, run, workFolder } from '../support/pas-run.ts';
import { links, rejectLines, rejectsOfRun, tablesByKey } from '../support/pas-stream.ts';
import { type Rig, startRig, type WorkerProcess } from '../support/rig.ts';

let rig: Rig;
let worker: WorkerProcess;
const work = workFolder();
let runs = 0;

const source = async (text: string, ...values: unknown[]): Promise<Record<string, string>[]> =>
  (await rig.source.query<Record<string, string>>(text, values)).rows;

const put = (table: string, row: Readonly<Record<string, unknown>>) =>
  source(`insert into v83.${table} select * from jsonb_populate_record(null::v83.${table}, $1)`, JSON.stringify(row));

/** All rows of the load tables of a run, by table. */
async function loaded(suffix = ''): Promise<(table: string) => readonly JsonObject[]> {
  const rows = new Map<string, readonly JsonObject[]>();
  const names = await rig.open.pool.query<{ name: string }>(
    `select tablename as name from pg_tables where schemaname = $1 and tablename <> 'schema_version'`,
    [`pas184${suffix}`],
  );
  for (const { name } of names.rows) {
    const found = await rig.open.pool.query<{ row: JsonObject }>(
      `select to_jsonb(t) as row from pas184${suffix}.${name} t`,
    );
    rows.set(
      name,
      found.rows.map(({ row }) => row),
    );
  }
  return (table) => rows.get(table.toLowerCase()) ?? [];
}

/** The tables that follow hold what `pas run` makes of the same rows at this moment, refusals included. */
async function same(suffix = ''): Promise<void> {
  await rig.settled(100);
  const out = work.place(`run-${++runs}`);
  const extract = postgresSchema(rig.config.sourceUrl('pas'), 'v83');
  await run(extract, out);
  await extract.close();
  const read = await loaded(suffix);
  const actual = tablesByKey(read);
  for (const [table, text] of byBusinessKey(out, links)) expect(actual.get(table), table).toBe(text);
  expect(rejectLines(read('rejects'))).toEqual(rejectsOfRun(out));
}

const numbers = async (table: string): Promise<ReadonlyMap<unknown, unknown>> =>
  new Map((await loaded())(table).map((row) => [row.sluice_key, row.record_number]));

beforeAll(async () => {
  rig = await startRig(inject('stack'), { migration: 'pas', rows: 30, variables: { SLUICE_PAS_TEST_DATA: 'on' } });
  worker = rig.startWorker();
}, 180_000);
afterAll(async () => {
  await rig.close();
  work.done();
});

describe('V83 through Debezium, Kafka in Avro and PostgreSQL', () => {
  it('the tables that were there before come to what a run makes of them', async () => {
    await same();
    expect((await loaded())('load_pmi').length).toBeGreaterThan(20);
    expect((await loaded())('rejects').length).toBeGreaterThan(3);
    expect(worker.log()).not.toMatch(/"level":50/);
    const people = await source('select distinct surname, nhsnumber from v83.patdata');
    expect(people.length).toBeGreaterThan(20);
    for (const value of people.flatMap((person) => Object.values(person)).filter((text) => (text ?? '').length > 3))
      expect(worker.log().includes(value as string), 'a value of a patient in the log').toBe(false);
  });

  it('an admission, a transfer, a merge, a code that goes and a patient who goes are followed', async () => {
    const admissions = await numbers('load_adt_admissions');
    const [stay] = await source('select * from v83.conswardstay order by 1, 2, 3 limit 1');
    await put('conswardstay', { ...stay, epsactvdtimeint: '202611200900', wardcode: 'W01' });
    const people = await source(`select distinct internalpatientnumber as number from v83.admitdisch a
      where exists (select from v83.patdata p where p.internalpatientnumber = a.internalpatientnumber)
      and not exists (select from v83.mergedid m where m.newestid = a.internalpatientnumber) order by 1 limit 3`);
    const [one, other, third] = people.map(({ number }) => number);
    await source('insert into v83.mergedid (oldid, newestid) values ($1, $2)', one, other);
    await source(`update v83.ward set mfrecstsind = '1' where ward = (select min(ward) from v83.ward)`);
    await source('delete from v83.patdata where internalpatientnumber = $1', third);
    await same();
    const read = await loaded();
    expect(read('load_adt_admissions').some(({ main_crn: crn }) => crn === one)).toBe(false);
    expect(read('rejects').some(({ problem }) => problem === 'ORPHAN')).toBe(true);
    for (const [key, number] of await numbers('load_adt_admissions'))
      expect(admissions.get(key), String(key)).toBe(number);
  });

  it('numbers stay when a row goes and comes back, and when everything is derived anew', async () => {
    const before = await numbers('load_adt_admissions');
    const gone = await source('delete from v83.admitdisch returning *');
    await same();
    for (const row of gone) await put('admitdisch', row);
    for (const flow of ['patients', 'references']) await rig.open.admin.markAll(flow);
    await same();
    expect(await numbers('load_adt_admissions')).toEqual(before);
  });

  it('a replay from zero into a shadow differs in nothing', async () => {
    const done = await rig.sluice('replay', 'pas', '--from-beginning', '--into', 'again', '--json');
    expect(done.code, done.err + done.out).toBe(0);
  });

  it('a changed rule of the contract shows exactly the fields it makes, by its name', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-contract-'));
    try {
      cpSync('src/migrations/pas/data/contract', folder, { recursive: true });
      const fields = join(folder, 'fields', 'LOAD_ADT_ADMISSIONS.csv');
      writeFileSync(fields, readFileSync(fields, 'utf8').replace('constant PAS_V83', 'constant PAS_V84'));
      const by = ['--contract', folder];
      const filled = await rig.sluice('replay', 'pas', '--from-beginning', '--into', 'ruled', '--keep', ...by);
      expect(filled.code, filled.err + filled.out).toBe(3);
      const shown = await rig.sluice('replay', 'diff', 'ruled', 'pas', ...by, '--json');
      expect(shown.code, shown.err).toBe(3);
      const { changes } = JSON.parse(shown.out) as ShadowDiff;
      const count = (await loaded())('load_adt_admissions').length;
      expect(changes.map(({ keys: _, flow: __, ...rest }) => rest)).toEqual([
        {
          ...{ rule: 'SURROGATE_ETL constant PAS_V84', target: 'pas184.load_adt_admissions' },
          ...{ kind: 'field', path: 'system_code', count },
        },
      ]);
      expect((await rig.sluice('replay', 'discard', 'ruled', 'pas')).code).toBe(0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('a shadow by another contract is made live by that contract only', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-contract-'));
    try {
      cpSync('src/migrations/pas/data/contract', folder, { recursive: true });
      appendFileSync(join(folder, 'contract.yaml'), '# another one\n');
      const filled = await rig.sluice(
        'replay',
        'pas',
        '--from-beginning',
        '--into',
        'other',
        '--keep',
        '--contract',
        folder,
      );
      expect(filled.code, filled.err + filled.out).toBe(0);
      const refused = await rig.sluice('replay', 'promote', 'other', 'pas');
      expect([refused.code, refused.err]).toEqual([2, expect.stringContaining('made by other rules')]);
      const done = await rig.sluice('replay', 'promote', 'other', 'pas', '--contract', folder, '--json');
      expect(done.code, done.err + done.out).toBe(0);
      await same();
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
