import { randomUUID } from 'node:crypto';
import { Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { isoNow } from '../../../src/app/clock.ts';
import { loadConfig } from '../../../src/app/config.ts';
import { openDynamoDbItems } from '../../../src/app/dos/dynamodb-items.ts';
import { type EventMessage, handleEvents } from '../../../src/app/dos/events.ts';
import { listenToSqs } from '../../../src/app/dos/listen.ts';
import { readDosSource } from '../../../src/app/dos/source-rows.ts';
import { dynamoDbPlace } from '../../../src/app/dynamodb.ts';
import { readTopic } from '../../../src/app/event-topic.ts';
import { openSqs } from '../../../src/app/sqs.ts';
import { silentLog } from '../../../src/core/index.ts';
import { DEFAULTS, type Note, TABLE_TARGETS } from '../../../src/migrations/dos/index.ts';
import { createTables } from '../../../src/sinks/dynamodb/index.ts';
import { openSourceReader, type SourceReader } from '../../../src/source/index.ts';
import { type DosSourceDatabase, dosSource } from '../../support/dos-source.ts';
import { dropTables, dynamoDbAt, plainOf } from '../../support/dynamodb-items.ts';
import { sqsServer } from '../../support/sqs-server.ts';

const run = randomUUID().slice(0, 8);
const config = () =>
  loadConfig(inject('stack'), {
    SLUICE_WORKSPACE: `ev-${run}`,
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    SLUICE_DYNAMODB_URL: inject('stack').dynamodb,
  });
let database: DosSourceDatabase;
let reader: SourceReader;
let ids: readonly number[];
const told: Note[] = [];

beforeAll(async () => {
  database = await dosSource(inject('stack').postgres, 40);
  reader = openSourceReader(database.url, 2);
  await createTables({ ...dynamoDbPlace(config(), 'dos'), targets: Object.values(TABLE_TARGETS) });
  const found = await database.query(
    'select id from pathwaysdos.services where typeid = 100 and statusid = 1 order by id',
  );
  ids = (found.rows as { id: number }[]).map(({ id }) => id);
});
afterAll(async () => {
  await dropTables(dynamoDbPlace(config(), 'dos'));
  await reader.close();
  await database.close();
});

const event = (record_id: unknown, more: object = {}) =>
  JSON.stringify({ type: 'dms_event', record_id, table_name: 'services', method: 'update', ...more });

function handle(messages: readonly EventMessage[], source = readDosSource(reader)) {
  const sync = { config: DEFAULTS, store: openDynamoDbItems(dynamoDbPlace(config(), 'dos')), now: isoNow, parallel: 1 };
  return handleEvents({ source, sync, tell: (note) => void told.push(note) }, messages).then(({ failed }) => failed);
}

async function moved(): Promise<readonly number[]> {
  const place = dynamoDbPlace(config(), 'dos');
  const states = (await dynamoDbAt(place.url).scan(place.tableName(TABLE_TARGETS.state))).map(plainOf);
  return states.map(({ source_record_id: id }) => Number(String(id).replace('services#', ''))).sort((x, y) => x - y);
}

describe('messages of SQS', () => {
  test('are done each by itself: those that fail stay, the others are removed', async () => {
    const server = await sqsServer({ hideMs: 600_000 });
    const [one = 0, two = 0, three = 0] = ids;
    const failing = [
      'not JSON',
      event('abc'),
      event(999_999_999),
      event(99_999_999_999),
      '{"source":"aurora_trigger"}',
      'null',
    ];
    const done = [
      event(String(one)),
      event(7, { table_name: 'serviceendpoints', service_id: two, method: 'delete' }),
      JSON.stringify({ source: 'aurora_trigger', event: JSON.parse(event(three, { method: 'INSERT' })) }),
      event(one, { method: 'DELETE' }),
      event(one, { table_name: 'servicedayopenings' }),
      event(one, { table_name: `x'; drop table services; --${'x'.repeat(100_000)}` }),
    ];
    for (const body of [...done, ...failing]) server.put(body);
    const sqs = openSqs(config(), server.url);
    await listenToSqs({ sqs, onMessages: handle, signal: new AbortController().signal, once: true });
    expect(server.held().sort()).toEqual([...failing].sort());
    expect(await moved()).toEqual([one, two, three].sort((x, y) => x - y));
    const codes = told.map(({ code }) => code);
    expect(codes.filter((code) => code === 'DM_ETL_009')).toHaveLength(4);
    expect(codes.filter((code) => code === 'DM_ETL_010')).toHaveLength(1);
    expect(codes.filter((code) => code === 'DM_ETL_011')).toHaveLength(2);
    await server.close();
  });

  test('all come again when the source is away', async () => {
    const server = await sqsServer({ hideMs: 600_000 });
    server.put(event(ids[3]));
    const away = openSourceReader('postgres://nobody:x@127.0.0.1:1/dos');
    const sqs = openSqs(config(), server.url);
    const onMessages = (messages: readonly EventMessage[]) => handle(messages, readDosSource(away));
    const listening = listenToSqs({ sqs, onMessages, signal: new AbortController().signal, once: true });
    await expect(listening).rejects.toMatchObject({ code: 'SOURCE_UNAVAILABLE' });
    expect(server.held()).toHaveLength(1);
    await away.close();
    await server.close();
  });
});

describe('messages of a topic', () => {
  const topic = `events_${run}`;
  const deadLetters = `dlq.${topic}`;
  const kafka = () => new Kafka({ brokers: [...inject('stack').kafka], logLevel: logLevel.NOTHING });
  const reading = (onMessages: (messages: readonly EventMessage[]) => Promise<readonly string[]> = handle) =>
    readTopic({
      brokers: inject('stack').kafka,
      topic,
      deadLetters,
      log: silentLog,
      group: `group_${run}`,
      onMessages,
      signal: new AbortController().signal,
      once: true,
    });

  async function send(values: readonly string[]): Promise<void> {
    const producer = kafka().producer();
    await producer.connect();
    await producer.send({ topic, messages: values.map((value) => ({ value })) });
    await producer.disconnect();
  }

  beforeAll(async () => {
    const admin = kafka().admin();
    await admin.connect();
    await admin.createTopics({ topics: [{ topic, numPartitions: 2 }], waitForLeaders: true });
    await admin.disconnect();
  });

  test('are done once, those that fail go to the dead letters, and a crash brings them again', async () => {
    const [, , , four = 0, five = 0] = ids;
    await send([event(four), 'not JSON', event(999_999_999), event(five)]);
    let calls = 0;
    const crashing = async (messages: readonly EventMessage[]) => {
      calls += messages.length;
      throw new Error('killed');
    };
    await expect(reading(crashing)).rejects.toThrow('killed');
    expect(calls).toBeGreaterThan(0);
    await reading();
    expect(await moved()).toEqual(expect.arrayContaining([four, five]));
    let again = 0;
    await reading(async (messages) => {
      again += messages.length;
      return [];
    });
    expect(again).toBe(0);
    expect(await lettersOf(deadLetters)).toEqual([event(999_999_999), 'not JSON'].sort());
  });

  test('are shared out anew when another reader joins, and none of them ends', async () => {
    const shared = `shared_${run}`;
    const admin = kafka().admin();
    await admin.connect();
    await admin.createTopics({ topics: [{ topic: shared, numPartitions: 4 }], waitForLeaders: true });
    await admin.disconnect();
    const stop = new AbortController();
    const taken: string[][] = [[], []];
    const reader = (mine: string[]) =>
      readTopic({
        brokers: inject('stack').kafka,
        topic: shared,
        deadLetters,
        log: silentLog,
        group: shared,
        onMessages: async (messages) => {
          mine.push(...messages.map(({ body }) => body));
          await new Promise((resolve) => setTimeout(resolve, 300));
          return [];
        },
        signal: stop.signal,
        once: false,
      });
    const producer = kafka().producer();
    await producer.connect();
    const sendSome = (from: number, count: number) =>
      producer.send({
        topic: shared,
        messages: Array.from({ length: count }, (_, nth) => ({ value: String(from + nth), partition: nth % 4 })),
      });
    await sendSome(0, 240);
    const one = reader(taken[0] ?? []);
    await expect.poll(() => taken[0]?.length ?? 0, { timeout: 20_000 }).toBeGreaterThan(20);
    const two = reader(taken[1] ?? []);
    await expect.poll(() => taken[1]?.length ?? 0, { timeout: 40_000 }).toBeGreaterThan(5);
    await expect.poll(() => new Set(taken.flat()).size, { timeout: 40_000 }).toBe(240);
    await sendSome(240, 40);
    await expect.poll(() => new Set(taken.flat()).size, { timeout: 20_000 }).toBe(280);
    stop.abort();
    await Promise.all([one, two]);
    await producer.disconnect();
  }, 120_000);

  test('a topic that is not there, and brokers that are not, are told of', async () => {
    const missing = {
      brokers: inject('stack').kafka,
      topic: `no_${run}`,
      deadLetters,
      log: silentLog,
      group: 'x',
      onMessages: handle,
      signal: new AbortController().signal,
      once: true,
    };
    await expect(readTopic(missing)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    await expect(readTopic({ ...missing, brokers: ['127.0.0.1:1'] })).rejects.toMatchObject({
      code: 'BROKER_UNAVAILABLE',
    });
  });

  async function lettersOf(name: string): Promise<readonly string[]> {
    const consumer = kafka().consumer({ groupId: `letters_${run}` });
    const found: string[] = [];
    await consumer.connect();
    await consumer.subscribe({ topic: name, fromBeginning: true });
    await new Promise<void>((resolve) => {
      void consumer.run({
        eachMessage: async ({ message }) => {
          found.push(String(message.value));
          if (found.length === 2) resolve();
        },
      });
    });
    await consumer.disconnect();
    return found.sort();
  }
});
