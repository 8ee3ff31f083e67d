import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { createWriteStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { type Config, loadConfig } from '../../src/app/config.ts';
import { dynamoDbTables } from '../../src/app/dynamodb.ts';
import { connectorFolder, topicFolder } from '../../src/app/folders.ts';
import { type OpenPipeline, openPipeline } from '../../src/app/pipeline.ts';
import { type OpenProbes, openProbes } from '../../src/app/probes.ts';
import { readPipeline } from '../../src/app/readings.ts';
import { isWell, judge, type PipelineStatus } from '../../src/app/status.ts';
import { silentLog } from '../../src/core/index.ts';
import { parseAddress, seedDos, seedSupabase } from '../../src/rehearsal/index.ts';
import {
  applyConnector,
  applyTopics,
  type ConnectorPlace,
  readConnector,
  readTopics,
  removeConnector,
} from '../../src/source/index.ts';
import type { StackAddresses } from '../../src/stack/index.ts';
import { openItems } from './dynamodb-items.ts';
import { seedPas } from './pas-staging.ts';
import { urlOf } from './service-database.ts';

export const CRASH_POINTS = new URL('./crash-points.mjs', import.meta.url).href;
const SILENT_CLIENT = new URL('./silent-client.mjs', import.meta.url).href;
const SLUICE = fileURLToPath(new URL('../../bin/sluice.js', import.meta.url));

/** Converters other than those of connectors/, for showing that both decoders come to the same. */
export const JSON_CONVERTERS: Readonly<Record<string, string>> = Object.fromEntries(
  ['key', 'value'].flatMap((side) => [
    [`${side}.converter`, 'org.apache.kafka.connect.json.JsonConverter'],
    [`${side}.converter.schemas.enable`, 'false'],
    [`${side}.converter.replace.null.with.default`, 'false'],
  ]),
);

export interface RigOptions {
  /** `supabase` unless told */
  readonly migration?: 'supabase' | 'dos' | 'pas';
  /** how many of its main thing are seeded: submissions, services, patients */
  readonly rows: number;
  readonly seed?: bigint;
  /** of `supabase`: rows nobody has made false on purpose */
  readonly clean?: true;
  /** settings that go before those of the connector's file */
  readonly connector?: Readonly<Record<string, string>>;
  /** settings other than the stack's own */
  readonly variables?: Readonly<Record<string, string>>;
  /** false: nothing is captured before `capture` is called */
  readonly captured?: false;
  /** where the service database lies, other than with the rest */
  readonly tablespace?: string;
}

export interface WorkerProcess {
  readonly child: ChildProcess;
  readonly port: number;
  /** everything it has logged */
  log(): string;
  exited: Promise<number | null>;
}

/**
 * A whole migration as an instance of its own on the shared servers: own databases, topics, connector, consumer group,
 * FHIR identities and DynamoDB tables, seeded and captured. Workers are started by the test.
 */
export interface Rig {
  readonly migration: string;
  readonly config: Config;
  readonly variables: Readonly<Record<string, string>>;
  readonly place: ConnectorPlace;
  readonly source: pg.Client;
  readonly open: OpenPipeline;
  /**
   * @param crashAt a point of crash-points.mjs, e.g. `landed:2`
   * @param name a worker under its predecessor's name has its lanes at once; another waits until the leases lapse
   */
  startWorker(args?: readonly string[], crashAt?: string, name?: string): WorkerProcess;
  /** A process that only sends to the FHIR server. */
  startFhirSync(name: string): WorkerProcess;
  /** A worker with other settings, e.g. another ledger. */
  startWorkerWith(variables: Readonly<Record<string, string>>): WorkerProcess;
  /** A worker whose Kafka client goes silent on SIGWINCH, in one of the ways of silent-client.mjs. */
  startSilenceable(how: 'fetches' | 'connections'): WorkerProcess;
  sluice(...args: string[]): Promise<{ code: number | null; out: string; err: string }>;
  /** the same with other settings */
  sluiceWith(
    variables: Readonly<Record<string, string>>,
    ...args: string[]
  ): Promise<{ code: number | null; out: string; err: string }>;
  /** Begins capture, of a rig that was started without. */
  capture(): Promise<void>;
  status(): Promise<PipelineStatus>;
  /** Waits until everything committed at the source is at its targets. */
  settled(seconds?: number): Promise<void>;
  close(): Promise<void>;
}

export async function startRig(stack: StackAddresses, options: RigOptions): Promise<Rig> {
  const { migration = 'supabase' } = options;
  const instance = `t${randomBytes(4).toString('hex')}`;
  const root = new pg.Client(urlOf(stack.postgres, 'postgres'));
  await root.connect();
  await root.query(
    `create database ${instance}_services${options.tablespace ? ` tablespace ${options.tablespace}` : ''}`,
  );
  await root.query(`create database ${instance}_source`);
  const variables = {
    // CI turns colours on
    NO_COLOR: '1',
    SLUICE_INSTANCE: instance,
    [`SLUICE_${migration.toUpperCase()}_URL`]: urlOf(stack.postgres, `${instance}_source`),
    SLUICE_SERVICES_URL: urlOf(stack.postgres, `${instance}_services`),
    SLUICE_KAFKA_BROKERS: stack.kafka.join(','),
    SLUICE_CONNECT_URL: stack.connect,
    SLUICE_REGISTRY_URL: stack.registry,
    SLUICE_REGISTRY_NATIVE_URL: stack.registryNative,
    SLUICE_FHIR_URL: stack.fhir,
    SLUICE_DYNAMODB_URL: stack.dynamodb,
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    SLUICE_ID_NAMESPACE: randomUUID(),
    ...options.variables,
  };
  const config = loadConfig(stack, variables);
  const seed = { supabase: seedSupabase, dos: seedDos, pas: seedPas }[migration];
  const purity = options.clean ? { dirty: 0 } : {};
  await seed(parseAddress(config.sourceUrl(migration)), { rows: options.rows, seed: options.seed ?? 7n, ...purity });
  const open = openPipeline(config, migration);
  if (open.migration.dynamodb) await dynamoDbTables(config, migration).create();
  await open.admin.applySchemas(open.folders);
  await applyTopics(config.kafka, await readTopics(topicFolder, migration, config.prefix), { force: false }, silentLog);
  const definition = await readConnector(connectorFolder, migration, config.prefix);
  const converters = Object.entries(definition.config).filter(([name]) => !/^(key|value)\.converter/.test(name));
  const own = options.connector?.['key.converter'] ? Object.fromEntries(converters) : definition.config;
  const connector = { ...definition, config: { ...own, ...options.connector } };
  const place: ConnectorPlace = {
    connectUrl: stack.connect,
    sourceUrl: config.sourceUrl(migration),
    variables: {
      'postgres.host': stack.postgres.host,
      'postgres.port': String(stack.postgres.port),
      'postgres.user': stack.postgres.user,
      'postgres.database': `${instance}_source`,
      kafka: stack.kafka.join(','),
      registry: stack.registryNative,
    },
  };
  const capture = async (): Promise<void> =>
    void (await applyConnector(connector, place, { newEpoch: false, dryRun: false }));
  if (options.captured !== false) await capture();
  const source = new pg.Client(config.sourceUrl(migration));
  await source.connect();
  const probes = await openProbes(config, migration);
  const logs = mkdtempSync(join(tmpdir(), 'sluice-rig-'));
  const workers: WorkerProcess[] = [];
  const status = async (): Promise<PipelineStatus> => judge(open.name, await readPipeline(open, probes), null, 1);

  const spawned = (
    variables: Readonly<Record<string, string>>,
    args: readonly string[],
    watched: readonly string[],
  ) => {
    const worker = spawnWorker(variables, join(logs, `${workers.length}.log`), args, watched);
    workers.push(worker);
    return worker;
  };

  return {
    migration,
    config,
    variables,
    place,
    source,
    open,
    status,
    capture,
    startWorker(args = [], crashAt, name = `worker-${workers.length}`) {
      const watched = crashAt === undefined ? [] : ['--import', CRASH_POINTS];
      const settings = { ...variables, SLUICE_WORKER: name, SLUICE_CRASH_AT: crashAt ?? '' };
      return spawned(settings, [migration, ...args], watched);
    },
    startFhirSync: (name) => spawned({ ...variables, SLUICE_WORKER: name }, ['fhir-sync', migration], []),
    startWorkerWith: (others) => spawned({ ...variables, ...others }, [migration], ['--import', CRASH_POINTS]),
    startSilenceable(how) {
      const settings = { ...variables, SLUICE_WORKER: `worker-${workers.length}`, SLUICE_SILENCE: how };
      return spawned(settings, [migration], ['--import', SILENT_CLIENT]);
    },
    sluice: (...args) => runSluice(variables, args),
    sluiceWith: runSluiceWith,
    settled: (seconds = 60) => settled(source, `${config.prefix}sluice_${migration}`, status, seconds),
    async close() {
      for (const { child, exited } of workers) {
        child.kill('SIGCONT');
        child.kill('SIGTERM');
        await Promise.race([exited, new Promise((resolve) => setTimeout(resolve, 10_000).unref())]);
        child.kill('SIGKILL');
      }
      await closeAll(probes, source, open);
      await removeConnector(connector, place, { purge: true });
      const items = openItems(config);
      for (const { table } of open.migration.dynamodb?.tables ?? [])
        await items.client.call('DeleteTable', { TableName: items.named(table) });
      await root.query(`drop database ${instance}_source with (force)`);
      await root.query(`drop database ${instance}_services with (force)`);
      await root.end();
      rmSync(logs, { recursive: true, force: true });
    },
  };
}

async function closeAll(probes: OpenProbes, source: pg.Client, open: OpenPipeline): Promise<void> {
  await probes.close();
  await source.end();
  await open.close();
}

function spawnWorker(
  variables: Readonly<Record<string, string>>,
  file: string,
  args: readonly string[],
  preload: readonly string[],
): WorkerProcess {
  // below what stacks and outgoing connections use
  const port = 18_000 + Math.floor(Math.random() * 2_000);
  // there from now on, though nothing is in it yet
  writeFileSync(file, '');
  const out = createWriteStream(file);
  const call = [...preload, SLUICE, 'run', ...args, '--port', String(port)];
  const child = spawn(process.execPath, call, {
    env: { ...process.env, ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stdout?.pipe(out);
  child.stderr?.pipe(out);
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  return { child, port, exited, log: () => readFileSync(file, 'utf8') };
}

const runSluiceWith = (variables: Readonly<Record<string, string>>, ...args: string[]) => runSluice(variables, args);

function runSluice(variables: Readonly<Record<string, string>>, args: readonly string[]) {
  const child = spawn(process.execPath, [SLUICE, ...args], { env: { ...process.env, ...variables } });
  const text = { out: '', err: '' };
  child.stdout.on('data', (chunk) => {
    text.out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    text.err += chunk;
  });
  return new Promise<{ code: number | null; out: string; err: string }>((resolve) =>
    child.once('close', (code) => resolve({ code, ...text })),
  );
}

/** First that capture has passed the source's end, then that nothing is owed by any flow. */
async function settled(
  source: pg.Client,
  slot: string,
  status: () => Promise<PipelineStatus>,
  seconds: number,
): Promise<void> {
  const { rows } = await source.query<{ end: string }>('select pg_current_wal_insert_lsn()::text as end');
  const until = Date.now() + seconds * 1000;
  let last = 'nothing was read';
  while (Date.now() < until) {
    const passed = await source.query<{ passed: boolean }>(
      'select confirmed_flush_lsn >= $2::pg_lsn as passed from pg_replication_slots where slot_name = $1',
      [slot, rows[0]?.end],
    );
    if (passed.rows[0]?.passed) {
      const now = await status();
      const owing = now.flows.filter(
        (flow) => flow.lagRecords !== 0 || flow.toDerive > 0 || flow.toSend > 0 || !isWell({ ...now, flows: [flow] }),
      );
      if (owing.length === 0) return;
      last = owing
        .map(
          (flow) =>
            `${flow.flow}: ${flow.verdict}, owes ${flow.lagRecords}/${flow.toDerive}/${flow.toSend}, ${flow.reason}`,
        )
        .join('; ');
    } else last = `capture has not passed ${rows[0]?.end}: ${JSON.stringify(passed.rows)}`;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  const connector = (await status()).connector;
  throw new Error(`not settled after ${seconds} s: ${last}; connector ${connector}`);
}
