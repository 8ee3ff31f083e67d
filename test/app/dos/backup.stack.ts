import { createHash, randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { type BackupPlace, latestBackup, newestPlace, openBackupPlace } from '../../../src/app/backup/place.ts';
import { systemClock } from '../../../src/app/clock.ts';
import { loadConfig } from '../../../src/app/config.ts';
import { exportFhir, exportTables, restoreTables } from '../../../src/app/dos/backup.ts';
import { type DynamoDbPlace, dynamoDbPlace } from '../../../src/app/dynamodb.ts';
import type { DynamoDbTarget } from '../../../src/core/index.ts';
import { TABLE_TARGETS } from '../../../src/migrations/dos/index.ts';
import { createTableDump, createTables } from '../../../src/sinks/dynamodb/index.ts';
import { bloodPressure, chemist, endpoint, enhancedAccess, LOOKUPS, practice } from '../../migrations/dos/rows.ts';
import { ServedDirectory } from '../../migrations/dos/served-directory.ts';
import { standBetween } from '../../support/dynamodb-between.ts';
import { dropTables, dynamoDbAt } from '../../support/dynamodb-items.ts';
import { askOracle } from '../../support/fhir-oracle/index.ts';
import { s3Server } from '../../support/s3-server.ts';

const TARGETS: readonly DynamoDbTarget[] = Object.values(TABLE_TARGETS);
const run = randomUUID().slice(0, 8);
const keys = { AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' };
const configOf = (workspace: string, more = {}) =>
  loadConfig(inject('stack'), { ...keys, SLUICE_WORKSPACE: `${run}-${workspace}`, ...more });

/** Tables of their own for a test. */
const places: DynamoDbPlace[] = [];

async function tables(workspace: string): Promise<DynamoDbPlace> {
  const place = dynamoDbPlace(configOf(workspace), 'dos');
  await createTables({ ...place, targets: TARGETS });
  places.push(place);
  return place;
}

async function contents(place: DynamoDbPlace): Promise<Record<string, readonly string[]>> {
  const direct = dynamoDbAt(place.url);
  const all = await Promise.all(
    TARGETS.map(async (target) => {
      const items = await direct.scan(place.tableName(target));
      return [target.table, items.map((item) => JSON.stringify(Object.entries(item).sort())).sort()] as const;
    }),
  );
  return Object.fromEntries(all);
}

let source: DynamoDbPlace;
let folder: string;
let backup: BackupPlace;
const quiet = () => undefined;
const exportOf = (place: DynamoDbPlace, to: BackupPlace) => ({
  dump: createTableDump(place),
  place: to,
  environment: 'local',
  workspace: undefined,
  now: () => '2026-01-01T00:00:00.000Z',
  tell: quiet,
});
const restoreOf = (place: DynamoDbPlace, from = backup, nonEmpty: 'skip' | 'replace' = 'skip') => ({
  dump: createTableDump(place),
  place: from,
  nonEmpty,
  tell: quiet,
});
const inFolder = (name: string): BackupPlace => openBackupPlace(configOf('x'), join(folder, name));

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-backup-'));
  source = await tables('source');
  const directory = new ServedDirectory(source);
  directory.load(LOOKUPS);
  const services = [practice(1), enhancedAccess(2), chemist(3), bloodPressure(4)];
  directory.load({
    services: [...services, ...Array.from({ length: 40 }, (_, n) => practice(10 + n))],
    serviceendpoints: [endpoint(1, 1), endpoint(2, 1, { transport: 'email', address: 'inbox@example.nhs.uk' })],
    servicedayopenings: [{ id: 1, serviceid: 1, dayid: 1 }],
    servicedayopeningtimes: [{ id: 1, servicedayopeningid: 1, starttime: '08:00:00', endtime: '18:30:00' }],
  });
  for (const id of [1, 2, 3, 4, ...Array.from({ length: 40 }, (_, n) => 10 + n)])
    await directory.sync(id, '2026-03-13T09:00:00.123456Z');
  await directory.syncTriage('2026-03-13T09:00:00.123456Z');
  backup = inFolder('backup');
  await exportTables(exportOf(source, backup));
});
afterAll(async () => {
  for (const place of places) await dropTables(place);
  await rm(folder, { recursive: true, force: true });
});

describe('a backup', () => {
  test('holds every item of every table, and gives them back as they were', async () => {
    const place = await tables('copy');
    const restored = await restoreTables(restoreOf(place));
    expect(restored.every(({ state, failed }) => state === 'restored' && failed === 0)).toBe(true);
    expect(await contents(place)).toEqual(await contents(source));
    expect(Object.values(await contents(place)).every((items) => items.length > 0)).toBe(true);
  });

  test('leaves a table that holds something, or empties it first, as told', async () => {
    const place = await tables('other');
    const [organisation] = [TABLE_TARGETS.organisation];
    const foreign = { id: { S: 'foreign' }, field: { S: 'document' } };
    await createTableDump(place).load(organisation, [foreign]);
    const skipped = await restoreTables(restoreOf(place));
    expect(skipped.filter(({ state }) => state === 'skipped').map(({ table }) => table)).toEqual(['organisation']);
    expect((await contents(place)).organisation).toHaveLength(1);
    const replaced = await restoreTables(restoreOf(place, backup, 'replace'));
    expect(new Set(replaced.map(({ state }) => state))).toEqual(new Set(['replaced']));
    expect(await contents(place)).toEqual(await contents(source));
  });

  test('is not written over another one', async () => {
    await expect(exportTables(exportOf(source, backup))).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });

  test('goes on when the server asks for less', async () => {
    const place = await tables('slow');
    let asked = 0;
    const between = await standBetween(place.url, async (operation, pass) => {
      asked += 1;
      if (operation === 'BatchWriteItem' && asked % 3 === 0)
        return Response.json({ __type: 'x#ProvisionedThroughputExceededException' }, { status: 400 });
      return pass();
    });
    const restored = await restoreTables(restoreOf({ ...place, url: between.url }));
    await between.close();
    expect(restored.every(({ failed }) => failed === 0)).toBe(true);
    expect(await contents(place)).toEqual(await contents(source));
  });

  test('writes again what the server left unprocessed', async () => {
    const place = await tables('left');
    let left = 0;
    const between = await standBetween(place.url, async (operation, pass, body) => {
      if (operation !== 'BatchWriteItem' || left >= 5) return pass();
      left += 1;
      return Response.json({ UnprocessedItems: JSON.parse(String(body)).RequestItems });
    });
    await restoreTables(restoreOf({ ...place, url: between.url }));
    await between.close();
    expect(left).toBe(5);
    expect(await contents(place)).toEqual(await contents(source));
  });
});

describe('a damaged backup', () => {
  const part = 'organisation/part-00001.jsonl.gz';
  /** A copy of the backup in which one file is another. */
  async function damaged(name: string, file: string, change: (bytes: Buffer) => Uint8Array | null) {
    const place = inFolder(name);
    const manifest = JSON.parse((await readFile(join(folder, 'backup/manifest.json'))).toString());
    const names = manifest.tables.flatMap(({ parts }: { parts: { name: string }[] }) => parts.map((one) => one.name));
    for (const one of [...names, 'manifest.json']) {
      const bytes = await readFile(join(folder, 'backup', one));
      const put = one === file ? change(bytes) : bytes;
      if (put) await place.put(one, put);
    }
    return place;
  }

  test.each([
    ['bit', part, (bytes: Buffer) => bytes.fill(bytes[40] === 0 ? 1 : 0, 40, 41)],
    ['short', part, (bytes: Buffer) => bytes.subarray(0, -5)],
    ['other', part, () => gzipSync('{"Item":{}}\n')],
    ['missing', part, () => null],
    ['unfinished', 'manifest.json', () => null],
    ['scribbled', 'manifest.json', () => Buffer.from('{"version":1}')],
    ['no JSON', 'manifest.json', (bytes: Buffer) => bytes.subarray(0, 30)],
  ])('is refused whole: %s', async (name, file, change) => {
    const place = await tables('empty');
    const from = await damaged(name, file, change);
    await expect(restoreTables(restoreOf(place, from))).rejects.toMatchObject({ code: 'BACKUP_DAMAGED' });
    expect(Object.values(await contents(place)).flat()).toEqual([]);
  });

  test('counts an item the server refuses, and writes the others', async () => {
    const place = await tables('refusing');
    const text = gunzipSync(await readFile(join(folder, 'backup', part))).toString();
    const bytes = gzipSync(text.replace(/"id":\{"S":"[^"]+"\}/, '"id":{"N":"1"}'));
    const from = await damaged('refused', part, () => bytes);
    const path = join(folder, 'refused/manifest.json');
    const manifest = JSON.parse(await readFile(path, 'utf8'));
    const entry = manifest.tables[0].parts[0];
    Object.assign(entry, { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') });
    await writeFile(path, JSON.stringify(manifest));
    const [organisations] = await restoreTables(restoreOf(place, from));
    expect(organisations).toMatchObject({ table: 'organisation', failed: 1, items: entry.items - 1 });
    expect((await contents(place)).organisation).toHaveLength(entry.items - 1);
  });
});

describe('in S3', () => {
  test('a backup goes and comes back, by its newest export', async () => {
    let refused = 0;
    const server = await s3Server((method) => (method === 'PUT' && refused++ === 1 ? 503 : null));
    const config = configOf('s3', { SLUICE_S3_URL: server.url });
    await expect(latestBackup(config, 'a-bucket')).rejects.toMatchObject({ code: 'BACKUP_DAMAGED' });
    const { place: to, done } = newestPlace(config, 'a-bucket', systemClock.now());
    await exportTables(exportOf(source, to));
    await done();
    const place = await tables('s3');
    await restoreTables(restoreOf(place, await latestBackup(config, 'a-bucket')));
    expect(await contents(place)).toEqual(await contents(source));
    expect([...server.objects.keys()].every((key) => key.startsWith('/a-bucket/exports/'))).toBe(true);
    await server.close();
  });

  test.each([
    ['refused', 403, 'UNAUTHORISED'],
    ['a server that does not answer', 0, 'TARGET_UNAVAILABLE'],
  ])('what stands in the way is told: %s', async (_what, status, code) => {
    const server = await s3Server(() => status);
    const place = openBackupPlace(configOf('s3', { SLUICE_S3_URL: server.url }), 's3://a-bucket/x');
    await expect(place.get('manifest.json')).rejects.toMatchObject({ code });
    await server.close();
  });

  test('keys that are missing are told of by name', async () => {
    const config = loadConfig(inject('stack'), { SLUICE_S3_URL: 'http://127.0.0.1:1' });
    await expect(openBackupPlace(config, 's3://a-bucket').get('x')).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    expect(() => openBackupPlace(config, 'http://a-bucket')).toThrow('s3://bucket/prefix');
  });
});

describe('as FHIR', () => {
  test('each service is there with resources that the independent validator passes', async () => {
    const to = inFolder('fhir');
    const { tables: made } = await exportFhir(exportOf(source, to));
    const names = made.map(({ name }) => name).sort();
    expect(names).toEqual(['Endpoint', 'HealthcareService', 'Location', 'Organization']);
    const texts = await Promise.all(
      made.flatMap(({ parts }) => parts).map(async ({ name }) => gunzipSync((await to.get(name)) ?? '').toString()),
    );
    const resources = texts.flatMap((text) => text.trim().split('\n'));
    expect(resources).toHaveLength(made.reduce((sum, { items }) => sum + items, 0));
    const judged = await askOracle(resources, null);
    expect(judged.filter((faults) => faults.length > 0)).toEqual([]);
    expect(judged).toHaveLength(resources.length);
    await expect(restoreTables(restoreOf(source, to))).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  }, 240_000);
});
