import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { isoNow } from '../../../src/app/clock.ts';
import { loadConfig } from '../../../src/app/config.ts';
import { openDynamoDbItems } from '../../../src/app/dos/dynamodb-items.ts';
import { FileItems } from '../../../src/app/dos/file-items.ts';
import { MemoryItems } from '../../../src/app/dos/items.ts';
import { type FullSync, syncAll, syncOneService } from '../../../src/app/dos/migrate.ts';
import { readReports } from '../../../src/app/dos/run-report.ts';
import { readDosSource } from '../../../src/app/dos/source-rows.ts';
import { type DynamoDbPlace, dynamoDbPlace } from '../../../src/app/dynamodb.ts';
import { canonicalJson, type JsonObject } from '../../../src/core/index.ts';
import { DEFAULTS, TABLE_TARGETS } from '../../../src/migrations/dos/index.ts';
import { createTables } from '../../../src/sinks/dynamodb/index.ts';
import { openSourceReader, type SourceReader } from '../../../src/source/index.ts';
import { Stream } from '../../migrations/dos/flows.ts';
import { linesOf } from '../../migrations/dos/vector-cases.ts';
import { comparable } from '../../migrations/dos/vectors.ts';
import { type DosSourceDatabase, dosSource } from '../../support/dos-source.ts';
import { standBetween } from '../../support/dynamodb-between.ts';
import { dropTables, dynamoDbAt, plainOf } from '../../support/dynamodb-items.ts';

const SERVICES = 50;
const run = randomUUID().slice(0, 8);
const TARGETS = Object.values(TABLE_TARGETS);
let database: DosSourceDatabase;
let reader: SourceReader;
let folder: string;
const places: DynamoDbPlace[] = [];

beforeAll(async () => {
  database = await dosSource(inject('stack').postgres, SERVICES);
  reader = openSourceReader(database.url, 3);
  folder = await mkdtemp(join(tmpdir(), 'sluice-migrate-'));
});
afterAll(async () => {
  for (const place of places) await dropTables(place);
  await reader.close();
  await database.close();
  await rm(folder, { recursive: true, force: true });
});

async function tables(workspace: string): Promise<DynamoDbPlace> {
  const place = dynamoDbPlace(loadConfig(inject('stack'), { SLUICE_WORKSPACE: `${run}-${workspace}` }), 'dos');
  await createTables({ ...place, targets: TARGETS });
  places.push(place);
  return place;
}

const into = (store: FullSync['sync']['store'], more: Partial<FullSync> = {}): FullSync => ({
  source: readDosSource(reader),
  sync: { config: DEFAULTS, store, now: isoNow, parallel: 8, ...(more.signal ? { signal: more.signal } : {}) },
  tell: () => undefined,
  onProgress: () => undefined,
  ...more,
});

const AUDIT = new Set([
  'created',
  'createdBy',
  'lastUpdated',
  'lastUpdatedBy',
  'version',
  'validation_issues',
  'field',
]);

/** What an item says, whenever and in however many steps it was written. */
function said(value: JsonObject): JsonObject {
  const members = Object.entries(value).filter(([name, member]) => !AUDIT.has(name) && member !== null);
  const inner = members.map(([name, member]) => [
    name,
    typeof member === 'object' && !Array.isArray(member) ? said(member as JsonObject) : member,
  ]);
  return Object.fromEntries(inner);
}

const TOLD = TARGETS.filter(({ name }) => name !== TABLE_TARGETS.versionHistory.name);
const formOf = (item: JsonObject): string => canonicalJson(comparable(said(item), false));

async function contents(place: DynamoDbPlace): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const target of TOLD)
    for (const item of (await dynamoDbAt(place.url).scan(place.tableName(target))).map(plainOf)) {
      const key = target.key.map((name) => item[name] ?? null);
      found.set(`${target.name} ${key.length === 1 ? key[0] : JSON.stringify(key)}`, formOf(item));
    }
  return found;
}

/** What the stream makes of the same rows. */
async function streamed(): Promise<ReadonlyMap<string, string>> {
  const stream = new Stream().load(await database.rows());
  const found = new Map<string, string>();
  for (const { name } of TOLD)
    for (const [id, { content }] of stream.model.documents().get(name) ?? [])
      found.set(`${name} ${id}`, formOf(content));
  return found;
}

/** What is rejected wherever it goes to. */
const rejectedAnyway = async () => (await syncAll(into(new MemoryItems()))).rejections;

/** Keys of what is in one of two and not, or otherwise, in the other. */
const differing = (x: ReadonlyMap<string, string>, y: ReadonlyMap<string, string>): readonly string[] =>
  [...new Set([...x.keys(), ...y.keys()])].filter((name) => x.get(name) !== y.get(name));

/** An active practice with endpoints. */
async function practice(): Promise<number> {
  const found = await database.query(
    `select s.id from pathwaysdos.services s join pathwaysdos.serviceendpoints e on e.serviceid = s.id
     where s.typeid = 100 and s.statusid = 1 order by s.id limit 1`,
  );
  return Number((found.rows[0] as { id: number }).id);
}

const history = (place: DynamoDbPlace) => dynamoDbAt(place.url).scan(place.tableName(TABLE_TARGETS.versionHistory));

describe('a full sync', () => {
  let place: DynamoDbPlace;
  beforeAll(async () => {
    place = await tables('whole');
  });

  test('gives for each service what the stream gives, and writes nothing to the source', async () => {
    const before = await database.writes();
    const done = await syncAll(into(openDynamoDbItems(place)));
    expect(done.services.total).toBe(SERVICES);
    expect(done.services.inserted).toBeGreaterThan(SERVICES / 2);
    expect(done).toMatchObject({ stopped: false, triage: { errors: expect.any(Number) } });
    expect(differing(await contents(place), await streamed())).toEqual([]);
    expect(await database.writes()).toBe(before);
    const documents = [...(await contents(place)).keys()].filter((name) =>
      /organisation|location|healthcare/.test(name),
    );
    expect(await history(place)).toHaveLength(documents.length);
  });

  test('run again writes nothing', async () => {
    const before = await contents(place);
    const { length } = await history(place);
    const again = await syncAll(into(openDynamoDbItems(place)));
    expect(again.services).toMatchObject({ inserted: 0, updated: 0 });
    expect(again.triage).toMatchObject({ inserted: 0, updated: 0 });
    expect(differing(await contents(place), before)).toEqual([]);
    expect(await history(place)).toHaveLength(length);
  });

  test('brings over what changed meanwhile, and one service alone when it is named', async () => {
    await database.query("update pathwaysdos.services set web = 'https://changed.example/' where id in (3, 4)");
    const [one, both] = [
      await syncOneService(into(openDynamoDbItems(place)), 3),
      await syncAll(into(openDynamoDbItems(place))),
    ];
    expect(one.services.total).toBe(1);
    expect(one.services.updated + both.services.updated).toBeGreaterThan(0);
    expect(differing(await contents(place), await streamed())).toEqual([]);
    await expect(syncOneService(into(openDynamoDbItems(place)), 999_999)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    });
  });

  test('leaves a service to the stream that has written it', async () => {
    const direct = dynamoDbAt(place.url);
    const TableName = place.tableName(TABLE_TARGETS.state);
    const [state] = await direct.scan(TableName);
    const Key = { source_record_id: state?.source_record_id };
    const id = Number(String(plainOf(state ?? {}).source_record_id).replace('services#', ''));
    await direct.call('UpdateItem', {
      TableName,
      Key,
      UpdateExpression: 'SET sluice_revision = :r',
      ExpressionAttributeValues: { ':r': { N: '4' } },
    });
    await database.query("update pathwaysdos.services set web = 'https://streamed.example/' where id = $1", [id]);
    const { length } = await history(place);
    expect(await syncOneService(into(openDynamoDbItems(place)), id)).toMatchObject({
      streamed: 1,
      services: { updated: 0 },
    });
    expect(await history(place)).toHaveLength(length);
  });
});

test('who has read the rows earlier never writes over what was made of later ones', async () => {
  const place = await tables('late');
  await syncAll(into(openDynamoDbItems(place)));
  const id = await practice();
  const web = (text: string) => database.query('update pathwaysdos.services set web = $2 where id = $1', [id, text]);
  await web('https://earlier.example/');
  const store = openDynamoDbItems(place);
  let isFirst = true;
  const overtaken = {
    ...store,
    read: async (...keys: Parameters<typeof store.read>) => {
      if (isFirst) {
        isFirst = false;
        // after the first has read its rows, and before it looks at the items
        await web('https://later.example/');
        await syncOneService(into(openDynamoDbItems(place)), id);
      }
      return store.read(...keys);
    },
  };
  const done = await syncOneService(into(overtaken), id);
  expect(isFirst).toBe(false);
  expect(done.services).toMatchObject({ total: 1, updated: 0, errors: 0 });
  expect(differing(await contents(place), await streamed())).toEqual([]);
});

test('two full syncs at once come to the same tables, and tell of each write once', async () => {
  const place = await tables('twice');
  await Promise.all([syncAll(into(openDynamoDbItems(place))), syncAll(into(openDynamoDbItems(place)))]);
  expect(differing(await contents(place), await streamed())).toEqual([]);
  const states = (await dynamoDbAt(place.url).scan(place.tableName(TABLE_TARGETS.state))).map(plainOf);
  expect(states.every(({ version }) => version === 1)).toBe(true);
});

/** The command itself, as a process that can be killed. */
function command(workspace: string, ...more: string[]) {
  const { dynamodb } = inject('stack');
  const env = {
    ...process.env,
    SLUICE_DYNAMODB_URL: dynamodb,
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    SLUICE_WORKSPACE: `${run}-${workspace}`,
  };
  const runs = ['--runs-dir', join(folder, 'runs')];
  const args = ['bin/sluice.js', 'dos', 'migrate', '--db-uri', database.url, ...runs, ...more];
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += String(text)));
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  return { child, ended, said: () => said };
}

describe('throttled', () => {
  const isWrite = (operation: string): boolean => /^(TransactWriteItems|PutItem)$/.test(operation);
  const refusal = (type: string, more: object = {}) =>
    Response.json({ __type: `com.amazonaws.dynamodb.v20120810#${type}`, ...more }, { status: 400 });

  test('it waits and comes to the same tables, and tells of each write once', async () => {
    const place = await tables('throttled');
    const whole = await streamed();
    const asked = { reads: 0, writes: 0 };
    const between = await standBetween(place.url, async (operation, pass, body) => {
      if (operation === 'BatchGetItem')
        return asked.reads++ % 3 === 0 ? refusal('ProvisionedThroughputExceededException') : pass();
      if (!isWrite(operation) || asked.writes++ % 4 !== 0) return pass();
      const items = (JSON.parse(String(body)) as { TransactItems?: unknown[] }).TransactItems ?? [];
      const reasons = items.map((_, place) => ({ Code: place === 0 ? 'ThrottlingError' : 'None' }));
      return items.length === 0
        ? refusal('ProvisionedThroughputExceededException')
        : refusal('TransactionCanceledException', { CancellationReasons: reasons });
    });
    const done = await syncAll(into(openDynamoDbItems({ ...place, url: between.url })));
    await between.close();
    expect(done).toMatchObject({ stopped: false, services: { total: SERVICES } });
    expect(done.rejections).toEqual(await rejectedAnyway());
    expect(asked.writes).toBeGreaterThan(10);
    // each refusal is counted: every third reading, every fourth write
    const throttled = Math.ceil(asked.reads / 3) + Math.ceil(asked.writes / 4);
    expect(done.setbacks).toMatchObject({ throttled, unanswered: 0 });
    expect(differing(await contents(place), whole)).toEqual([]);
    const made = [...whole.keys()].filter((name) => /organisation|location|healthcare/.test(name));
    expect(await history(place)).toHaveLength(made.length);
  });

  test('for good, it ends with TARGET_BUSY, leaves services whole, and goes on when run again', async () => {
    const place = await tables('busy');
    let writes = 0;
    const between = await standBetween(place.url, async (operation, pass) =>
      isWrite(operation) && writes++ >= 10 ? refusal('ThrottlingException') : pass(),
    );
    // the waits are as long as they are: nobody needs them here
    const hasty = { now: () => Date.now(), sleep: async () => undefined };
    const sync = syncAll(into(openDynamoDbItems({ ...place, url: between.url, clock: hasty })));
    await expect(sync).rejects.toMatchObject({ code: 'TARGET_BUSY' });
    await between.close();
    const whole = await streamed();
    const half = await contents(place);
    expect(half.size).toBeGreaterThan(0);
    const stated = (found: typeof whole) => [...found.keys()].filter((name) => /state/.test(name));
    expect(stated(half).length).toBeLessThan(stated(whole).length);
    // every item that is there is as it is to be, and whole services are missing, or none of one
    for (const [name, form] of half) expect(whole.get(name)).toBe(form);
    const counted = await history(place);
    expect(counted).toHaveLength(
      [...half.keys()].filter((name) => /organisation|location|healthcare/.test(name)).length,
    );
    expect((await syncAll(into(openDynamoDbItems(place)))).rejections).toEqual(await rejectedAnyway());
    expect(differing(await contents(place), whole)).toEqual([]);
  });
});

describe('contested', () => {
  test('by one who was first, or is there at the same moment: each is counted, and the tables are the same', async () => {
    const place = await tables('contested');
    const direct = dynamoDbAt(place.url);
    const met = { first: 0, atOnce: 0 };
    let writes = 0;
    const between = await standBetween(place.url, async (operation, pass, body) => {
      if (operation !== 'TransactWriteItems') return pass();
      writes += 1;
      const { ClientRequestToken: _, ...theirs } = JSON.parse(String(body)) as { TransactItems: object[] } & JsonObject;
      if (writes % 5 === 0) {
        met.atOnce += 1;
        const CancellationReasons = theirs.TransactItems.map(() => ({ Code: 'TransactionConflict' }));
        return Response.json({ __type: 'x#TransactionCanceledException', CancellationReasons }, { status: 400 });
      }
      if (writes % 7 === 0) {
        met.first += 1;
        await direct.call('TransactWriteItems', theirs);
      }
      return pass();
    });
    const done = await syncAll(into(openDynamoDbItems({ ...place, url: between.url })));
    await between.close();
    expect(Math.min(met.first, met.atOnce)).toBeGreaterThan(3);
    expect(done.setbacks).toEqual({ throttled: 0, contested: met.first + met.atOnce, unanswered: 0 });
    expect(done.rejections).toEqual(await rejectedAnyway());
    const whole = await streamed();
    expect(differing(await contents(place), whole)).toEqual([]);
    const made = [...whole.keys()].filter((name) => /organisation|location|healthcare/.test(name));
    expect(await history(place)).toHaveLength(made.length);
  });
});

describe('an item that DynamoDB can never hold', () => {
  const told: { readonly code: string; readonly record: number | string | undefined }[] = [];
  const tell: FullSync['tell'] = ({ code }, record) => void told.push({ code, record });
  const HUGE = 'x'.repeat(420_000);

  const comment = (id: number, text: string) =>
    database.query(
      'update pathwaysdos.serviceendpoints set comment = $2 where id = (select min(id) from pathwaysdos.serviceendpoints where serviceid = $1)',
      [id, text],
    );

  test('is named and counted, nothing of its service is written, and the others go on', async () => {
    const place = await tables('huge');
    const id = await practice();
    const anyway = await rejectedAnyway();
    await comment(id, HUGE);
    const whole = await streamed();
    const done = await syncAll(into(openDynamoDbItems(place), { tell }));
    expect(done.services.total).toBe(SERVICES);
    expect(done.rejections).toEqual({ ...anyway, ddb_validation: 1 });
    expect(told.filter(({ record }) => record === id).map(({ code }) => code)).toEqual(
      expect.arrayContaining(['DM_ETL_041', 'DM_ETL_008']),
    );
    const there = await contents(place);
    const missing = differing(there, whole);
    expect(missing.every((name) => !there.has(name))).toBe(true);
    expect(missing.length).toBe(4);
    expect(JSON.stringify((await history(place)).map(plainOf))).not.toContain(HUGE);

    await comment(id, 'short');
    const mended = await syncAll(into(openDynamoDbItems(place)));
    expect(mended.services.inserted).toBe(1);
    expect(mended.rejections).toEqual(anyway);
    const before = await contents(place);
    expect(differing(before, await streamed())).toEqual([]);

    await comment(id, HUGE);
    expect(await syncOneService(into(openDynamoDbItems(place)), id)).toMatchObject({
      rejections: { ddb_validation: 1 },
    });
    expect(differing(await contents(place), before)).toEqual([]);
    await comment(id, 'short');
  });

  test('among the codes of triage, it is counted and told of, and the others go on', async () => {
    const place = await tables('huge-code');
    const rows = await database.rows();
    const [group] = rows.symptomgroups ?? [];
    const grown = (rows.symptomgroups ?? []).map((row) => (row === group ? { ...row, name: HUGE } : row));
    const source = { ...readDosSource(reader), triage: async () => ({ ...rows, symptomgroups: grown }) };
    told.length = 0;
    const done = await syncAll({ ...into(openDynamoDbItems(place), { tell }), source });
    const usual = await syncAll(into(new MemoryItems()));
    expect(done.triage?.errors).toBe((usual.triage?.errors ?? 0) + 1);
    expect(told).toContainEqual({ code: 'DM_ETL_041', record: String(group?.id) });
    expect((await contents(place)).size).toBe((await streamed()).size - 1);
  });
});

describe('killed half-way', () => {
  test('and run again, it leaves the tables of an undisturbed run', async () => {
    const place = await tables('killed');
    const states = async () => (await dynamoDbAt(place.url).scan(place.tableName(TABLE_TARGETS.state))).length;
    const first = command('killed');
    while ((await states()) < 8 && first.child.exitCode === null)
      await new Promise((resolve) => setTimeout(resolve, 20));
    first.child.kill('SIGKILL');
    await first.ended;
    const whole = await streamed();
    expect((await contents(place)).size).toBeLessThan(whole.size);
    const second = command('killed');
    expect([await second.ended, second.said()]).toEqual([0, expect.stringContaining('as they were')]);
    expect(second.said()).not.toContain(inject('stack').postgres.password.concat('@'));
    const at = { environment: 'local', workspace: `${run}-killed`, target: 'dynamodb' } as const;
    const [finished, killed] = readReports(join(folder, 'runs'), at);
    expect([finished?.state, killed?.state]).toEqual(['done', 'running']);
    expect(finished).toMatchObject({ metrics: { total: SERVICES }, record_p95_seconds: expect.any(Number) });
    expect(differing(await contents(place), whole)).toEqual([]);
    const made = [...whole.keys()].filter((name) => /organisation|location|healthcare/.test(name));
    expect(await history(place)).toHaveLength(made.length);
  });

  test('and run again into files, it goes on after the last whole page', async () => {
    const [undisturbed, killed] = [join(folder, 'undisturbed'), join(folder, 'killed')];
    const itemsIn = async (name: string) => {
      const texts = await Promise.all(
        TOLD.map(async ({ table }) => linesOf(await readFile(join(name, `${table}.jsonl`), 'utf8')) as JsonObject[]),
      );
      return texts.map((lines) => lines.map(formOf));
    };
    const store = await FileItems.open(undisturbed);
    await syncAll(into(store, { keep: (after) => store.keep(after) }));
    await store.keep(null, true);
    await store.close();
    await expect(FileItems.open(undisturbed)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    // a run that ends after some pages, with half a page in its files
    const half = await FileItems.open(killed);
    const source = readDosSource(reader);
    let pages = 0;
    const stop = new AbortController();
    const small = { ...source, page: (after: number) => source.page(after, 10) };
    await syncAll({
      ...into(half, { signal: stop.signal }),
      source: small,
      keep: async (after) => {
        await half.keep(after);
        pages += 1;
        if (pages === 2) stop.abort();
      },
    });
    await half.close();
    const again = await FileItems.open(killed);
    expect(again.after).toBe(20);
    const progress: { readonly done: number; readonly of: number }[] = [];
    const onProgress: FullSync['onProgress'] = (at) => void progress.push(at);
    const rest = into(again, { after: again.after, keep: (after) => again.keep(after), onProgress });
    await syncAll({ ...rest, source: small });
    // of those that are left: a run that goes on gets to its end, too
    expect(progress.at(-1)).toMatchObject({ done: SERVICES - 20, of: SERVICES - 20 });
    await again.keep(null, true);
    await again.close();
    const [whole, two] = [await itemsIn(undisturbed), await itemsIn(killed)];
    expect(
      two.map((lines) => [...lines].sort().join('\n')).join() ===
        whole.map((lines) => [...lines].sort().join('\n')).join(),
    ).toBe(true);
    expect(whole.flat().length).toBe((await streamed()).size);
  });
});

describe('what stands in the way is told', () => {
  test.each([
    ['a source that is not there', 'postgres://nobody:secretword@127.0.0.1:1/dos', 'SOURCE_UNAVAILABLE', 1],
    ['a source that is no address', 'localhost/dos', 'CONFIG_INVALID', 2],
    ['a database without the tables', null, 'CONFIG_INVALID', 2],
  ])('%s', async (_what, url, code, exit) => {
    const { postgres } = inject('stack');
    const other = `postgres://${postgres.user}:${postgres.password}@${postgres.host}:${postgres.port}/postgres`;
    const child = command('whole', '--db-uri', url ?? other);
    expect([await child.ended, child.said()]).toEqual([exit, expect.stringContaining(code)]);
    expect(child.said()).not.toContain('secretword');
  });

  test('tables that are missing, and a server that is not there', async () => {
    const config = loadConfig(inject('stack'), { SLUICE_WORKSPACE: 'nowhere' });
    const missing = dynamoDbPlace(config, 'dos');
    await expect(syncAll(into(openDynamoDbItems(missing)))).rejects.toMatchObject({ code: 'TARGET_TABLE_MISSING' });
    const away = { ...missing, url: 'http://127.0.0.1:1' };
    await expect(syncAll(into(openDynamoDbItems(away)))).rejects.toMatchObject({ code: 'TARGET_UNAVAILABLE' });
  });

  test('a service with a row that does not fit, and the others go on', async () => {
    const place = await tables('odd');
    await database.query("update pathwaysdos.services set latitude = 'NaN' where id = 5");
    const done = await syncAll(into(openDynamoDbItems(place)));
    expect(done.rejections).toMatchObject({ row_invalid: 1 });
    expect(done.services.total).toBe(SERVICES);
    await database.query('update pathwaysdos.services set latitude = null where id = 5');
  });
});
