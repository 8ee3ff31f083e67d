import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { type ArchiveContents, readContents } from '../../../src/app/archive/manifest.ts';
import { restoreArchive } from '../../../src/app/archive/restore.ts';
import { verifyArchive } from '../../../src/app/archive/verify.ts';
import { writeArchive } from '../../../src/app/archive/write.ts';
import { type BackupPlace, openBackupPlace } from '../../../src/app/backup/place.ts';
import { loadConfig } from '../../../src/app/config.ts';
import { supabase } from '../../../src/migrations/supabase/index.ts';
import { parseAddress, seedSupabase } from '../../../src/rehearsal/index.ts';
import { openSnapshot } from '../../../src/source/index.ts';
import { asAdmin } from '../../support/pg-copy.ts';
import { s3Server } from '../../support/s3-server.ts';
import { urlOf } from '../../support/service-database.ts';

const run = randomBytes(4).toString('hex');
const { tables } = supabase();
const server = inject('stack').postgres;
const databases: string[] = [];
const quiet = () => undefined;
const now = () => '2026-01-01T00:00:00.000Z';
let folder: string;
let sourceUrl: string;
let source: pg.Client;

async function database(name: string): Promise<string> {
  const full = `archive_${run}_${name}`;
  await asAdmin(server, `create database ${full}`);
  databases.push(full);
  return urlOf(server, full);
}

const placeOf = (name: string): BackupPlace => openBackupPlace(loadConfig(inject('stack'), {}), join(folder, name));

async function archiveTo(place: BackupPlace, slot = true): Promise<ArchiveContents> {
  const snapshot = await openSnapshot(sourceUrl, { slot });
  try {
    return await writeArchive({ migration: 'supabase', tables, snapshot, place, now, tell: quiet });
  } finally {
    await snapshot.close();
  }
}

const faultsOf = async (place: BackupPlace) => (await verifyArchive(place, quiet)).faults;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-archive-'));
  sourceUrl = await database('source');
  await seedSupabase(parseAddress(sourceUrl), { rows: 300, seed: 7n });
  source = new pg.Client(sourceUrl);
  await source.connect();
  // what COPY has to escape, and values at their limits
  await source.query(
    `insert into public.partner_checkins (patient_name, status, arrived_at)
     values (E'tab\\there\\\\ and\\nnew line \\\\N \\\\.', '', 'infinity'), ('\u{1F600} ünï', E'\\r', '0044-03-15 BC')`,
  );
  await source.query(
    `insert into public.partner_payouts (occurred_on, amount, notes) values ('0001-01-01', 9999999999.99, repeat('x', 200000))`,
  );
});

afterAll(async () => {
  await source.end();
  await asAdmin(server, ...databases.map((name) => `drop database ${name} with (force)`));
  await rm(folder, { recursive: true, force: true });
});

describe('an archive', () => {
  test('holds all twelve tables, is proved whole, and comes back byte for byte', async () => {
    const place = placeOf('whole');
    const contents = await archiveTo(place);
    expect(contents.tables).toHaveLength(12);
    expect(contents.position).toMatchObject({ exact: true, systemId: expect.stringMatching(/^\d+$/), timeline: 1 });
    for (const { name, rows } of contents.tables) {
      const counted = await source.query<{ n: number }>(`select count(*)::int as n from ${name}`);
      expect([name, rows]).toEqual([name, counted.rows[0]?.n]);
    }
    expect(await faultsOf(place)).toEqual([]);

    const into = await database('restored');
    const restored = await restoreArchive(place, into, quiet);
    expect(restored.tables.map(({ rows }) => rows)).toEqual(contents.tables.map(({ rows }) => rows));
    expect(restored.leftOut.map(({ what }) => what).sort()).toEqual([
      'action_plans_uploaded_by_fkey',
      'compliance_tasks_resolved_by_fkey',
    ]);
    // the form came back, too: what the source refuses, the copy refuses
    const copy = new pg.Client(into);
    await copy.connect();
    await expect(copy.query(`insert into public.partner_payouts (amount) values (-1)`)).rejects.toThrow(/amount_check/);
    await copy.query(`insert into public.partner_payouts (amount) values (1)`);
    await copy.end();

    await expect(restoreArchive(place, into, quiet)).rejects.toThrow(/not empty: it has/);
  });

  test('is of one moment, and of the position it names', async () => {
    const stopping = { yet: false };
    const writer = new pg.Client(sourceUrl);
    await writer.connect();
    await writer.query('create table if not exists public.committed (n int, lsn pg_lsn)');
    const writing = (async () => {
      for (let n = 0; !stopping.yet; n += 1) {
        await writer.query('begin');
        await writer.query(`insert into public.partner_label_queue (label_code, patient_name, request_type)
          values ('pair-${n}', 'x', 'x')`);
        await writer.query(`insert into public.partner_checkins (patient_name, status) values ('pair-${n}', 'x')`);
        await writer.query('commit');
        // an upper bound of where that commit lies
        await writer.query('insert into public.committed values ($1, pg_current_wal_insert_lsn())', [n]);
      }
    })();
    const place = placeOf('moving');
    await new Promise((resolve) => setTimeout(resolve, 300));
    const contents = await archiveTo(place);
    await new Promise((resolve) => setTimeout(resolve, 300));
    stopping.yet = true;
    await writing;
    await writer.end();
    const into = await database('moved');
    await restoreArchive(place, into, quiet);
    const copy = new pg.Client(into);
    await copy.connect();
    const labels = await copy.query(
      `select label_code as n from partner_label_queue where label_code like 'pair-%' order by 1`,
    );
    const checkins = await copy.query(
      `select patient_name as n from partner_checkins where patient_name like 'pair-%' order by 1`,
    );
    await copy.end();
    expect(labels.rows.length).toBeGreaterThan(0);
    expect(labels.rows).toEqual(checkins.rows);
    const all = await source.query<{ n: number }>(
      `select count(*)::int as n from partner_label_queue where label_code like 'pair-%'`,
    );
    expect(labels.rows.length).toBeLessThan(all.rows[0]?.n ?? 0);
    // all that had committed by then is in it
    const before = await source.query<{ n: number }>('select count(*)::int as n from committed where lsn <= $1', [
      contents.position.lsn,
    ]);
    expect(labels.rows.length).toBeGreaterThanOrEqual(before.rows[0]?.n ?? 0);
    expect(labels.rows.length).toBeLessThanOrEqual((before.rows[0]?.n ?? 0) + 1);
    const slots = await source.query(`select from pg_replication_slots where slot_name like 'sluice_archive_%'`);
    expect(slots.rowCount).toBe(0);
  });

  test('without a slot has a bound for its position', async () => {
    const place = placeOf('bound');
    expect((await archiveTo(place, false)).position).toMatchObject({ exact: false, systemId: null });
    expect(await faultsOf(place)).toEqual([]);
  });

  test('names every part that is missing, cut off or damaged, and nothing is restored from it', async () => {
    const place = placeOf('hurt');
    const contents = await archiveTo(place);
    const part = (table: string): string =>
      contents.tables.find(({ name }) => name === table)?.parts[0]?.name ?? 'there is none';
    const [missing, cut, flipped] = ['public.submissions', 'public.lab_orders', 'public.partner_payouts'].map(part);
    await rm(join(folder, 'hurt', missing ?? ''));
    await truncate(join(folder, 'hurt', cut ?? ''), 100);
    const bytes = await readFile(join(folder, 'hurt', flipped ?? ''));
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
    await writeFile(join(folder, 'hurt', flipped ?? ''), bytes);
    expect((await faultsOf(place)).map(({ where, what }) => [where, what.split(':')[0]])).toEqual(
      contents.tables.flatMap(({ parts }) =>
        parts.flatMap(({ name }) =>
          name === missing
            ? [[name, 'is missing']]
            : name === cut
              ? [[name, 'is cut off']]
              : name === flipped
                ? [[name, 'has another SHA-256 than its manifest says']]
                : [],
        ),
      ),
    );
    const into = await database('untouched');
    await expect(restoreArchive(place, into, quiet)).rejects.toMatchObject({ code: 'BACKUP_DAMAGED' });
    const client = new pg.Client(into);
    await client.connect();
    expect((await client.query(`select from pg_tables where schemaname = 'public'`)).rowCount).toBe(0);
    await client.end();
  });

  test('knows when its manifest was changed, is missing, or never written', async () => {
    const place = placeOf('sealed');
    await archiveTo(place);
    await expect(archiveTo(place)).rejects.toThrow(/holds a backup already/);
    const file = join(folder, 'sealed', 'manifest.json');
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace(/"lsn": "0/, '"lsn": "1'));
    await expect(readContents(place)).rejects.toThrow(/was changed/);
    await writeFile(file, text.slice(0, -20));
    await expect(readContents(place)).rejects.toThrow(/is not what an export writes/);
    await rm(file);
    await expect(readContents(place)).rejects.toThrow(/there is no manifest/);
  });

  test('goes to S3 and back', async () => {
    const s3 = await s3Server();
    try {
      const keys = { AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local', SLUICE_S3_URL: s3.url };
      const place = openBackupPlace(loadConfig(inject('stack'), keys), 's3://archives/one');
      const contents = await archiveTo(place);
      expect(await faultsOf(place)).toEqual([]);
      const restored = await restoreArchive(place, await database('from_s3'), quiet);
      expect(restored.tables.map(({ rows }) => rows)).toEqual(contents.tables.map(({ rows }) => rows));
    } finally {
      await s3.close();
    }
  });
});
