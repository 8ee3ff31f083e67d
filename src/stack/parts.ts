import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { answersHttp, answersKafka } from './probes.ts';
import { brokerProperties, connectProperties, LOGGING } from './server-files.ts';
import { addressesOf, type PartName, type PortName, type StackSettings } from './settings.ts';

/** How one JVM part is started and how it shows that it is ready. */
export interface JavaPart {
  readonly name: PartName;
  readonly port: PortName;
  readonly command: (settings: StackSettings, jars: string) => JavaCommand;
  /** false until the part can be used, and when it hangs */
  readonly ready: (settings: StackSettings) => Promise<boolean>;
  /** a loaded machine of two cores can take this long */
  readonly patienceSeconds: number;
  /** false for one that ends without the JVM's own end, at which a class archive is written */
  readonly archived: boolean;
}

export interface JavaCommand {
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** The first compiler stage and the serial collector start fastest; throughput of the servers is not what counts here. */
const LEAN = ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];

function file(settings: StackSettings, name: string, text: string): string {
  const folder = join(settings.home, 'run');
  mkdirSync(folder, { recursive: true });
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const data = (settings: StackSettings, part: string): string => join(settings.home, 'data', part);

interface DynamoDbLocal {
  readonly port: number;
  /** on disk each transaction waits for the disk several times, whatever else the machine does */
  readonly store: 'memory' | { readonly folder: string };
  /** the most its heap may be */
  readonly megabytes: number;
}

export function dynamoDbArguments(jars: string, { port, store, megabytes }: DynamoDbLocal): string[] {
  const libs = join(jars, 'dynamodb');
  return [
    ...LEAN,
    `-Xmx${megabytes}m`,
    `-Djava.library.path=${libs}`,
    '-cp',
    join(libs, '*'),
    'com.amazonaws.services.dynamodbv2.local.main.ServerRunner',
    '-sharedDb',
    ...(store === 'memory' ? ['-inMemory'] : ['-dbPath', store.folder]),
    '-port',
    String(port),
  ];
}

export const JAVA_PARTS: readonly JavaPart[] = [
  {
    name: 'kafka',
    port: 'kafka',
    patienceSeconds: 120,
    archived: true,
    command: (settings, jars) => ({
      args: [
        ...LEAN,
        '-Xms128m',
        '-Xmx512m',
        `-Dlog4j2.configurationFile=${file(settings, 'log4j2.xml', LOGGING)}`,
        '-cp',
        join(jars, 'kafka', '*'),
        'kafka.Kafka',
        file(settings, 'server.properties', brokerProperties(settings, data(settings, 'kafka'))),
      ],
    }),
    ready: (settings) => answersKafka(settings.ports.kafka),
  },
  {
    name: 'registry',
    port: 'registry',
    patienceSeconds: 180,
    archived: true,
    command: (settings, jars) => ({
      args: [
        ...LEAN,
        '-Xms64m',
        '-Xmx192m',
        `-Dquarkus.http.port=${settings.ports.registry}`,
        '-Dquarkus.http.host=127.0.0.1',
        '-Dquarkus.datasource.jdbc.initial-size=2',
        '-Dquarkus.datasource.jdbc.min-size=2',
        '-Dquarkus.datasource.jdbc.max-size=10',
        '-jar',
        join(jars, 'registry', 'apicurio-registry-app-2.6.13.Final-runner.jar'),
      ],
      // schemas must outlive the registry: topics refer to them by id
      env: { REGISTRY_DATASOURCE_URL: `jdbc:h2:file:${data(settings, 'registry')}/registry;DB_CLOSE_ON_EXIT=FALSE` },
    }),
    ready: (settings) => answersHttp(`${addressesOf(settings, false).registry}/subjects`),
  },
  {
    name: 'connect',
    port: 'connect',
    patienceSeconds: 180,
    archived: true,
    command: (settings, jars) => ({
      args: [
        ...LEAN,
        '-Xms128m',
        '-Xmx768m',
        `-Dlog4j2.configurationFile=${file(settings, 'log4j2.xml', LOGGING)}`,
        '-cp',
        join(jars, 'kafka', '*'),
        'org.apache.kafka.connect.cli.ConnectDistributed',
        file(settings, 'connect.properties', connectProperties(settings, join(jars, 'plugins'))),
      ],
      // connectors name their password as ${env:SLUICE_SOURCE_PASSWORD}, so that no configuration holds it
      env: { SLUICE_SOURCE_PASSWORD: settings.password },
    }),
    ready: (settings) => answersHttp(`${addressesOf(settings, false).connect}/connectors`),
  },
  {
    name: 'fhir',
    port: 'fhir',
    patienceSeconds: 300,
    archived: true,
    command: (settings, jars) => ({
      args: [
        ...LEAN,
        '-Xmx1200m',
        `-Dport=${settings.ports.fhir}`,
        `-Djdbc.url=jdbc:postgresql://127.0.0.1:${settings.ports.postgres}/fhir`,
        '-Djdbc.user=postgres',
        '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
        '-cp',
        `${join(jars, 'fhir-server.jar')}:${join(jars, 'fhir', '*')}`,
        'FhirServer',
      ],
      env: { SLUICE_PG_PASSWORD: settings.password },
    }),
    ready: (settings) => answersHttp(`${addressesOf(settings, false).fhir}/Basic?_summary=count`),
  },
  {
    name: 'dynamodb',
    port: 'dynamodb',
    patienceSeconds: 60,
    archived: false,
    command: (settings, jars) => {
      const store = { folder: data(settings, 'dynamodb') };
      mkdirSync(store.folder, { recursive: true });
      const args = dynamoDbArguments(jars, { port: settings.ports.dynamodb, store, megabytes: 192 });
      return { args, cwd: join(jars, 'dynamodb') };
    },
    ready: async () => true,
  },
];
