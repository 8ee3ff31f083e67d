import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { loadConfig } from '../../../src/app/config.ts';
import { dynamoDbPlace, dynamoDbTables } from '../../../src/app/dynamodb.ts';
import type { JsonObject } from '../../../src/core/index.ts';
import { type DosSourceDatabase, dosSource } from '../../support/dos-source.ts';
import { dropTables, openItems } from '../../support/dynamodb-items.ts';

const SERVICES = 60;
const run = randomUUID().slice(0, 8);
const TOPIC = `dms_${run}`;
const DEAD = `dlq.dms_${run}`;
const variables = () => ({
  SLUICE_WORKSPACE: `q-${run}`,
  SLUICE_DYNAMODB_URL: inject('stack').dynamodb,
  SLUICE_KAFKA_BROKERS: inject('stack').kafka.join(),
  AWS_ACCESS_KEY_ID: 'local',
  AWS_SECRET_ACCESS_KEY: 'local',
});
const config = () => loadConfig(inject('stack'), variables());
let database: DosSourceDatabase;

beforeAll(async () => {
  database = await dosSource(inject('stack').postgres, SERVICES);
  await dynamoDbTables(config(), 'dos').create();
});
afterAll(async () => {
  await dropTables(dynamoDbPlace(config(), 'dos'));
  await database.close();
});

/** The commands themselves, as they are called. */
async function sluice(...words: string[]) {
  const args = ['bin/sluice.js', 'dos', ...words, '--db-uri', database.url];
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...variables() },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { out: '', err: '' };
  child.stdout.on('data', (text) => (said.out += String(text)));
  child.stderr.on('data', (text) => (said.err += String(text)));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  const lines = (text: string): JsonObject[] =>
    text.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as JsonObject] : []));
  return { code, ...said, outLines: lines(said.out), errLines: lines(said.err) };
}

const kafka = () => new Kafka({ brokers: [...inject('stack').kafka], logLevel: logLevel.NOTHING });

async function valuesOf(topic: string, count: number): Promise<readonly JsonObject[]> {
  const consumer = kafka().consumer({ groupId: `look_${randomUUID()}` });
  const found: JsonObject[] = [];
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await new Promise<void>((resolve) => {
    void consumer.run({
      eachMessage: async ({ message }) => {
        found.push({ key: String(message.key), ...(JSON.parse(String(message.value)) as JsonObject) });
        if (found.length >= count) resolve();
      },
    });
  });
  await consumer.disconnect();
  return found;
}

async function send(values: readonly string[]): Promise<void> {
  const producer = kafka().producer();
  await producer.connect();
  await producer.send({ topic: TOPIC, messages: values.map((value) => ({ value })) });
  await producer.disconnect();
}

async function idsOf(where: string): Promise<readonly number[]> {
  const found = await database.query(`select id from pathwaysdos.services where ${where} order by id`);
  return (found.rows as { id: number }[]).map(({ id }) => id);
}

describe('a queue of Kafka', () => {
  test('that is not there is told of at once, and made when asked for', async () => {
    const refused = await sluice('populate-queue', '--topic', TOPIC);
    expect([refused.code, refused.err]).toEqual([2, expect.stringContaining('there is no such topic')]);
    const made = await sluice('populate-queue', '--topic', TOPIC, '--create-topic', '--type-id', '100', '--json');
    expect(made.code).toBe(0);
    const ids = await idsOf('typeid = 100');
    expect(JSON.parse(made.out)).toEqual({ wanted: ids.length, sent: ids.length, failed: [] });
    const messages = await valuesOf(TOPIC, ids.length);
    expect(messages.map(({ key }) => Number(key)).sort((x, y) => x - y)).toEqual(ids);
    const [one] = messages;
    const id = Number(one?.key);
    const event = { type: 'dms_event', record_id: id, service_id: id, table_name: 'services', method: 'insert' };
    expect(one).toMatchObject(event);
  }, 60_000);

  test('is filled by type and status, and what reads it brings those services over', async () => {
    const filled = await sluice('populate-queue', '--topic', TOPIC, '--type-id', '13', '134', '--status-id', '1');
    const wanted = await idsOf('typeid in (13, 134) and statusid = 1');
    expect([filled.code, filled.out]).toEqual([
      0,
      expect.stringContaining(`${wanted.length} of ${wanted.length} messages`),
    ]);
    expect(filled.err).not.toContain(inject('stack').postgres.password.concat('@'));
    expect(filled.errLines.map(({ code }) => code)).toEqual(['DM_QP_000', 'DM_QP_001', 'DM_QP_999']);
    await send([
      'not JSON',
      JSON.stringify({ type: 'dms_event', record_id: 999_999_999, table_name: 'services', method: 'insert' }),
      JSON.stringify({ type: 'dms_event', record_id: 1, table_name: 'nowhere', method: 'insert' }),
      JSON.stringify({ type: 'dms_event', record_id: 1, table_name: 'services', method: 'truncate' }),
    ]);
    const read = await sluice('events', '--topic', TOPIC, '--group', `g_${run}`, '--dead-letters', DEAD, '--once');
    const told = read.outLines.map(({ code }) => code);
    const practices = await idsOf('typeid = 100');
    const summary = `${wanted.length + practices.length + 4} messages, 2 failed: 1 not understood, 1 of services that are not there`;
    expect([read.code, read.err.trim()]).toEqual([0, summary]);
    expect(told.filter((code) => code === 'DM_ETL_001')).toHaveLength(wanted.length + practices.length);
    for (const code of ['DM_ETL_009', 'DM_ETL_010', 'DM_ETL_011'])
      expect(told.filter((one) => one === code)).toHaveLength(1);
    expect(new Set(read.outLines.map(({ run_id }) => run_id)).size).toBe(1);
    const items = openItems(config());
    const states = (await items.all('data-migration-state')).map(({ source_record_id: id }) =>
      Number(String(id).replace('services#', '')),
    );
    const inserted = read.outLines.filter(({ code }) => code === 'DM_ETL_035').map(({ record_id: id }) => Number(id));
    expect(states.sort((x, y) => x - y)).toEqual(inserted.sort((x, y) => x - y));
    expect(states.length).toBeGreaterThan(SERVICES / 4);
    const dead = kafka().admin();
    await dead.connect();
    expect((await dead.fetchTopicOffsets(DEAD)).reduce((sum, { high }) => sum + Number(high), 0)).toBe(2);
    await dead.disconnect();
    const again = await sluice('events', '--topic', TOPIC, '--group', `g_${run}`, '--dead-letters', DEAD, '--once');
    expect([again.code, again.outLines]).toEqual([0, []]);
  }, 120_000);
});
