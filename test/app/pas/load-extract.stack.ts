import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { postgresSchema } from '../../../src/app/pas/source-database.ts';
import { byBusinessKey, extractOf, rewrite, run, setCell, workFolder } from '../../support/pas-run.ts';
import { stageExtract } from '../../support/pas-staging.ts';
import { links } from '../../support/pas-stream.ts';
import { urlOf } from '../../support/service-database.ts';

const work = workFolder();
const folder = work.place('extract');
const database = `t${randomBytes(4).toString('hex')}_staging`;
let root: pg.Client;
let client: pg.Client;
let url: string;

beforeAll(async () => {
  root = new pg.Client(urlOf(inject('stack').postgres, 'postgres'));
  await root.connect();
  await root.query(`create database ${database}`);
  url = urlOf(inject('stack').postgres, database);
  client = new pg.Client(url);
  await client.connect();
  extractOf(folder, 200, 0.1);
});
afterAll(async () => {
  await client.end();
  await root.query(`drop database ${database} with (force)`);
  await root.end();
  work.done();
});

const query = async (text: string): Promise<Record<string, unknown>[]> =>
  (await client.query<Record<string, unknown>>(text)).rows;
/** Which rows of a table are as they were written first, and which are new versions. */
const versions = (table: string) => query(`select xmin::text, ctid::text from v83.${table} order by 1, 2`);

describe('an extract in the staging tables', () => {
  test('is whole, and a run over it is the run over the files', async () => {
    const { tables, rejects } = await stageExtract(url, folder);
    expect(rejects).toEqual([]);
    for (const { table, read, inserted } of tables) expect(inserted, table).toBe(read);
    await run(folder, work.place('of-files'));
    const extract = postgresSchema(url, 'v83');
    await run(extract, work.place('of-tables'));
    await extract.close();
    expect(byBusinessKey(work.place('of-tables'), links)).toEqual(byBusinessKey(work.place('of-files'), links));
  }, 60_000);

  test('loaded once more writes nothing', async () => {
    const before = await versions('patdata');
    const { tables } = await stageExtract(url, folder);
    for (const { inserted, updated, deleted } of tables) expect([inserted, updated, deleted]).toEqual([0, 0, 0]);
    expect(await versions('patdata')).toEqual(before);
  });

  test('a newer one writes the rows that differ', async () => {
    // without rows that stand twice, whose counts would be another matter
    extractOf(folder, 200, 0);
    const { read } = (await stageExtract(url, folder)).of('PATDATA');
    setCell(folder, 'PATDATA', 3, 'Surname', 'CHANGED');
    rewrite(folder, 'PATDATA', (rows, header) => {
      const made = [...(rows[0] ?? [])];
      made[header.indexOf('InternalPatientNumber')] = '555000';
      return [...rows.slice(0, 9), ...rows.slice(10), made];
    });
    const { of } = await stageExtract(url, folder);
    expect(of('PATDATA')).toMatchObject({ inserted: 1, updated: 1, deleted: 1, unchanged: read - 2 });
    expect(of('ADMITDISCH')).toMatchObject({ inserted: 0, updated: 0, deleted: 0 });
    expect(await query(`select count(*)::int as n from v83.patdata where surname = 'CHANGED'`)).toEqual([{ n: 1 }]);
  });

  test('rows of one key stay apart, in whatever order they come', async () => {
    const double = (rows: string[][], header: string[]): string[][] => {
      const second = [...(rows[0] ?? [])];
      second[header.indexOf('PtTelephone')] = '01632 960999';
      return [...rows, second];
    };
    rewrite(folder, 'PATDATA', double);
    expect((await stageExtract(url, folder)).of('PATDATA')).toMatchObject({ repeated: 1, inserted: 1, updated: 0 });
    rewrite(folder, 'PATDATA', (rows) => rows.reverse());
    expect((await stageExtract(url, folder)).of('PATDATA')).toMatchObject({ inserted: 0, updated: 0, deleted: 0 });
  });
});

describe('what cannot be read', () => {
  const path = join(folder, 'WARD.csv');

  test('is named by table, line and reason, never by what it says, and takes no row away', async () => {
    const text = readFileSync(path, 'utf8').trimEnd().split('\n');
    const [header = '', first = '', ...others] = text;
    writeFileSync(path, `${[header, `${first},SECRET`, ...others].join('\n')}\n`);
    const { of, rejects } = await stageExtract(url, folder);
    expect(of('WARD')).toMatchObject({ state: 'loaded', bad: 1, deleted: 0, kept: 1 });
    expect(rejects).toEqual(['WARD,2,CSV_CELL_COUNT\n']);
    writeFileSync(path, `${text.join('\n')}\n`);
  });

  test('a byte order mark and Windows line ends do not matter', async () => {
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, `\ufeff${text.replaceAll('\n', '\r\n')}`);
    expect((await stageExtract(url, folder)).of('WARD')).toMatchObject({ inserted: 0, updated: 0, deleted: 0, bad: 0 });
    writeFileSync(path, text);
  });

  test('a table without its key, without a header or without rows is left as it is', async () => {
    const text = readFileSync(path, 'utf8');
    const before = await versions('ward');
    for (const [broken, problem] of [
      [text.replace(/(^|,)Ward(,|$)/m, '$1Wrd$2'), 'KEY_COLUMN_MISSING'],
      ['', 'HEADER_MISSING'],
      [`${text.split('\n')[0]}\n`, 'EMPTY'],
    ] as const) {
      writeFileSync(path, broken);
      expect((await stageExtract(url, folder)).of('WARD')).toMatchObject({ state: 'refused', problem });
      expect(await versions('ward')).toEqual(before);
    }
    expect((await stageExtract(url, folder, true)).of('WARD')).toMatchObject({
      state: 'loaded',
      deleted: before.length,
    });
  });
});
