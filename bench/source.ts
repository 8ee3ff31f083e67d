import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type pg from 'pg';
import { connectorFolder } from '../src/app/folders.ts';
import { silentLog } from '../src/core/index.ts';
import {
  applyConnector,
  applyTopics,
  type ConnectorPlace,
  quietKafka,
  readConnector,
  removeConnector,
  settledState,
} from '../src/source/index.ts';
import { LoadPlan, MARKERS, writeMarkers, writeTransaction } from './load.ts';
import { callConnect, connect, dropDatabase, makeDatabase, type Place, until, urlOf } from './place.ts';
import { TABLE, VISIT_SQL_FOLDER } from './visit.ts';

export interface Totals {
  readonly rows: number;
  readonly versions: number;
}

/** The source database with its connector, and the topic it has filled. */
export interface Source {
  readonly client: pg.Client;
  /** Change events through Debezium into the topic; answers when all of them are there. */
  fill(events: number): Promise<{ seconds: number; records: number; bytes: number }>;
  totals(): Promise<Totals>;
  /** records in the topic so far */
  ends(): Promise<number>;
  stop(): Promise<void>;
  resume(): Promise<void>;
  close(): Promise<void>;
}

export const totalsOf = async (client: pg.Client, table: string): Promise<Totals> => {
  const { rows } = await client.query<{ rows: string; versions: string }>(
    `select count(*) as rows, coalesce(sum(version), 0) as versions from ${table}`,
  );
  return { rows: Number(rows[0]?.rows), versions: Number(rows[0]?.versions) };
};

const TOPIC_CONFIG = { 'cleanup.policy': 'delete', 'max.message.bytes': '20971520', 'compression.type': 'producer' };

export async function openSource(place: Place): Promise<Source> {
  const { stack, prefix, migration } = place;
  const database = `${prefix}source`;
  await makeDatabase(place, database);
  const client = await connect(place, database);
  await client.query(await readFile(join(VISIT_SQL_FOLDER, '0001_visit.sql'), 'utf8'));
  const control = [`${migration}.signals`, `__debezium-heartbeat.${migration}`];
  const single = ['sluice_cdc.heartbeat', 'sluice_cdc.signal', 'transaction'].map((name) => `${migration}.${name}`);
  const topics = [
    { name: place.topic, kind: 'raw' as const, partitions: 4, config: TOPIC_CONFIG },
    ...single.map((name) => ({ name, kind: 'raw' as const, partitions: 1, config: TOPIC_CONFIG })),
    ...control.map((name) => ({ name, kind: 'control' as const, partitions: 1, config: TOPIC_CONFIG })),
  ];
  await applyTopics(stack.kafka, topics, { force: false }, silentLog);
  // the settings of the product's own connector; only the names and the table differ
  const file = await readConnector(connectorFolder, 'supabase', prefix);
  const renamed = Object.entries(file.config).map(([name, value]) => [name, value.replaceAll('supabase', 'bench')]);
  const definition = {
    ...file,
    name: `${prefix}sluice-bench`,
    migration: 'bench',
    source: { ...file.source, tables: { [TABLE]: { replica_identity: 'default' as const } } },
    config: {
      ...Object.fromEntries(renamed),
      'table.include.list': `${TABLE},sluice_cdc.heartbeat,sluice_cdc.signal`,
    },
  };
  const at: ConnectorPlace = {
    connectUrl: stack.connect,
    sourceUrl: urlOf(place, database),
    variables: {
      'postgres.host': stack.inside.postgres.host,
      'postgres.port': String(stack.inside.postgres.port),
      'postgres.user': stack.postgres.user,
      'postgres.database': database,
      kafka: stack.inside.kafka,
      registry: stack.inside.registryNative,
    },
  };
  await applyConnector(definition, at, { newEpoch: false, dryRun: false });
  const state = await settledState(definition, stack.connect);
  if (state !== 'RUNNING') throw new Error(`the source connector: ${state}`);
  const admin = quietKafka(stack.kafka, 'bench', silentLog).admin();
  await admin.connect();
  const ends = async (): Promise<number> =>
    (await admin.fetchTopicOffsets(place.topic)).reduce((sum, { high }) => sum + Number(high), 0);
  return {
    client,
    totals: () => totalsOf(client, TABLE),
    ends,
    async fill(events) {
      const started = Date.now();
      const plan = new LoadPlan(events - MARKERS.length);
      let deletes = 0;
      for (let step = plan.next(); step; step = plan.next()) {
        deletes += step.deletes.length;
        await writeTransaction(client, step);
      }
      await writeMarkers(client);
      // each delete is followed by a tombstone, which is no change event
      const records = events + deletes;
      await until('the topic is filled', 1_200, async () => (await ends()) >= records, 500);
      const seconds = (Date.now() - started) / 1000;
      return { seconds, records: await ends(), bytes: await bytesOf(client) };
    },
    stop: async () => void (await callConnect(stack.connect, 'PUT', `/connectors/${definition.name}/stop`)),
    async resume() {
      await callConnect(stack.connect, 'PUT', `/connectors/${definition.name}/resume`);
    },
    async close() {
      await removeConnector(definition, at, { purge: true });
      await admin.deleteTopics({ topics: topics.map(({ name }) => name) }).catch(() => undefined);
      await admin.disconnect();
      await client.end();
      await dropDatabase(place, database);
    },
  };
}

/** Average bytes of a row as PostgreSQL stores it. */
async function bytesOf(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ bytes: string }>(
    'select avg(pg_column_size(v.*))::integer as bytes from (select * from visit limit 10000) v',
  );
  return Number(rows[0]?.bytes);
}
