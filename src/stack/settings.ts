import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { SluiceError } from '../core/index.ts';

export const PARTS = [
  'postgres',
  'kafka',
  'registry',
  'connect',
  'fhir',
  'dynamodb',
  'prometheus',
  'alertmanager',
] as const;
export type PartName = (typeof PARTS)[number];

/** Ports by the variable that changes them. Defaults are the ones docker-compose.yml publishes. */
export const PORTS = {
  postgres: ['SLUICE_POSTGRES_PORT', 25432],
  kafka: ['SLUICE_KAFKA_PORT', 25092],
  kafkaController: ['SLUICE_KAFKA_CONTROLLER_PORT', 25093],
  registry: ['SLUICE_REGISTRY_PORT', 25081],
  connect: ['SLUICE_CONNECT_PORT', 25083],
  fhir: ['SLUICE_FHIR_PORT', 25080],
  dynamodb: ['SLUICE_DYNAMODB_PORT', 25800],
  prometheus: ['SLUICE_PROMETHEUS_PORT', 25090],
  alertmanager: ['SLUICE_ALERTMANAGER_PORT', 25094],
} as const satisfies Record<string, readonly [variable: string, port: number]>;

export type PortName = keyof typeof PORTS;

export interface StackSettings {
  /** data, logs and process records of this stack */
  readonly home: string;
  /** jars and class archives, shared by all stacks of a user */
  readonly cache: string;
  readonly ports: Readonly<Record<PortName, number>>;
  readonly without: readonly PartName[];
  readonly provider: 'auto' | 'processes' | 'containers';
  readonly password: string;
  /** `host:port` of the workers that Prometheus asks */
  readonly metricsTargets: readonly string[];
  /** `host:port` of processes that compare; a job of their own, for not every stack has one */
  readonly reconcileTargets: readonly string[];
  /** where alerts are sent; null: nowhere */
  readonly alertWebhook: string | null;
  /** what the servers and the tools that fetch them are started with */
  readonly environment: Variables;
}

type Variables = Readonly<Record<string, string | undefined>>;

export interface StackAddresses {
  readonly postgres: { readonly host: string; readonly port: number; readonly user: string; readonly password: string };
  readonly kafka: readonly string[];
  readonly connect: string;
  /** Confluent-compatible API, for consumers */
  readonly registry: string;
  /** the registry's own API, for its converter inside Connect */
  readonly registryNative: string;
  readonly fhir: string;
  readonly dynamodb: string;
  readonly prometheus: string;
  readonly alertmanager: string;
  /** where Connect finds the others; in containers these are the names of services */
  readonly inside: {
    readonly postgres: { readonly host: string; readonly port: number };
    readonly kafka: string;
    readonly registryNative: string;
  };
}

/** Settings from the environment; what a caller gives goes before it. Throws CONFIG_INVALID naming the variable. */
export function stackSettings(given: Partial<StackSettings> = {}, variables: Variables = process.env): StackSettings {
  const ports = Object.fromEntries(
    Object.entries(PORTS).map(([name, [variable, standard]]) => [name, portFrom(variable, standard, variables)]),
  ) as Record<PortName, number>;
  return {
    home: resolve(given.home ?? variables.SLUICE_HOME ?? '.sluice'),
    cache: resolve(given.cache ?? variables.SLUICE_CACHE ?? join(homedir(), '.cache', 'sluice')),
    ports: { ...ports, ...given.ports },
    without: given.without ?? partsFrom(variables.SLUICE_WITHOUT ?? '', 'SLUICE_WITHOUT: '),
    provider: given.provider ?? providerFrom(variables.SLUICE_PROVIDER ?? 'auto', 'SLUICE_PROVIDER: '),
    password: given.password ?? variables.SLUICE_PG_PASSWORD ?? 'sluice',
    metricsTargets: given.metricsTargets ?? targetsFrom('SLUICE_METRICS_TARGETS', '127.0.0.1:9464', variables),
    reconcileTargets: given.reconcileTargets ?? targetsFrom('SLUICE_RECONCILE_TARGETS', '127.0.0.1:9466', variables),
    alertWebhook: given.alertWebhook ?? variables.SLUICE_ALERT_WEBHOOK ?? null,
    environment: given.environment ?? { ...variables },
  };
}

function portFrom(variable: string, standard: number, variables: Variables): number {
  const text = variables[variable];
  if (text === undefined) return standard;
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new SluiceError('CONFIG_INVALID', `${variable} must be a port between 1 and 65535`);
  }
  return port;
}

function targetsFrom(variable: string, standard: string, variables: Variables): readonly string[] {
  const targets = (variables[variable] ?? standard).split(',').map((target) => target.trim());
  if (targets.every((target) => /^[\w.-]+:\d{1,5}$/.test(target))) return targets;
  throw new SluiceError('CONFIG_INVALID', `${variable} must be host:port, several with commas between`);
}

/** `fhir,dynamodb` as parts; a refusal begins with where the text came from. */
export function partsFrom(text: string, from = ''): readonly PartName[] {
  const names = text.split(',').flatMap((name) => (name.trim() === '' ? [] : [name.trim()]));
  return names.map((name) => {
    const part = PARTS.find((candidate) => candidate === name);
    if (!part)
      throw new SluiceError('CONFIG_INVALID', `${from}there is no part '${name}'; there is ${PARTS.join(', ')}`);
    if (part === 'postgres' || part === 'kafka') {
      throw new SluiceError('CONFIG_INVALID', `${from}${part} cannot be left out: everything else rests on it`);
    }
    return part;
  });
}

export function providerFrom(text: string, from = ''): StackSettings['provider'] {
  if (text === 'auto' || text === 'processes' || text === 'containers') return text;
  throw new SluiceError(
    'CONFIG_INVALID',
    `${from}there is no provider '${text}'; there is auto, processes, containers`,
  );
}

/** Where the parts of a stack answer, whether they run or not. */
export function addressesOf(settings: StackSettings, contained: boolean): StackAddresses {
  const { ports, password } = settings;
  const host = '127.0.0.1';
  return {
    postgres: { host, port: ports.postgres, user: 'postgres', password },
    kafka: [`${host}:${ports.kafka}`],
    connect: `http://${host}:${ports.connect}`,
    registry: `http://${host}:${ports.registry}/apis/ccompat/v7`,
    registryNative: `http://${host}:${ports.registry}/apis/registry/v2`,
    fhir: `http://${host}:${ports.fhir}/fhir`,
    dynamodb: `http://${host}:${ports.dynamodb}`,
    prometheus: `http://${host}:${ports.prometheus}`,
    alertmanager: `http://${host}:${ports.alertmanager}`,
    inside: contained
      ? {
          postgres: { host: 'postgres', port: 5432 },
          kafka: 'kafka:19092',
          registryNative: 'http://registry:8080/apis/registry/v2',
        }
      : {
          postgres: { host, port: ports.postgres },
          kafka: `${host}:${ports.kafka}`,
          registryNative: `http://${host}:${ports.registry}/apis/registry/v2`,
        },
  };
}
