import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { resolveJars } from '../src/stack/tools.ts';
import type { Contest, Contestant } from './contestant.ts';
import { callConnect, connect, dropDatabase, makeDatabase, type Place, until, urlOf } from './place.ts';
import { VISIT_SQL_FOLDER } from './visit.ts';

/** The newest that Maven Central has: 3.7.0.Final of this connector is not there. */
export const JDBC_SINK_VERSION = '3.6.0.Final';

function fetchPlugin(place: Place): string {
  const folder = join(place.settings.cache, `jdbc-sink-${JDBC_SINK_VERSION}`);
  if (existsSync(join(folder, 'debezium-connector-jdbc'))) return folder;
  place.say(`fetching the Debezium JDBC sink ${JDBC_SINK_VERSION}`);
  const artifact = `io.debezium:debezium-connector-jdbc:${JDBC_SINK_VERSION}:tar.gz:plugin`;
  const goal = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:unpack';
  const args = ['-B', '-q', '-ntp', goal, `-Dartifact=${artifact}`, `-DoutputDirectory=${folder}`];
  mkdirSync(folder, { recursive: true });
  const done = spawnSync('mvn', [...args, `-Dmdep.unpack.markersDirectory=${folder}`], {
    encoding: 'utf8',
    cwd: folder,
  });
  if (done.status !== 0) throw new Error(`the JDBC sink cannot be fetched: ${done.stdout.slice(0, 500)}`);
  return folder;
}

/** The settings found best in the measurements that the targets are made of. */
const sinkConfig = (place: Place, database: string): Record<string, string> => ({
  'connector.class': 'io.debezium.connector.jdbc.JdbcSinkConnector',
  'tasks.max': '1',
  topics: place.topic,
  'connection.url': urlOf(place, database).replace(/^postgres:\/\/[^@]*@/, 'jdbc:postgresql://'),
  'connection.username': place.stack.postgres.user,
  'connection.password': place.stack.postgres.password,
  'insert.mode': 'upsert',
  'delete.enabled': 'true',
  'primary.key.mode': 'record_key',
  'schema.evolution': 'none',
  'collection.name.format': 'visit',
  'batch.size': '5000',
  'consumer.override.max.poll.records': '5000',
  // without this a poll ends at 1 MB of a partition, about 2,000 records
  'consumer.override.max.partition.fetch.bytes': '8388608',
  'use.reduction.buffer': 'true',
  'dialect.postgres.unnest.insert.enabled': 'true',
  ...Object.fromEntries(
    ['key', 'value'].flatMap((side) => [
      [`${side}.converter`, 'io.apicurio.registry.utils.converter.AvroConverter'],
      [`${side}.converter.apicurio.registry.url`, place.stack.registryNative],
      [`${side}.converter.apicurio.registry.as-confluent`, 'true'],
      [`${side}.converter.apicurio.registry.use-id`, 'contentId'],
      [`${side}.converter.apicurio.registry.headers.enabled`, 'false'],
    ]),
  ),
});

/** A Connect worker for the sink alone, so that its figures are not mixed with the source connector's. */
async function startConnect(place: Place, port: number): Promise<ChildProcess> {
  const { jars } = await resolveJars(place.settings, place.say);
  const plugins = fetchPlugin(place);
  const folder = join(place.settings.home, 'bench');
  mkdirSync(folder, { recursive: true });
  const properties = {
    'bootstrap.servers': place.stack.kafka.join(','),
    'key.converter': 'org.apache.kafka.connect.json.JsonConverter',
    'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
    'offset.storage.file.filename': join(folder, `${place.prefix}offsets`),
    listeners: `http://127.0.0.1:${port}`,
    'plugin.path': `${plugins},${join(jars, 'plugins')}`,
    'plugin.discovery': 'service_load',
    'connector.client.config.override.policy': 'All',
  };
  const file = join(folder, 'sink-connect.properties');
  writeFileSync(
    file,
    Object.entries(properties)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(''),
  );
  const logging = join(folder, 'log4j2.xml');
  writeFileSync(
    logging,
    '<Configuration><Appenders><Console name="o"/></Appenders><Loggers><Root level="WARN"><AppenderRef ref="o"/></Root></Loggers></Configuration>',
  );
  const out = openSync(join(folder, 'sink-connect.log'), 'w');
  // both compiler stages and the default collector, unlike the stack's own lean servers: this one is to be fast
  const jvm = ['-Xms1g', '-Xmx2g', `-Dlog4j2.configurationFile=${logging}`, '-cp', join(jars, 'kafka', '*')];
  const child = spawn('java', [...jvm, 'org.apache.kafka.connect.cli.ConnectStandalone', file], {
    stdio: ['ignore', out, out],
  });
  closeSync(out);
  process.once('exit', () => child.kill('SIGKILL'));
  await until('Connect for the sink', 120, () =>
    fetch(`http://127.0.0.1:${port}/connectors`).then(
      ({ ok }) => ok,
      () => false,
    ),
  );
  return child;
}

export async function jdbcSinkContestant(place: Place): Promise<Contestant> {
  const port = place.settings.ports.connect + 1;
  const base = `http://127.0.0.1:${port}`;
  const database = `${place.prefix}jdbc`;
  const child = await startConnect(place, port);
  const running = async (name: string): Promise<boolean> => {
    const status = (await callConnect(base, 'GET', `/connectors/${name}/status`)) as {
      tasks?: { state: string; trace?: string }[];
    };
    const task = status.tasks?.[0];
    if (task?.state === 'FAILED') throw new Error(`the JDBC sink failed: ${task.trace?.slice(0, 2_000)}`);
    return task?.state === 'RUNNING';
  };
  return {
    name: 'JDBC sink',
    async begin(round): Promise<Contest> {
      await makeDatabase(place, database);
      const target = await connect(place, database);
      await target.query(readFileSync(join(VISIT_SQL_FOLDER, '0001_visit.sql'), 'utf8'));
      const name = `${place.prefix}sink-${round}`;
      await callConnect(base, 'PUT', `/connectors/${name}/config`, sinkConfig(place, database));
      await until('the sink connector', 60, () => running(name));
      return {
        pid: child.pid ?? 0,
        target,
        table: 'public.visit',
        pause: async () => void (await callConnect(base, 'PUT', `/connectors/${name}/pause`)),
        async resume() {
          await callConnect(base, 'PUT', `/connectors/${name}/resume`);
          await until('the sink connector', 60, () => running(name));
        },
        async close() {
          await callConnect(base, 'DELETE', `/connectors/${name}`);
          await target.end();
        },
      };
    },
    async close() {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await ended;
      await dropDatabase(place, database);
    },
  };
}
