import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { checkSourceHealth } from '../../../src/app/pas/sources/check.ts';
import { csvSource } from '../../../src/app/pas/sources/csv.ts';
import { readDefinition } from '../../../src/app/pas/sources/definition.ts';
import { jsonSource } from '../../../src/app/pas/sources/json.ts';
import { workFolder } from '../../support/pas-run.ts';

const work = workFolder();
afterAll(work.done);
mkdirSync(work.place('csv'));
mkdirSync(work.place('json'));
const file = (...path: string[]): string => join(work.folder, ...path);
const limits = { rows: 2, seconds: 5 };

describe('a folder of CSV files', () => {
  writeFileSync(file('csv', 'WARD.csv'), '\ufeffWard,Name\r\nW1,Larch\r\nW2,"Oak, east"\r\nW3,\r\n');
  const source = () => csvSource(file('csv'), 'utf-8', limits, () => 0);

  test('lists, describes and samples no further than it is asked to', async () => {
    expect((await source().list()).map(({ table }) => table)).toEqual(['WARD']);
    expect(await source().describe('WARD')).toEqual([
      { name: 'Ward', type: 'text' },
      { name: 'Name', type: 'text' },
    ]);
    expect((await source().sample('WARD')).rows).toEqual([
      ['W1', 'Larch'],
      ['W2', 'Oak, east'],
    ]);
  });

  test('gives up when the time is over', async () => {
    writeFileSync(file('csv', 'BIG.csv'), `A\n${'x\n'.repeat(3)}`);
    let now = 0;
    const slow = csvSource(file('csv'), 'utf-8', { rows: 1_000, seconds: 1 }, () => {
      now += 2_000;
      return now;
    });
    await expect(slow.sample('BIG')).rejects.toMatchObject({ code: 'SOURCE_UNAVAILABLE' });
  });

  test('a table that is not there is a wrong call', async () => {
    await expect(source().sample('NONE')).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });

  test('is healthy when every table has every column that is needed', async () => {
    const needed = [{ table: 'WARD', columns: ['ward', 'name'] }];
    expect(await checkSourceHealth(source(), needed, () => 0)).toMatchObject({ healthy: true });
    const more = [...needed, { table: 'WARD', columns: ['beds'] }, { table: 'OPA', columns: [] }];
    const { healthy, tables } = await checkSourceHealth(source(), more, () => 0);
    expect(healthy).toBe(false);
    expect(tables.map(({ state }) => state)).toEqual(['ready', 'columns missing', 'missing']);
  });
});

describe('a folder of JSON files', () => {
  test('holds a list, or an object a line', async () => {
    writeFileSync(
      file('json', 'WARD.json'),
      JSON.stringify([
        { Ward: 'W1', Beds: 4 },
        { Ward: 'W2', Beds: null },
      ]),
    );
    writeFileSync(file('json', 'OPA.ndjson'), '{"A":"1"}\n{"A":"2","B":true}\n{"A":"3"}\n');
    const source = jsonSource(file('json'), limits);
    expect(await source.sample('WARD')).toEqual({
      columns: ['Ward', 'Beds'],
      rows: [
        ['W1', '4'],
        ['W2', ''],
      ],
    });
    expect((await source.sample('OPA')).rows).toEqual([
      ['1', ''],
      ['2', 'true'],
    ]);
  });

  test.each(['{"A":', '{"A":[1]}'])('what is no row is refused: %s', async (text) => {
    writeFileSync(file('json', 'BAD.ndjson'), `${text}\n`);
    await expect(jsonSource(file('json'), limits).sample('BAD')).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });
});

describe('a declared source', () => {
  const GOOD = `kind: jdbc
name: v83-production
system: V83 on IRIS
driver: com.example.Driver
url: jdbc:IRIS://mirror.example.nhs.uk:1972/INQUIRE
schema: INQUIRE
user: \${env:V83_USER}
password: \${file:/run/secrets/v83}
read_only: true
rows: 1000
seconds: 30
tables: { PATDATA: PatientData }
`;
  const written = (text: string): string => {
    writeFileSync(file('definition.yaml'), text);
    return file('definition.yaml');
  };

  test('is read', () => {
    expect(readDefinition(written(GOOD))).toMatchObject({ kind: 'jdbc', tables: { PATDATA: 'PatientData' } });
  });

  test.each([
    ['a password that is written out', GOOD.replace(/password: .*/, 'password: hunter2'), /password/],
    ['a password in the address', GOOD.replace('//mirror', '//u:hunter2@mirror'), /url/],
    ['one that may write', GOOD.replace('read_only: true', 'read_only: false'), /read_only/],
    ['more rows than allowed', GOOD.replace('rows: 1000', 'rows: 5000'), /rows/],
    ['a member nobody knows', `${GOOD}colour: red\n`, /colour/],
  ])('%s is refused by name, never by what it says', (_what, text, named) => {
    expect(() => readDefinition(written(text))).toThrow(named);
    expect(() => readDefinition(written(text))).not.toThrow(/hunter2/);
  });
});
