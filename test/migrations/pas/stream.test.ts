import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadHouseContract } from '../../../src/app/pas/house-contract.ts';
import type { JsonObject } from '../../../src/core/index.ts';
import { pasMigration, targetColumnsOf } from '../../../src/migrations/pas/index.ts';
import { createModel, type Model } from '../../../src/pipeline/in-memory/index.ts';
import { chance } from '../../support/chance.ts';
import { byBusinessKey, extractOf, run, workFolder } from '../../support/pas-run.ts';
import {
  changes,
  links,
  rejectLines,
  rejectsOfRun,
  Staged,
  type StagedRow,
  stagedRows,
  staging,
  tablesByKey,
} from '../../support/pas-stream.ts';

const work = workFolder();
afterAll(work.done);

const { catalogue, contract } = loadHouseContract();
const NOON = '2026-11-21T12:00:00.000000Z';
const config = { contract, catalogue, testData: true, approvedOnly: false };
const declare = () => pasMigration(config);
const source = work.place('source');

const rowsOf = (model: Model, table: string): JsonObject[] =>
  [...(model.documents().get(`pas184.${table.toLowerCase()}`)?.values() ?? [])].map(({ content }) => content);
const tablesOf = (model: Model) => tablesByKey((table) => rowsOf(model, table));

/** What `pas run` makes of an extract is what the stream holds, the refusals included. */
async function isAsRun(model: Model, folder: string, name: string): Promise<void> {
  await run(folder, work.place(name));
  const expected = byBusinessKey(work.place(name), links);
  const actual = tablesOf(model);
  for (const [table, text] of expected) expect(actual.get(table), table).toBe(text);
  expect(rejectLines(rowsOf(model, 'rejects'))).toEqual(rejectsOfRun(work.place(name)));
  expect(model.troubles()).toEqual([]);
}

const shuffled = (rows: readonly StagedRow[], seed: number): StagedRow[] => {
  const draw = chance(seed);
  return rows
    .map((row) => ({ row, at: draw() }))
    .sort((a, b) => a.at - b.at)
    .map(({ row }) => row);
};

test('the target schema has a table for each load table, with the columns of the catalogue', () => {
  const sql = readFileSync(new URL('../../../src/migrations/pas/sql/pas184/0001_tables.sql', import.meta.url), 'utf8');
  for (const [table, columns] of targetColumnsOf(catalogue)) {
    const body = sql.split(`create table ${table.toLowerCase()} (`)[1]?.split(');')[0] ?? '';
    const found = [...body.matchAll(/"?(\w+)"? (text|bigint)/g)].map(([, name, type]) => `${name} ${type}`);
    const wanted = columns.map(({ name }) => {
      const isNumber = name === 'record_number' || links.has(`${table}.${name}`);
      return `${name} ${isNumber ? 'bigint' : 'text'}`;
    });
    expect(found.slice(4), table).toEqual(wanted);
  }
});

beforeAll(() => {
  extractOf(source, 60, 0.1);
});

describe('60 invented patients, some of their rows wrong, streamed row by row', () => {
  let model: Model;
  beforeAll(() => {
    model = createModel(declare());
    const change = changes();
    for (const row of stagedRows(source)) model.apply(change(row));
    model.derive(NOON);
  });

  test('come to the same 38 tables and the same rejects as a run over their files', async () => {
    await isAsRun(model, source, 'run');
    expect(rowsOf(model, 'load_pmi').length).toBeGreaterThan(50);
    expect(rowsOf(model, 'rejects').length).toBeGreaterThan(5);
  }, 60_000);

  test('so do rows in any order, derived after every few of them', () => {
    const other = createModel(declare());
    const change = changes();
    for (const [i, row] of shuffled(stagedRows(source), 5).entries()) {
      other.apply(change(row));
      if (i % 400 === 0) other.derive(NOON);
    }
    other.derive(NOON);
    expect(tablesOf(other)).toEqual(tablesOf(model));
  }, 60_000);
});

describe('a row that comes before its parent', () => {
  const patientless = (event: StagedRow): boolean => event.table !== 'v83.patdata';
  // the changes of the test were made at 08:00
  const [soon, later] = ['2026-11-21T08:00:30.000000Z', '2026-11-21T08:01:00.000000Z'];
  const orphans = (model: Model): number =>
    rowsOf(model, 'rejects').filter(({ problem }) => problem === 'ORPHAN' || problem === 'PARENT_REJECTED').length;
  const waiting = (orphanSeconds = 60, asOf = soon): Model => {
    const model = createModel(pasMigration({ ...config, orphanSeconds }));
    const change = changes();
    for (const row of stagedRows(source).filter(patientless)) model.apply(change(row));
    model.derive(asOf);
    return model;
  };

  test('is refused at once where nothing is to wait, though the tick is not past its change', () => {
    expect(orphans(waiting(0, '2026-11-21T07:59:00.000000Z'))).toBeGreaterThan(100);
  });

  test('waits, and is refused when its time is over without another change', () => {
    const model = waiting();
    expect(rowsOf(model, 'load_adt_admissions')).toEqual([]);
    expect(orphans(model)).toBe(0);
    model.derive(later);
    expect(orphans(model)).toBeGreaterThan(100);
  });

  test('is taken when the parent comes while it waits', async () => {
    const model = waiting();
    const change = changes();
    for (const row of stagedRows(source).filter((one) => !patientless(one))) model.apply(change(row));
    model.derive(later);
    await isAsRun(model, source, 'waited');
  }, 60_000);
});

describe('changes', () => {
  const patientOf = (row: StagedRow): string => String(row.image.internalpatientnumber);
  const model = createModel(declare());
  const staged = new Staged(stagedRowsOnce(), (event) => model.apply(event));
  const merged = unmerged();
  let step = 0;

  /** What the stream holds now is what a run over the rows as they are now makes. */
  const holds = async (): Promise<void> => {
    model.derive(NOON);
    step += 1;
    staged.write(work.place(`extract-${step}`));
    await isAsRun(model, work.place(`extract-${step}`), `changed-${step}`);
  };
  const numbers = (table: string): Map<unknown, unknown> =>
    new Map(rowsOf(model, table).map((row) => [row.sluice_key, row.record_number]));
  const some = <T>(rows: readonly T[], what: string): T => {
    const [first] = rows;
    if (!first) throw new Error(`there is no ${what}`);
    return first;
  };

  test('a transfer to another ward, with its new stay', async () => {
    const stays = staged.rowsOf('CONSWARDSTAY');
    const stay = some(stays, 'ward stay');
    // on a ward the patient is on before or after it, it would be one stay with that
    const been = new Set(
      stays
        .filter(({ image }) => image.internalpatientnumber === stay.image.internalpatientnumber)
        .map(({ image }) => image.wardcode),
    );
    const ward = some(
      staged.rowsOf('WARD').filter(({ image }) => image.mfrecstsind !== '1' && !been.has(image.ward ?? '')),
      'other ward',
    );
    model.derive(NOON);
    const before = rowsOf(model, 'load_adt_wardstays').length;
    staged.insert('CONSWARDSTAY', {
      ...stay.image,
      sluice_copy: 1,
      wardcode: ward.image.ward ?? '',
      epsactvdtimeint: '202611200900',
    });
    await holds();
    expect(rowsOf(model, 'load_adt_wardstays').length).toBe(before + 1);
  }, 30_000);

  test('two patients merged: the rows of one are the other’s, with the numbers they had', async () => {
    const [one, other] = merged;
    const [before, contacts] = [numbers('load_adt_admissions'), rowsOf(model, 'load_pmi').length];
    staged.insert('MERGEDID', { oldid: one, newestid: other });
    await holds();
    expect(numbers('load_adt_admissions')).toEqual(before);
    expect(rowsOf(model, 'load_pmi').length).toBe(contacts - 1);
    const moved = rowsOf(model, 'load_adt_admissions').filter(({ main_crn: crn }) => crn === one);
    expect(moved).toEqual([]);
  }, 30_000);

  test('a row that changes under the old number reaches the patient it belongs to now', async () => {
    const admission = some(
      staged.rowsOf('ADMITDISCH').filter((row) => patientOf(row) === merged[0]),
      'admission under the old number',
    );
    const before = rowsOf(model, 'load_adt_admissions').length;
    staged.remove(admission);
    await holds();
    expect(rowsOf(model, 'load_adt_admissions').length).toBe(before - 1);
    staged.put(admission);
    await holds();
  }, 30_000);

  test('the survivor merged into a third, then taken apart again, then in a ring', async () => {
    const [one, other, third] = merged;
    const merge = (old: string) =>
      some(
        staged.rowsOf('MERGEDID').filter(({ image }) => image.oldid === old),
        'merge',
      );
    staged.insert('MERGEDID', { oldid: other, newestid: third });
    await holds();
    staged.insert('MERGEDID', { oldid: third, newestid: one });
    await holds();
    staged.remove(merge(third));
    staged.remove(merge(other));
    await holds();
    staged.remove(merge(one));
    await holds();
  }, 60_000);

  test('a patient whose number changes on every row', async () => {
    const [one] = merged;
    for (const { table } of staging)
      for (const row of staged.rowsOf(table)) {
        if (row.image.internalpatientnumber === one) staged.change(row, { internalpatientnumber: '7000001' });
        if (row.image.intpatno === one) staged.change(row, { intpatno: '7000001' });
      }
    await holds();
    expect(rowsOf(model, 'load_pmi').some(({ external_system_id: id }) => id === one)).toBe(false);
  }, 30_000);

  test('a code that is marked as deleted, one that goes, and both back again', async () => {
    const ward = some(staged.rowsOf('WARD'), 'ward');
    const consultant = some(staged.rowsOf('CONSMAST'), 'consultant');
    staged.change(ward, { mfrecstsind: '1' });
    staged.remove(consultant);
    await holds();
    expect(rowsOf(model, 'rejects').length).toBeGreaterThan(0);
    staged.change(ward, { mfrecstsind: null });
    staged.put(consultant);
    await holds();
  }, 30_000);

  test('an admission that goes leaves orphans, and comes back to the number it had', async () => {
    const admission = some(staged.rowsOf('ADMITDISCH'), 'admission');
    const before = numbers('load_adt_admissions');
    staged.remove(admission);
    await holds();
    expect(rowsOf(model, 'rejects').some(({ problem }) => problem === 'ORPHAN')).toBe(true);
    staged.put(admission);
    await holds();
    expect(numbers('load_adt_admissions')).toEqual(before);
  }, 30_000);

  test('a row that is there twice, and differs, is refused with its double', async () => {
    const referral = some(staged.rowsOf('OPREFERRAL'), 'referral');
    staged.insert('OPREFERRAL', { ...referral.image, sluice_copy: 2, specialty: null });
    await holds();
    expect(rowsOf(model, 'rejects').some(({ problem }) => problem === 'KEY_DUPLICATE')).toBe(true);
  }, 30_000);

  test('more numbers in a row than are looked at park the patient, and lose nothing in silence', () => {
    for (let i = 0; i < 9; i++) staged.insert('MERGEDID', { oldid: `80000${i}`, newestid: `80000${i + 1}` });
    model.derive(NOON);
    expect(model.troubles().length).toBeGreaterThan(0);
  });

  function stagedRowsOnce(): StagedRow[] {
    extractOf(work.place('clean'), 40);
    return stagedRows(work.place('clean'));
  }

  /** Three patients with admissions of whom nobody was ever merged. */
  function unmerged(): readonly [string, string, string] {
    const known = new Set(staged.rowsOf('MERGEDID').map(({ image }) => image.newestid));
    const numbers = [...new Set(staged.rowsOf('ADMITDISCH').map(patientOf))].filter((number) => !known.has(number));
    const [one = '', other = '', third = ''] = numbers;
    return [one, other, third];
  }
});
