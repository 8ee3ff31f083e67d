import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { csvFolder } from '../../../src/app/pas/source-files.ts';
import { csvLine, opaqueKey } from '../../../src/core/index.ts';
import { extractOf, rewrite, run, setCell, workFolder } from '../../support/pas-run.ts';
import { readCsv, readObjects } from '../../support/pas-vectors.ts';

const work = workFolder();
afterAll(work.done);
const clean = work.place('clean');
const source = work.place('source');
const out = work.place('out');
const names = ['PATDATA', 'ADMITDISCH', 'OPA', 'CONSEPISODE', 'FCEEXT', 'GP', 'AEA', 'SMREPISODE'];

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

/** The tables with letters beyond ASCII, a byte a letter. */
function inWesternLetters(): void {
  for (const name of ['FCEEXT', 'OPA', 'PATDATA'])
    writeFileSync(file(name), Buffer.from(readFileSync(file(name), 'utf8'), 'latin1'));
}

/** Key of the n-th patient of the extract. */
const patient = (n: number): string => readObjects(file('PATDATA'))[n]?.InternalPatientNumber ?? '';

describe('what is wrong with an extract is named, and nothing is blanked or made up without a word', () => {
  test('a clean extract has none of it', async () => {
    const categories = await found();
    expect([...categories].sort()).toEqual([
      'FIELD_BLANK LOAD_PMI.nhs_number',
      'NULL_RATE LOAD_PMI.nhs_number',
      'SOURCE_TABLE_EMPTY OPREFTKSTATUS',
    ]);
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
    expect(readFileSync(file('PATDATA'), 'utf8')).toMatch(/[ËÁÜ]/);
    inWesternLetters();
    expect(await found()).toContain('SOURCE_ENCODING PATDATA');
    const issues = readObjects(join(out, 'issues.csv')).filter(({ category }) => category === 'SOURCE_ENCODING');
    expect(issues[0]?.key).toMatch(/^line \d+$/);
    expect(await found({ extract: csvFolder(source, 'windows-1252') })).not.toContain('SOURCE_ENCODING PATDATA');
  });

  test('UTF-8 that is said to be something else is refused, with a byte order mark or without', async () => {
    const declared = { extract: csvFolder(source, 'windows-1252') };
    await expect(found(declared)).rejects.toThrow(/\.csv is UTF-8, not windows-1252/);
    inWesternLetters();
    writeFileSync(file('GP'), `\ufeff${readFileSync(file('GP'), 'utf8')}`);
    await expect(found(declared)).rejects.toThrow(/GP\.csv is UTF-8/);
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
    setCell(source, 'PATDATA', 8, 'GeneralComments', 'says "no",\nthen yes');
    await found();
    expect(rowOf('LOAD_PMI', patient(8))?.comments).toBe('says "no",\nthen yes');
  });

  test('an over-long value is refused, never cut', async () => {
    setCell(source, 'PATDATA', 8, 'PtAddrLine2', 'x'.repeat(500));
    expect(await found()).toContain('REJECT_TEXT_TOO_LONG LOAD_PMI.pat_address_2');
    expect(rowOf('LOAD_PMI', patient(8))?.pat_address_2).toBe('');
  });

  test.each([
    ['20230229', 'DATE_NOT_REAL'],
    ['00010101', 'DATE_YEAR'],
    ['99999999', 'DATE_PLACEHOLDER'],
    ['soon', 'DATE_FORMAT'],
  ])('the date %s', async (text, problem) => {
    rewrite(source, 'PATDATA', (rows, header) => {
      const cells = rows[8] ?? [];
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
      const cells = rows[8] ?? [];
      cells[header.indexOf('InternalDateOfBirth')] = '20000229';
      cells[header.indexOf('PtDoB')] = '29/02/2000';
      return rows;
    });
    await found();
    expect(rowOf('LOAD_PMI', patient(8))?.date_of_birth).toBe('29/02/2000');
  });

  test('an unmapped code', async () => {
    setCell(source, 'PATDATA', 8, 'EthnicType', 'QQ');
    expect(await found()).toContain('REJECT_CROSSWALK_UNMAPPED LOAD_PMI.ethnic_group');
    const [reject] = readObjects(join(out, 'rejects.csv'));
    expect(reject).toMatchObject({
      problem: 'CROSSWALK_UNMAPPED',
      source_table: 'PATDATA',
      source_field: 'EthnicType',
      source_key: patient(8),
      value_class: 'A{2}',
      event_position: '10',
      crosswalk: 'ethnicity',
    });
  });

  test('a duplicate key: neither row is chosen, and their children say why they are not there', async () => {
    rewrite(source, 'PATDATA', (rows, header) => {
      const twin = [...(rows[8] ?? [])];
      twin[header.indexOf('Surname')] = 'OTHER';
      return [...rows, twin];
    });
    const categories = await found();
    expect(categories).toContain('SOURCE_DUPLICATE_PATIENT PATDATA');
    expect(categories).toContain('REJECT_KEY_DUPLICATE LOAD_PMI');
    expect(categories).toContain('REJECT_PARENT_REJECTED LOAD_PMIGPAUDIT');
    expect(rowOf('LOAD_PMI', patient(8))).toBeUndefined();
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
    setCell(source, 'PATDATA', 8, 'NhsNumber', 'SECRET12');
    await found();
    for (const name of ['issues.csv', 'rejects.csv', 'quality.json', 'gates.json', 'run.json'])
      expect(readFileSync(join(out, name), 'utf8')).not.toContain('SECRET12');
  });

  test('one person under two numbers, told by keys that say nothing', async () => {
    rewrite(source, 'PATDATA', (rows, header) => {
      const twin = [...(rows[10] ?? [])];
      for (const [column, value] of Object.entries({
        InternalPatientNumber: '777777',
        DistrictNumber: '',
        NhsNumber: '',
      }))
        twin[header.indexOf(column)] = value;
      twin[header.indexOf('Surname')] = (twin[header.indexOf('Surname')] ?? '').toLowerCase();
      return [...rows, twin];
    });
    expect(await found()).toContain('SOURCE_DUPLICATE_PERSON PATDATA');
    const [issue] = readObjects(join(out, 'issues.csv')).filter(
      ({ category }) => category === 'SOURCE_DUPLICATE_PERSON',
    );
    const keys = [opaqueKey('777777'), opaqueKey(patient(10))];
    expect(keys).toContain(issue?.key);
    expect(keys.filter((key) => issue?.message?.includes(key) || issue?.key === key)).toHaveLength(2);
    expect(rowOf('LOAD_PMI', '777777')).toBeDefined();
  });

  test('a district number two patients have', async () => {
    const [first] = readObjects(file('PATDATA'));
    setCell(source, 'PATDATA', 7, 'DistrictNumber', first?.DistrictNumber ?? '');
    expect(await found()).toContain('SOURCE_DISTRICT_NUMBER_DUPLICATE PATDATA.DistrictNumber');
  });

  test('nothing of a refused patient is loaded, in no table', async () => {
    setCell(source, 'PATDATA', 0, 'Surname', '');
    const gone = patient(0);
    const categories = await found();
    expect(categories).toContain('REJECT_MANDATORY_BLANK LOAD_PMI.pat_name_family');
    expect(categories).toContain('REJECT_PARENT_REJECTED LOAD_RTT_PATHWAYS');
    expect([...categories].filter((name) => name.includes('TARGET_'))).toEqual([]);
    for (const table of readdirSync(join(out, 'target')))
      for (const { main_crn } of readObjects(join(out, 'target', table))) expect(main_crn).not.toBe(gone);
  });

  test('an orphan in a table that nothing is loaded from', async () => {
    setCell(source, 'AEA', 0, 'InternalPatientNumber', '555');
    expect(await found()).toContain('SOURCE_ORPHAN AEA');
  });

  test('too few patients, fewer rows than were sent', async () => {
    const categories = await found({ minPatients: 61, rowCounts: new Map([['OPA', 1]]) });
    expect(categories).toContain('SOURCE_ROW_COUNT PATDATA');
    expect(categories).toContain('SOURCE_ROW_COUNT OPA');
  });

  test('so many rows refused that a rate tells it', async () => {
    rewrite(source, 'CONSEPISODE', (rows, header) =>
      rows.map((cells, i) => (i % 10 === 0 ? cells.with(header.indexOf('EpisodeNumber'), '999999') : cells)),
    );
    const categories = await found();
    expect(categories).toContain('REJECT_RATE LOAD_ADT_EPISODES');
  });

  test('a record number swapped behind the run is found when it is verified again', async () => {
    await found();
    const path = join(out, 'target/LOAD_ADT_ADMISSIONS.csv');
    const [header = [], ...rows] = readCsv(path);
    const crn = header.indexOf('main_crn');
    const other = rows.find((cells) => cells[crn] !== rows[0]?.[crn]);
    [rows[0] as string[], other as string[]].reduce((a, b) => {
      [a[crn], b[crn]] = [b[crn] ?? '', a[crn] ?? ''];
      return b;
    });
    writeFileSync(path, [header, ...rows].map(csvLine).join(''));
    const { quality } = await run(source, out, { from: 'verify' });
    const kinds = new Set(quality?.issue_counts.map(({ category, table }) => `${category} ${table}`));
    expect([...kinds].some((kind) => kind.startsWith('TARGET_CHAIN_MIXED'))).toBe(true);
    expect(quality?.status).toBe('FAIL');
  });

  test('a code changed behind the run, too', async () => {
    await found();
    const path = join(out, 'target/LOAD_PMI.csv');
    const [header = [], ...rows] = readCsv(path);
    (rows[0] as string[])[header.indexOf('sex')] = 'Q';
    writeFileSync(path, [header, ...rows].map(csvLine).join(''));
    const { quality } = await run(source, out, { from: 'verify' });
    expect(quality?.issue_counts).toContainEqual(
      expect.objectContaining({ severity: 'ERROR', category: 'TARGET_CODE_UNKNOWN', table: 'LOAD_PMI', field: 'sex' }),
    );
  });
});

describe('hostile names and values', () => {
  test('a folder, a stray file and odd names beside the tables change nothing', async () => {
    const before = [...(await found())];
    mkdirSync(join(source, 'GPHISTORY2.csv'));
    writeFileSync(join(source, '$(reboot); drop table x --.csv'), 'a\n1\n');
    writeFileSync(join(source, '__proto__.csv'), 'a\n1\n');
    writeFileSync(join(source, `${'n'.repeat(240)}.csv`), 'a\n1\n');
    expect([...(await found())]).toEqual(before);
    for (const name of ['$(reboot); drop table x --.csv', '__proto__.csv', `${'n'.repeat(240)}.csv`])
      rmSync(join(source, name));
  });

  test('a folder where a table should be is a missing table; two files of one table are refused', async () => {
    rmSync(file('OPA'));
    mkdirSync(file('OPA'));
    expect(await found()).toContain('SOURCE_TABLE_MISSING OPA');
    rmSync(file('OPA'), { recursive: true });
    writeFileSync(file('OPA'), readFileSync(join(clean, 'OPA.csv')));
    writeFileSync(join(source, 'opa.CSV'), readFileSync(join(clean, 'OPA.csv')));
    await expect(found()).rejects.toThrow(/two files for table OPA/);
    rmSync(join(source, 'opa.CSV'));
  });

  test('a value of a megabyte is refused, and stands in no report', async () => {
    setCell(source, 'PATDATA', 8, 'GeneralComments', 'Xy'.repeat(1 << 19));
    expect(await found()).toContain('REJECT_TEXT_TOO_LONG LOAD_PMI.comments');
    for (const name of ['issues.csv', 'rejects.csv', 'run.json', 'quality.json'])
      expect(readFileSync(join(out, name), 'utf8')).not.toContain('XyXyXyXyXyXyXyXyXyXyXyXyXyXyXy');
  });

  test('characters that part rows and cells inside Sluice are refused with their line', async () => {
    for (const [i, control] of ['\u001e', '\u001f', '\0'].entries())
      setCell(source, 'PATDATA', 7 + i, 'PlaceOfBirth', `TEST${control}HAM`);
    expect(await found()).toContain('SOURCE_CSV_CONTROL PATDATA');
    expect(readCsv(join(out, 'target/LOAD_PMI.csv'))).toHaveLength(1 + 60 - 3);
  });

  test('a key that looks like two keys, or like a property of every object, is a key', async () => {
    rewrite(source, 'PATDATA', (rows, header) => {
      const at = header.indexOf('InternalPatientNumber');
      const like = (number: string): string[] =>
        (rows[7] as string[]).with(at, number).with(header.indexOf('Surname'), number);
      return [...rows, like('A|B'), like('A\\|B'), like('__proto__'), like('constructor'), like('=1+1')];
    });
    const categories = await found();
    expect([...categories].filter((name) => name.startsWith('REJECT_'))).toEqual([]);
    const crns = readObjects(join(out, 'target/LOAD_PMI.csv')).map(({ main_crn }) => main_crn);
    expect(crns).toEqual(expect.arrayContaining(['A|B', 'A\\|B', '__proto__', 'constructor', '=1+1']));
    expect(new Set(crns).size).toBe(crns.length);
  });

  test('two keys that differ only in where one part ends are two keys', async () => {
    rewrite(source, 'SMREPISODE', (rows, header) => {
      const base = rows[0] as string[];
      const [p, e] = [header.indexOf('InternalPatientNumber'), header.indexOf('EpisodeNumber')];
      return [...rows, base.with(p, '100001').with(e, '1|2'), base.with(p, '100001|1').with(e, '2')];
    });
    rewrite(source, 'PATDATA', (rows, header) => [
      ...rows,
      (rows[7] as string[]).with(header.indexOf('InternalPatientNumber'), '100001|1'),
    ]);
    expect([...(await found())].filter((name) => name.startsWith('REJECT_'))).toEqual([]);
  });

  test('a file without line ends costs that file only', async () => {
    writeFileSync(file('GP'), `GpCode,NationalCode\n${'x'.repeat(20 << 20)}`);
    expect(await found()).toContain('SOURCE_CSV_ROW_LONG GP');
  }, 60_000);
});
