import { appendFileSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { csvFolder } from '../../../src/app/pas/source-files.ts';
import { extractOf, rewrite, run, setCell, workFolder } from '../../support/pas-run.ts';
import { readCsv, readObjects } from '../../support/pas-vectors.ts';

const work = workFolder();
afterAll(work.done);
const clean = work.place('clean');
const source = work.place('source');
const out = work.place('out');
const names = ['PATDATA', 'ADMITDISCH', 'OPA', 'CONSEPISODE', 'GP'];

beforeAll(async () => {
  extractOf(clean, 60);
  extractOf(source, 60);
});

beforeEach(() => {
  for (const name of names) writeFileSync(join(source, `${name}.csv`), readFileSync(join(clean, `${name}.csv`)));
});

const file = (table: string): string => join(source, `${table}.csv`);

/** Categories found, as `CATEGORY TABLE.field`. */
async function found(options: Parameters<typeof run>[2] = {}): Promise<Set<string>> {
  rmSync(out, { recursive: true, force: true });
  const { quality } = await run(source, out, options);
  return new Set(
    quality?.issue_counts.map(({ category, table, field }) => `${category} ${table}${field === '' ? '' : `.${field}`}`),
  );
}

const rowOf = (table: string, key: string): Record<string, string> | undefined =>
  readObjects(join(out, `target/${table}.csv`)).find((row) => row.external_system_id === key);

/** Key of the n-th patient of the extract. */
const patient = (n: number): string => readObjects(file('PATDATA'))[n]?.InternalPatientNumber ?? '';

describe('what is wrong with an extract is named, and nothing is blanked or made up without a word', () => {
  test('a clean extract has none of it', async () => {
    const categories = await found();
    expect([...categories].filter((name) => !/SOURCE_TABLE_EMPTY|FIELD_BLANK/.test(name))).toEqual([]);
  });

  test('a missing table', async () => {
    rmSync(file('OPA'));
    expect(await found()).toContain('SOURCE_TABLE_MISSING OPA');
    expect(readCsv(join(out, 'target/LOAD_OPD_APPOINTMENTS.csv'))).toHaveLength(1);
  });

  test('an empty driver makes no rows', async () => {
    rewrite(source, 'OPA', () => []);
    expect(await found()).toContain('SOURCE_TABLE_EMPTY OPA');
    expect(readCsv(join(out, 'target/LOAD_OPD_APPOINTMENTS.csv'))).toHaveLength(1);
  });

  test('a file of no bytes', async () => {
    truncateSync(file('OPA'));
    expect(await found()).toContain('SOURCE_HEADER_MISSING OPA');
  });

  test('a wrong header', async () => {
    writeFileSync(file('PATDATA'), readFileSync(file('PATDATA'), 'utf8').replace('Surname,', 'Sirname,'));
    const categories = await found();
    expect(categories).toContain('SOURCE_COLUMN_MISSING PATDATA.Surname');
    expect(categories).toContain('REJECT_MANDATORY_BLANK LOAD_PMI.pat_name_family');
  });

  test('a byte order mark hides nothing', async () => {
    writeFileSync(file('PATDATA'), `\ufeff${readFileSync(file('PATDATA'), 'utf8')}`);
    expect([...(await found())].filter((name) => name.includes('PATDATA'))).toEqual([]);
    expect(readCsv(join(out, 'target/LOAD_PMI.csv'))).toHaveLength(61);
  });

  test('a wrong encoding, by line; declared, it is right', async () => {
    const text = readFileSync(file('PATDATA'), 'utf8');
    expect(text).toMatch(/[ËÁÜ]/);
    writeFileSync(file('PATDATA'), Buffer.from(text, 'latin1'));
    expect(await found()).toContain('SOURCE_ENCODING PATDATA');
    const issues = readObjects(join(out, 'issues.csv')).filter(({ category }) => category === 'SOURCE_ENCODING');
    expect(issues[0]?.key).toMatch(/^line \d+$/);
    expect(await found({ extract: csvFolder(source, 'windows-1252') })).not.toContain('SOURCE_ENCODING PATDATA');
  });

  test('UTF-16 is refused before anything is read', async () => {
    writeFileSync(file('PATDATA'), Buffer.from(`\ufeff${readFileSync(file('PATDATA'), 'utf8')}`, 'utf16le'));
    await expect(found()).rejects.toThrow(/UTF-16/);
  });

  test('a quote that is never closed, a line with a cell too many: by line', async () => {
    appendFileSync(file('GP'), '"never closed,1\n');
    appendFileSync(file('OPA'), 'a,b\n');
    const categories = await found();
    expect(categories).toContain('SOURCE_CSV_QUOTE_OPEN GP');
    expect(categories).toContain('SOURCE_CSV_CELL_COUNT OPA');
  });

  test('quotes and line breaks in a cell come through as they are', async () => {
    setCell(source, 'PATDATA', 3, 'GeneralComments', 'says "no",\nthen yes');
    await found();
    expect(rowOf('LOAD_PMI', patient(3))?.comments).toBe('says "no",\nthen yes');
  });

  test('an over-long value is refused, never cut', async () => {
    setCell(source, 'PATDATA', 3, 'PtAddrLine2', 'x'.repeat(500));
    expect(await found()).toContain('REJECT_TEXT_TOO_LONG LOAD_PMI.pat_address_2');
    expect(rowOf('LOAD_PMI', patient(3))?.pat_address_2).toBe('');
  });

  test.each([
    ['20230229', 'DATE_NOT_REAL'],
    ['00010101', 'DATE_YEAR'],
    ['99999999', 'DATE_PLACEHOLDER'],
    ['soon', 'DATE_FORMAT'],
  ])('the date %s', async (text, problem) => {
    rewrite(source, 'PATDATA', (rows, header) => {
      const cells = rows[3] ?? [];
      cells[header.indexOf('InternalDateOfBirth')] = text;
      cells[header.indexOf('PtDoB')] = '';
      return rows;
    });
    const categories = await found();
    expect(categories).toContain('SOURCE_DATE_INVALID PATDATA.InternalDateOfBirth');
    expect(categories).toContain(`REJECT_${problem} LOAD_PMI.date_of_birth`);
  });

  test('29 February of a leap year is a date', async () => {
    rewrite(source, 'PATDATA', (rows, header) => {
      const cells = rows[3] ?? [];
      cells[header.indexOf('InternalDateOfBirth')] = '20000229';
      cells[header.indexOf('PtDoB')] = '29/02/2000';
      return rows;
    });
    await found();
    expect(rowOf('LOAD_PMI', patient(3))?.date_of_birth).toBe('29/02/2000');
  });

  test('an unmapped code', async () => {
    setCell(source, 'PATDATA', 3, 'EthnicType', 'QQ');
    expect(await found()).toContain('REJECT_CROSSWALK_UNMAPPED LOAD_PMI.ethnic_group');
    const [reject] = readObjects(join(out, 'rejects.csv'));
    expect(reject).toMatchObject({
      problem: 'CROSSWALK_UNMAPPED',
      source_table: 'PATDATA',
      source_field: 'EthnicType',
      source_key: patient(3),
      value_class: 'A{2}',
      event_position: '5',
      crosswalk: 'ethnicity',
    });
  });

  test('a duplicate key: neither row is chosen, and their children say why they are not there', async () => {
    rewrite(source, 'PATDATA', (rows, header) => {
      const twin = [...(rows[3] ?? [])];
      twin[header.indexOf('Surname')] = 'OTHER';
      return [...rows, twin];
    });
    const categories = await found();
    expect(categories).toContain('SOURCE_DUPLICATE_PATIENT PATDATA');
    expect(categories).toContain('REJECT_KEY_DUPLICATE LOAD_PMI');
    expect(categories).toContain('REJECT_PARENT_REJECTED LOAD_PMIGPAUDIT');
    expect(rowOf('LOAD_PMI', patient(3))).toBeUndefined();
  });

  test('the same row twice is one row', async () => {
    rewrite(source, 'CONSEPISODE', (rows) => [...rows, rows[0] ?? []]);
    const whole = readCsv(join(clean, 'CONSEPISODE.csv')).length;
    await found();
    expect(readCsv(join(out, 'target/LOAD_ADT_EPISODES.csv'))).toHaveLength(whole);
  });

  test('an orphan, at the source and in the target', async () => {
    setCell(source, 'CONSEPISODE', 0, 'EpisodeNumber', '999999');
    setCell(source, 'OPA', 0, 'InternalPatientNumber', '555');
    const categories = await found();
    expect(categories).toContain('REJECT_ORPHAN LOAD_ADT_EPISODES');
    expect(categories).toContain('SOURCE_ORPHAN OPA');
  });

  test('discharged before admitted; an NHS number twice; one that is none; the test range outside test data', async () => {
    setCell(source, 'ADMITDISCH', 0, 'IpDschDtimeInt', '200001010000');
    const nhs = readObjects(file('PATDATA')).map((row) => row.NhsNumber ?? '');
    const [first, second] = nhs.flatMap((number, i) => (number === '' ? [] : [i])) as [number, number];
    setCell(source, 'PATDATA', second, 'NhsNumber', nhs[first] ?? '');
    setCell(source, 'PATDATA', 9, 'NhsNumber', '1111111111');
    const categories = await found();
    expect(categories).toContain('SOURCE_DISCHARGE_BEFORE_ADMISSION ADMITDISCH.IpDschDtimeInt');
    expect(categories).toContain('SOURCE_NHS_DUPLICATE PATDATA.NhsNumber');
    expect(categories).toContain('REJECT_NHS_SAME_DIGIT LOAD_PMI.nhs_number');
    expect(await found({ testData: false })).toContain('REJECT_NHS_TEST_RANGE LOAD_PMI.nhs_number');
  });

  test('no issue and no reject holds a value of a row', async () => {
    setCell(source, 'PATDATA', 3, 'NhsNumber', 'SECRET12');
    await found();
    for (const name of ['issues.csv', 'rejects.csv', 'quality.json', 'gates.json', 'run.json'])
      expect(readFileSync(join(out, name), 'utf8')).not.toContain('SECRET12');
  });
});
