import pg from 'pg';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { type SourceAddress, seedSupabase, trafficSupabase } from '../../src/rehearsal/index.ts';
import { TABLE_NAMES } from '../../src/rehearsal/supabase/rows.ts';

const server = inject('stack').postgres;
const database = `rehearsal_${process.pid}`;
const address: SourceAddress = { ...server, database };
let scratch: pg.Client;

async function asAdmin(sql: string): Promise<void> {
  const admin = new pg.Client({ ...server, database: 'postgres' });
  await admin.connect();
  try {
    await admin.query(sql);
  } finally {
    await admin.end();
  }
}

async function one<T>(sql: string): Promise<T> {
  const answer = await scratch.query<{ value: T }>(sql);
  return (answer.rows[0] as { value: T }).value;
}

const digest = async (): Promise<string[]> => {
  const sums: string[] = [];
  for (const table of TABLE_NAMES)
    sums.push(
      await one(`select count(*) || ' ' || coalesce(sum(hashtextextended(t::text, 0)), 0) as value from ${table} t`),
    );
  return sums;
};

beforeAll(async () => {
  await asAdmin(`create database ${database}`);
  scratch = new pg.Client({ ...address, options: '-c TimeZone=UTC' });
  await scratch.connect();
});

afterAll(async () => {
  await scratch.end();
  await asAdmin(`drop database ${database} with (force)`);
});

test('a seed fills the database, and again changes nothing', async () => {
  const first = await seedSupabase(address, { rows: 2_000, seed: 11n, dirty: 0.1 });
  const before = await digest();
  const second = await seedSupabase(address, { rows: 2_000, seed: 11n, dirty: 0.1 });
  expect(await digest()).toEqual(before);
  for (const { table, made, inserted } of first.tables) {
    expect(inserted, table).toBe(made);
    expect(await one<number>(`select count(*)::int as value from ${table}`), table).toBe(made);
  }
  expect(second.tables.every(({ inserted }) => inserted === 0)).toBe(true);
  expect(first.rows / first.seconds).toBeGreaterThan(5_000);
});

test('another seed fits in beside it', async () => {
  await seedSupabase(address, { rows: 200, seed: 12n });
  expect(await one<number>('select count(*)::int as value from public.submissions')).toBe(2_200);
});

test('whole old rows are logged for all twelve, and long texts are stored out of line', async () => {
  const full =
    "select count(*)::int as value from pg_class where relreplident = 'f' and relnamespace = 'public'::regnamespace";
  expect(await one<number>(full)).toBe(12);
  const large = 'select max(pg_column_size(patient_notes))::int as value from public.submissions';
  expect(await one<number>(large)).toBeGreaterThan(2_000);
});

test('traffic keeps its rate and does all kinds of things', async () => {
  const report = await trafficSupabase(address, { rate: 150, seconds: 5, seed: 1n });
  expect(report.changes).toBeGreaterThan(150 * 5 * 0.9);
  expect(report.changes).toBeLessThan(150 * 5 * 1.1);
  expect(report.seconds).toBeGreaterThan(4.5);
  expect(report.seconds).toBeLessThan(6);
  const kinds = report.kinds.map(({ kind }) => kind);
  expect(kinds.length).toBeGreaterThan(25);
  for (const kind of [
    'submission filed',
    'appointment walks on',
    'order walks on',
    'interleaved transactions',
    'rolled back',
  ])
    expect(kinds).toContain(kind);
});

test('traffic ends at the signal, and a later seed mends what it deleted', async () => {
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 800);
  const report = await trafficSupabase(address, { rate: 100, seed: 2n, signal: stop.signal });
  expect(report.stopped).toBe(true);
  expect(report.seconds).toBeLessThan(3);
  // a server process outlives its connection by a moment
  const sessions = "select count(*)::int as value from pg_stat_activity where application_name = 'sluice rehearsal'";
  await expect.poll(() => one<number>(sessions), { timeout: 5_000 }).toBe(0);
  await seedSupabase(address, { rows: 2_000, seed: 11n, dirty: 0.1 });
});

test('a database with rows no seed made is left alone', async () => {
  const real = `${database}_real`;
  await asAdmin(`create database ${real}`);
  const client = new pg.Client({ ...server, database: real });
  await client.connect();
  try {
    await client.query('create table public.submissions (id uuid primary key default gen_random_uuid())');
    await client.query('insert into public.submissions default values');
    const target = { ...server, database: real };
    await expect(seedSupabase(target, { rows: 1, seed: 1n })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    await expect(trafficSupabase(target, { rate: 1, seconds: 1, seed: 1n })).rejects.toThrow(/rehearsal/);
    expect((await client.query('select from public.submissions')).rowCount).toBe(1);
  } finally {
    await client.end();
    await asAdmin(`drop database ${real}`);
  }
});

test('a database that is not there is named', async () => {
  const nowhere = { ...address, database: 'no_such_database' };
  await expect(seedSupabase(nowhere, { rows: 1, seed: 1n })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  await expect(trafficSupabase({ ...server, database: 'postgres' }, { rate: 1, seed: 1n })).rejects.toThrow(
    /sluice seed/,
  );
});
