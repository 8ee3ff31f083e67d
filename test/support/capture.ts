import { randomBytes } from 'node:crypto';
import kafkajs from 'kafkajs';
import pg from 'pg';
import { connectorFolder } from '../../src/app/folders.ts';
import {
  applyConnector,
  type ConnectorPlace,
  readConnector,
  removeConnector,
  requestSnapshot,
} from '../../src/source/index.ts';
import type { StackAddresses } from '../../src/stack/index.ts';
import { JSON_CONVERTERS } from './rig.ts';
import { urlOf } from './service-database.ts';

/** A raw record as test/fixtures/positions keeps it. */
export interface RecordedLine {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly ts: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly key: Readonly<Record<string, unknown>> | null;
  readonly value: Readonly<Record<string, unknown>> | null;
}

/** One table of a database of its own, captured with the settings of connectors/supabase.yaml, in plain JSON. */
export interface Capture {
  readonly source: pg.Client;
  readonly topic: string;
  second(): Promise<pg.Client>;
  start(): Promise<void>;
  snapshot(): Promise<void>;
  /** Waits until a marker row written now has come through on every partition's heels. */
  caughtUp(): Promise<void>;
  records(): Promise<RecordedLine[]>;
  close(): Promise<void>;
}

export async function startCapture(
  stack: StackAddresses,
  options: { tableSql: string; partitions: number; replicaIdentity: 'default' | 'full' },
): Promise<Capture> {
  const prefix = `c${randomBytes(4).toString('hex')}_`;
  const database = `${prefix}source`;
  const root = new pg.Client(urlOf(stack.postgres, 'postgres'));
  await root.connect();
  await root.query(`create database ${database}`);
  const source = new pg.Client(urlOf(stack.postgres, database));
  await source.connect();
  await source.query(options.tableSql);
  const file = await readConnector(connectorFolder, 'supabase', prefix);
  const converters = Object.entries(file.config).filter(([name]) => !/^(key|value)\.converter/.test(name));
  const definition = {
    ...file,
    source: { ...file.source, tables: { 'public.t': { replica_identity: options.replicaIdentity } } },
    config: {
      ...Object.fromEntries(converters),
      ...JSON_CONVERTERS,
      'table.include.list': 'public.t,sluice_cdc.heartbeat,sluice_cdc.signal',
      'incremental.snapshot.chunk.size': '50',
      'snapshot.fetch.size': '100',
      'max.batch.size': '100',
      'max.queue.size': '200',
    },
  };
  const place: ConnectorPlace = {
    connectUrl: stack.connect,
    sourceUrl: urlOf(stack.postgres, database),
    variables: {
      'postgres.host': stack.postgres.host,
      'postgres.port': String(stack.postgres.port),
      'postgres.user': stack.postgres.user,
      'postgres.database': database,
      kafka: stack.kafka.join(','),
      registry: stack.registryNative,
    },
  };
  const kafka = new kafkajs.Kafka({ brokers: [...stack.kafka], logLevel: kafkajs.logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  const topic = `${prefix}supabase.public.t`;
  const single = ['sluice_cdc.heartbeat', 'sluice_cdc.signal', 'transaction', 'signals'];
  await admin.createTopics({
    topics: [
      { topic, numPartitions: options.partitions },
      ...single.map((name) => ({ topic: `${prefix}supabase.${name}`, numPartitions: 1 })),
      { topic: `__debezium-heartbeat.${prefix}supabase`, numPartitions: 1 },
    ],
    waitForLeaders: true,
  });
  const others: pg.Client[] = [];
  return {
    source,
    topic,
    async second() {
      const client = new pg.Client(urlOf(stack.postgres, database));
      await client.connect();
      others.push(client);
      return client;
    },
    async start() {
      await applyConnector(definition, place, { newEpoch: false, dryRun: false });
    },
    snapshot: () => requestSnapshot(place.sourceUrl, `s${randomBytes(4).toString('hex')}`, ['public.t']),
    async caughtUp() {
      const { rows } = await source.query<{ end: string }>('select pg_current_wal_insert_lsn()::text as end');
      for (const until = Date.now() + 90_000; Date.now() < until; ) {
        const slot = await source.query<{ passed: boolean }>(
          'select confirmed_flush_lsn >= $2::pg_lsn as passed from pg_replication_slots where slot_name = $1',
          [`${prefix}sluice_supabase`, rows[0]?.end],
        );
        if (slot.rows[0]?.passed) return;
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
      throw new Error('capture did not catch up');
    },
    records: () => readAll(kafka, admin, topic),
    async close() {
      await Promise.all([...others, source].map((client) => client.end()));
      await removeConnector(definition, place, { purge: true });
      await admin.disconnect();
      await root.query(`drop database ${database} with (force)`);
      await root.end();
    },
  };
}

async function readAll(kafka: kafkajs.Kafka, admin: kafkajs.Admin, topic: string): Promise<RecordedLine[]> {
  const open = new Map<number, bigint>();
  for (const { partition, high } of await admin.fetchTopicOffsets(topic))
    if (BigInt(high) > 0n) open.set(partition, BigInt(high));
  const consumer = kafka.consumer({ groupId: `capture-${randomBytes(4).toString('hex')}` });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  const lines: RecordedLine[] = [];
  await new Promise<void>((resolve, reject) => {
    if (open.size === 0) resolve();
    consumer
      .run({
        eachBatch: async ({ batch }) => {
          for (const message of batch.messages) {
            const headers = Object.entries(message.headers ?? {}).map(([name, value]) => [name, String(value)]);
            lines.push({
              topic: 'recorded.public.t',
              partition: batch.partition,
              offset: Number(message.offset),
              ts: Number(message.timestamp),
              headers: Object.fromEntries(headers.filter(([name]) => !String(name).startsWith('__debezium.context'))),
              key: message.key === null ? null : JSON.parse(String(message.key)),
              value: message.value === null ? null : JSON.parse(String(message.value)),
            });
          }
          if (BigInt(batch.lastOffset()) + 1n >= (open.get(batch.partition) ?? 0n)) open.delete(batch.partition);
          if (open.size === 0) resolve();
        },
      })
      .catch(reject);
  });
  await consumer.disconnect();
  return lines.sort((x, y) => x.partition - y.partition || x.offset - y.offset);
}
