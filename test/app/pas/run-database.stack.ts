import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { loadHouseContract } from '../../../src/app/pas/house-contract.ts';
import type { PasRunOptions, PasRunOutcome } from '../../../src/app/pas/run.ts';
import { postgresSchema } from '../../../src/app/pas/source-database.ts';
import type { Extract } from '../../../src/app/pas/source-files.ts';
import { byBusinessKey, extractOf, run, targetFiles, workFolder } from '../../support/pas-run.ts';
import { readCsv, readObjects } from '../../support/pas-vectors.ts';
import { asAdmin, copyFrom } from '../../support/pg-copy.ts';
import { urlOf } from '../../support/service-database.ts';

const PATIENTS = 100;
const server = inject('stack').postgres;
const database = `pas_run_${process.pid}`;
/** May read and nothing else, as the source's owner will want it. */
const reader = { ...server, user: `pas_reader_${process.pid}`, password: 'reads-only' };
const work = workFolder();
const source = work.place('source');
const { catalogue } = loadHouseContract();
const links = new Map(catalogue.edges.map(({ child, field, parent }) => [`${child}.${field}`, parent]));
let client: pg.Client;
let fromFiles: PasRunOutcome;

beforeAll(async () => {
  await asAdmin(
    server,
    `create database ${database}`,
    `create role ${reader.user} login password '${reader.password}'`,
  );
  client = new pg.Client({ ...server, database });
  await client.connect();
  extractOf(source, PATIENTS);
  for (const schema of ['v83', 'v83_shuffled', 'v83_damaged']) await client.query(`create schema ${schema}`);
  for (const file of readdirSync(source)) {
    const table = file.slice(0, -4).toLowerCase();
    const [header = []] = readCsv(join(source, file));
    const columns = header.map((name) => `${client.escapeIdentifier(name)} text`).join(', ');
    await client.query(`create table v83.${table} (${columns})`);
    const copy = `copy v83.${table} from stdin with (format csv, header true, null '')`;
    await copyFrom(client, copy, readFileSync(join(source, file), 'utf8'));
    await client.query(`create table v83_shuffled.${table} as select t.* from v83.${table} t order by md5(t::text)`);
  }
  for (const schema of ['v83', 'v83_shuffled', 'v83_damaged'])
    await client.query(
      `grant usage on schema ${schema} to ${reader.user}; grant select on all tables in schema ${schema} to ${reader.user}`,
    );
  fromFiles = await run(source, work.place('files'));
}, 120_000);

afterAll(async () => {
  await client?.end();
  await asAdmin(server, `drop database if exists ${database} with (force)`, `drop role if exists ${reader.user}`);
  work.done();
});

/** Says that its tables are larger than they are, so that the run is cut into several parts. */
const inParts = (extract: Extract): Extract => ({
  ...extract,
  tables: async () => (await extract.tables()).map(({ table, bytes }) => ({ table, bytes: bytes * 10 })),
});

async function runFrom(schema: string, outDir: string, options: Partial<PasRunOptions> = {}): Promise<PasRunOutcome> {
  const extract = postgresSchema(urlOf(reader, database), schema);
  try {
    return await run(inParts(extract), outDir, options);
  } finally {
    await extract.close();
  }
}

/** Each table's lines, in an order that does not depend on how the run was cut into parts. */
const lines = (outDir: string): Map<string, string> =>
  new Map(
    targetFiles(outDir).map((name) => {
      const [header = '', ...rows] = readFileSync(join(outDir, 'target', name), 'utf8').split(/(?<=\n)/);
      return [name, header + rows.sort().join('')];
    }),
  );

const sameAsFiles = (outDir: string): void => {
  const [files, other] = [byBusinessKey(work.place('files'), links), byBusinessKey(outDir, links)];
  expect([...other.keys()]).toHaveLength(38);
  for (const [table, text] of files) expect(other.get(table), table).toBe(text);
};

describe('pas run --db', () => {
  test('makes of a schema the 38 tables it makes of the files, byte for byte', async () => {
    const outcome = await runFrom('v83', work.place('database'));
    sameAsFiles(work.place('database'));
    expect(outcome.state.parts).toBeGreaterThan(1);
    expect(outcome.gates?.status).toBe('PASS');
    expect(outcome.quality?.figures).toEqual(fromFiles.quality?.figures);
    const counted = (of: PasRunOutcome) => of.state.extracted.map(({ table, read, kept }) => [table, read, kept]);
    expect(counted(outcome)).toEqual(counted(fromFiles));
  });

  test('with the keys of the run from files, the same record numbers too', async () => {
    const outDir = work.place('numbers');
    await runFrom('v83', outDir, { keysDir: work.place('files/keys') });
    expect(lines(outDir)).toEqual(lines(work.place('files')));
  });

  test('takes rows in any order', async () => {
    await runFrom('v83_shuffled', work.place('shuffled'));
    sameAsFiles(work.place('shuffled'));
  });

  test('goes on where it broke, in the middle of the transformation', async () => {
    const outDir = work.place('broken');
    let parts = 0;
    const broken = runFrom('v83', outDir, {
      progress: (step) => {
        if (step === 'transform') parts += 1;
        if (parts === 2) throw new Error('the machine went away');
      },
    });
    await expect(broken).rejects.toThrow('the machine went away');
    const resumed = await runFrom('v83', outDir, { from: 'resume' });
    expect(resumed.state.partsDone).toBe(resumed.state.parts + 1);
    expect(resumed.gates?.status).toBe('PASS');
    sameAsFiles(outDir);
    expect(lines(outDir)).toEqual(lines(work.place('database')));
  });

  test.each(['extract', 'transform', 'verify', 'gates'] as const)('again from %s changes nothing', async (from) => {
    const outDir = work.place('database');
    const before = lines(outDir);
    // a finished run keeps no parts: those who want to begin at a later step have extracted once more
    if (from === 'transform') await runFrom('v83', outDir, { from: 'extract' });
    const outcome = await runFrom('v83', outDir, { from });
    expect(outcome.gates?.status).toBe('PASS');
    expect(lines(outDir)).toEqual(before);
  });

  test('names a row that holds what parts rows, and a schema, a server and a password that are wrong', async () => {
    await client.query('create table v83_damaged.patdata as select * from v83.patdata');
    await client.query(`grant select on v83_damaged.patdata to ${reader.user}`);
    await client.query(
      `update v83_damaged.patdata set "PlaceOfBirth" = 'TEST' || chr(30) || 'HAM' where "InternalPatientNumber" = '100005'`,
    );
    const outDir = work.place('damaged');
    await runFrom('v83_damaged', outDir);
    const issues = readObjects(join(outDir, 'issues.csv'));
    expect(issues).toContainEqual(expect.objectContaining({ category: 'SOURCE_CSV_CONTROL', table_name: 'PATDATA' }));
    expect(issues).toContainEqual(expect.objectContaining({ category: 'SOURCE_TABLE_MISSING', table_name: 'OPA' }));

    await expect(runFrom('no_such_schema', work.place('none'))).rejects.toThrow(/no table this user may see/);
    const wrong = postgresSchema(urlOf({ ...reader, password: 'hunter2-wrong' }, database), 'v83');
    const refused = run(wrong, work.place('none'));
    await expect(refused).rejects.toThrow(/refuses this user or password/);
    await expect(refused).rejects.not.toThrow(/hunter2/);
    const nobody = postgresSchema(urlOf({ ...reader, port: 1 }, database), 'v83');
    await expect(run(nobody, work.place('none'))).rejects.toThrow(/cannot be reached/);
  });
});
