import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { type AwsCredentials, SluiceError } from '../core/index.ts';
import type { MigrationOptions } from '../migrations/index.ts';

/** Where the servers are when the environment says nothing else: the stack's own addresses. */
export interface ServerDefaults {
  readonly postgres: { readonly host: string; readonly port: number; readonly user: string; readonly password: string };
  readonly kafka: readonly string[];
  readonly connect: string;
  readonly registry: string;
  readonly registryNative: string;
  readonly fhir: string;
  readonly dynamodb: string;
}

export interface Config {
  readonly servicesUrl: string;
  /** the source database of a migration */
  readonly sourceUrl: (migration: string) => string;
  readonly kafka: readonly string[];
  /** who fetches from the brokers: we ourselves, or kafkajs */
  readonly kafkaClient: 'fetch' | 'kafkajs';
  readonly connect: string;
  /** columns, as `schema.table.column`, that rules read and a source may do without */
  readonly absentColumns: ReadonlySet<string>;
  /** Connect was named, so it is not the stack's own and sees the other servers under the addresses we see */
  readonly connectGiven: boolean;
  readonly registry: string;
  /** the registry as the converter inside Connect calls it: its own API, not the Confluent-compatible one */
  readonly registryNative: string;
  readonly fhir: string;
  readonly fhirHeaders: Readonly<Record<string, string>>;
  readonly dynamodb: {
    readonly url: string;
    readonly region: string;
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
    /** what the names of the tables say beside what they hold */
    readonly environment: string;
    readonly workspace: string | undefined;
  };
  /** a server that speaks the protocol of S3; AWS itself when none is named */
  readonly s3: { readonly url: string | undefined; readonly region: string };
  /** the store the files of action plans are in now, where it is another one */
  readonly legacyFiles: Partial<Pick<Config, 's3' | 'awsKeys'>>;
  /** a server that speaks the protocol of Secrets Manager; AWS itself when none is named */
  readonly secretsUrl: string | undefined;
  /** the first part of the names of secrets */
  readonly project: string;
  readonly sqsQueueUrl: string | undefined;
  /** Keys for AWS itself, and for named servers. Throws CONFIG_INVALID where there are none. */
  readonly awsKeys: () => AwsCredentials;
  /** what a deployment decides about the Directory of Services; each has its default there */
  readonly dos: MigrationOptions;
  /** folders of another contract or catalogue than ours, and by what rules it is carried out */
  readonly pas: {
    readonly contract: string | undefined;
    readonly catalogue: string | undefined;
    readonly testData: boolean;
    readonly approvedOnly: boolean;
    /** how long a row waits for its parent before it is refused */
    readonly orphanSeconds: number;
  };
  /** sent to the printer of labels; never logged */
  readonly printerToken: string | undefined;
  /** what devices show when they hand in readings; never logged */
  readonly ingestToken: string | undefined;
  readonly host: string;
  readonly port: number;
  readonly logLevel: string;
  readonly namespace: string | undefined;
  readonly base: string | undefined;
  /** where copied files are read */
  readonly files: string | undefined;
  /** where heads of the chain of gate records are written down, outside of the database */
  readonly gatesAnchor: string;
  /** measurements that no window of a gate reaches are removed after so many days */
  readonly measurementDays: number;
  /** what is done about confirmed findings, for all flows or one by one */
  readonly repair: string;
  /** where the reports are that gates of dos and pas are judged by; `outDir`: of the runs of pas, if told */
  readonly reports: {
    readonly runsFolder: string;
    readonly target: 'dynamodb';
    readonly outDir: string | undefined;
  };
  /** before the names of topics, group, connector, slot and pipeline; '' or e.g. `blue_` */
  readonly prefix: string;
  readonly worker: string;
  /** who acts, for records of what people did */
  readonly operator: string;
}

/** A word of a table's name. */
export const PLACE_WORD = /^[a-z0-9][a-z0-9.-]{0,40}$/;
export const PLACE_WORD_RULE = 'up to 41 small letters, digits, dots and dashes';
const place = z.string().regex(PLACE_WORD, PLACE_WORD_RULE);
const onOff = z.enum(['on', 'off']).transform((text) => text === 'on');

const Environment = z.object({
  SLUICE_SERVICES_URL: z.string().url().optional(),
  SLUICE_KAFKA_BROKERS: z.string().min(1).optional(),
  SLUICE_KAFKA_CLIENT: z.enum(['fetch', 'kafkajs']).default('fetch'),
  SLUICE_ABSENT_COLUMNS: z
    .string()
    .regex(/^[^\s.,]+\.[^\s.,]+\.[^\s.,]+(,[^\s.,]+\.[^\s.,]+\.[^\s.,]+)*$/, 'schema.table.column, with commas between')
    .optional(),
  SLUICE_CONNECT_URL: z.string().url().optional(),
  SLUICE_REGISTRY_URL: z.string().url().optional(),
  SLUICE_REGISTRY_NATIVE_URL: z.string().url().optional(),
  SLUICE_FHIR_URL: z.string().url().optional(),
  SLUICE_FHIR_TOKEN: z.string().min(1).optional(),
  SLUICE_FHIR_TOKEN_FILE: z.string().min(1).optional(),
  SLUICE_DYNAMODB_URL: z.string().url().optional(),
  SLUICE_SECRETS_URL: z.string().url().optional(),
  PROJECT_NAME: z.string().min(1).default('ftrs-dos'),
  SQS_QUEUE_URL: z.string().url().optional(),
  SLUICE_S3_URL: z.string().url().optional(),
  SLUICE_LEGACY_S3_URL: z.string().url().optional(),
  SLUICE_LEGACY_S3_ACCESS_KEY_ID: z.string().min(1).optional(),
  SLUICE_LEGACY_S3_SECRET_ACCESS_KEY: z.string().min(1).optional(),
  AWS_REGION: z.string().min(1).default('eu-west-2'),
  AWS_ACCESS_KEY_ID: z.string().min(1).optional(),
  AWS_SECRET_ACCESS_KEY: z.string().min(1).optional(),
  AWS_SESSION_TOKEN: z.string().min(1).optional(),
  SLUICE_ENVIRONMENT: place.default('local'),
  SLUICE_WORKSPACE: place.optional(),
  SLUICE_DOS_SEARCH_TRIAGE_CODE: onOff.optional(),
  SLUICE_DOS_PHARMACY: onOff.optional(),
  SLUICE_DOS_COUNTY_MATCHING: z.enum(['compat', 'exact']).optional(),
  SLUICE_DOS_ADOPT_EXISTING: onOff.optional(),
  SLUICE_DOS_FHIR: onOff.optional(),
  SLUICE_PAS_CONTRACT: z.string().min(1).optional(),
  SLUICE_PAS_CATALOG: z.string().min(1).optional(),
  SLUICE_PAS_TEST_DATA: onOff.default(false),
  SLUICE_PAS_APPROVED_ONLY: onOff.default(false),
  SLUICE_PAS_ORPHAN_SECONDS: z.coerce.number().int().min(0).max(2_592_000).default(0),
  SLUICE_PRINTER_TOKEN: z.string().min(1).optional(),
  SLUICE_PRINTER_TOKEN_FILE: z.string().min(1).optional(),
  SLUICE_INGEST_TOKEN: z.string().min(16, 'at least 16 characters').optional(),
  SLUICE_INGEST_TOKEN_FILE: z.string().min(1).optional(),
  SLUICE_HOST: z.string().default('127.0.0.1'),
  SLUICE_PORT: z.coerce.number().int().min(0).max(65_535).default(9464),
  SLUICE_LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
  SLUICE_ID_NAMESPACE: z.string().uuid().optional(),
  SLUICE_ID_BASE: z.string().url().optional(),
  SLUICE_FILES_BASE: z.string().url().endsWith('/').optional(),
  SLUICE_GATES_ANCHOR: z.string().min(1).optional(),
  SLUICE_MEASUREMENT_DAYS: z.coerce.number().int().min(1).max(3_650).default(14),
  SLUICE_REPAIR: z.string().min(1).default('approval'),
  SLUICE_DOS_RUNS: z.string().min(1).optional(),
  SLUICE_PAS_OUT: z.string().min(1).optional(),
  SLUICE_HOME: z.string().min(1).default('.sluice'),
  SLUICE_INSTANCE: z
    .string()
    .regex(/^[a-z][a-z0-9]{0,19}$/, 'up to 20 small letters and digits')
    .optional(),
  SLUICE_WORKER: z.string().min(1).optional(),
  USER: z.string().optional(),
});

type Variables = Readonly<Record<string, string | undefined>>;

/** Reads the environment; what is told goes before it. Throws CONFIG_INVALID naming the variable, never its value: it may be a secret. */
export function loadConfig(
  defaults: ServerDefaults,
  environment: Variables = process.env,
  told: Variables = {},
): Config {
  const variables = { ...environment, ...told };
  const parsed = Environment.safeParse(variables);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new SluiceError(
      'CONFIG_INVALID',
      `${issue?.path.join('.') ?? 'environment'}: ${issue?.message ?? 'invalid'}`,
    );
  }
  const env = parsed.data;
  const token = secret('SLUICE_FHIR_TOKEN', env.SLUICE_FHIR_TOKEN, env.SLUICE_FHIR_TOKEN_FILE);
  return {
    servicesUrl: env.SLUICE_SERVICES_URL ?? postgresUrl(defaults.postgres, 'services'),
    sourceUrl: (migration) =>
      variables[`SLUICE_${migration.toUpperCase()}_URL`] ?? postgresUrl(defaults.postgres, migration),
    kafka: env.SLUICE_KAFKA_BROKERS?.split(',').map((broker) => broker.trim()) ?? defaults.kafka,
    kafkaClient: env.SLUICE_KAFKA_CLIENT,
    absentColumns: new Set(env.SLUICE_ABSENT_COLUMNS?.split(',')),
    connect: env.SLUICE_CONNECT_URL ?? defaults.connect,
    connectGiven: env.SLUICE_CONNECT_URL !== undefined,
    registry: env.SLUICE_REGISTRY_URL ?? defaults.registry,
    registryNative: env.SLUICE_REGISTRY_NATIVE_URL ?? defaults.registryNative,
    fhir: env.SLUICE_FHIR_URL ?? defaults.fhir,
    fhirHeaders: token === undefined ? {} : { authorization: `Bearer ${token}` },
    dynamodb: {
      url: env.SLUICE_DYNAMODB_URL ?? defaults.dynamodb,
      region: env.AWS_REGION,
      // the stack's own server takes any keys, and is never shown real ones
      ...(env.SLUICE_DYNAMODB_URL === undefined ? { accessKeyId: 'local', secretAccessKey: 'local' } : awsKeys(env)),
      environment: env.SLUICE_ENVIRONMENT,
      // an instance beside others has tables of its own
      workspace: env.SLUICE_WORKSPACE ?? env.SLUICE_INSTANCE,
    },
    s3: { url: env.SLUICE_S3_URL, region: env.AWS_REGION },
    legacyFiles: legacyFiles(env),
    secretsUrl: env.SLUICE_SECRETS_URL,
    project: env.PROJECT_NAME,
    sqsQueueUrl: env.SQS_QUEUE_URL,
    awsKeys: () => awsKeys(env),
    dos: given({
      searchTriageCode: env.SLUICE_DOS_SEARCH_TRIAGE_CODE,
      pharmacy: env.SLUICE_DOS_PHARMACY,
      countyMatching: env.SLUICE_DOS_COUNTY_MATCHING,
      adoptExisting: env.SLUICE_DOS_ADOPT_EXISTING,
      fhir: env.SLUICE_DOS_FHIR,
    }),
    pas: {
      contract: env.SLUICE_PAS_CONTRACT,
      catalogue: env.SLUICE_PAS_CATALOG,
      testData: env.SLUICE_PAS_TEST_DATA,
      approvedOnly: env.SLUICE_PAS_APPROVED_ONLY,
      orphanSeconds: env.SLUICE_PAS_ORPHAN_SECONDS,
    },
    printerToken: secret('SLUICE_PRINTER_TOKEN', env.SLUICE_PRINTER_TOKEN, env.SLUICE_PRINTER_TOKEN_FILE),
    ingestToken: secret('SLUICE_INGEST_TOKEN', env.SLUICE_INGEST_TOKEN, env.SLUICE_INGEST_TOKEN_FILE),
    host: env.SLUICE_HOST,
    port: env.SLUICE_PORT,
    logLevel: env.SLUICE_LOG_LEVEL,
    namespace: env.SLUICE_ID_NAMESPACE,
    base: env.SLUICE_ID_BASE,
    files: env.SLUICE_FILES_BASE,
    gatesAnchor: resolve(env.SLUICE_GATES_ANCHOR ?? join(env.SLUICE_HOME, 'gates', 'anchor.ndjson')),
    measurementDays: env.SLUICE_MEASUREMENT_DAYS,
    repair: env.SLUICE_REPAIR,
    reports: {
      runsFolder: resolve(env.SLUICE_DOS_RUNS ?? join(env.SLUICE_HOME, 'dos-runs')),
      target: 'dynamodb',
      outDir: env.SLUICE_PAS_OUT === undefined ? undefined : resolve(env.SLUICE_PAS_OUT),
    },
    prefix: env.SLUICE_INSTANCE === undefined ? '' : `${env.SLUICE_INSTANCE}_`,
    worker: env.SLUICE_WORKER ?? `worker-${process.pid}-${process.hrtime.bigint().toString(36)}`,
    operator: env.USER ?? 'unknown',
  };
}

/** Only what is set: an undefined option would go before its default. */
const given = <T extends object>(options: T) =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as {
    readonly [K in keyof T]?: NonNullable<T[K]>;
  };

function awsKeys(env: z.infer<typeof Environment>): AwsCredentials {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_SESSION_TOKEN: token } = env;
  if (accessKeyId === undefined) throw new SluiceError('CONFIG_INVALID', 'AWS_ACCESS_KEY_ID: is missing');
  if (secretAccessKey === undefined) throw new SluiceError('CONFIG_INVALID', 'AWS_SECRET_ACCESS_KEY: is missing');
  return { accessKeyId, secretAccessKey, ...(token === undefined ? {} : { sessionToken: token }) };
}

function legacyFiles(env: z.infer<typeof Environment>): Config['legacyFiles'] {
  const url = env.SLUICE_LEGACY_S3_URL;
  if (url === undefined) return {};
  const own = {
    ...env,
    AWS_ACCESS_KEY_ID: env.SLUICE_LEGACY_S3_ACCESS_KEY_ID ?? env.AWS_ACCESS_KEY_ID,
    AWS_SECRET_ACCESS_KEY: env.SLUICE_LEGACY_S3_SECRET_ACCESS_KEY ?? env.AWS_SECRET_ACCESS_KEY,
    AWS_SESSION_TOKEN: env.SLUICE_LEGACY_S3_ACCESS_KEY_ID === undefined ? env.AWS_SESSION_TOKEN : undefined,
  };
  return { s3: { url, region: env.AWS_REGION }, awsKeys: () => awsKeys(own) };
}

function secret(name: string, value: string | undefined, file: string | undefined): string | undefined {
  if (value !== undefined || file === undefined) return value;
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    throw new SluiceError('CONFIG_INVALID', `${name}_FILE: the file cannot be read`);
  }
}

function postgresUrl(server: ServerDefaults['postgres'], database: string): string {
  const login = `${encodeURIComponent(server.user)}:${encodeURIComponent(server.password)}`;
  return `postgres://${login}@${server.host}:${server.port}/${database}`;
}
