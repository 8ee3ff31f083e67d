import { spawn, spawnSync } from 'node:child_process';
import {
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { SluiceError } from '../core/index.ts';
import { JAVA_PARTS, type JavaPart } from './parts.ts';
import { postgresData, postgresPrograms, prepareData, type RunAs, runAs } from './postgres-files.ts';
import { isAlive, readRecord, removeRecord, residentMegabytes, writeRecord } from './process-record.ts';
import type { PartStatus, Progress, Provider } from './provider.ts';
import { PARTS, type PartName, PORTS, type StackSettings } from './settings.ts';
import { resolveJars } from './tools.ts';

const DATABASES = ['supabase', 'dos', 'pas', 'services', 'fhir'];

const sleep = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

function isListening(port: number): Promise<boolean> {
  return new Promise((answer) => {
    const socket = connect({ port, host: '127.0.0.1' });
    const end = (open: boolean): void => {
      socket.destroy();
      answer(open);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
    socket.setTimeout(2_000, () => end(false));
  });
}

const portOf = (settings: StackSettings, part: PartName): number => settings.ports[part];
const logOf = (settings: StackSettings, part: string): string => join(settings.home, 'logs', `${part}.log`);

async function refuseForeign(settings: StackSettings, part: PartName): Promise<void> {
  const port = portOf(settings, part);
  if (!(await isListening(port))) return;
  throw new SluiceError(
    'CONFIG_INVALID',
    `${part}: port ${port} is taken by a process that is not ours; end it or set ${PORTS[part][0]} to another port`,
  );
}

interface Start {
  readonly part: PartName;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly as?: { uid: number; gid: number };
}

/** Starts a process that outlives this one. */
function launch(settings: StackSettings, start: Start): number {
  mkdirSync(join(settings.home, 'logs'), { recursive: true });
  const out = openSync(logOf(settings, start.part), 'a');
  const child = spawn(start.command, [...start.args], {
    detached: true,
    stdio: ['ignore', out, out],
    cwd: start.cwd ?? '/',
    env: { ...process.env, ...start.env },
    ...(start.as ?? {}),
  });
  closeSync(out);
  child.unref();
  if (child.pid === undefined)
    throw new SluiceError('CONFIG_INVALID', `${start.part}: ${start.command} cannot be started`);
  writeRecord(settings.home, start.part, child.pid, portOf(settings, start.part));
  return child.pid;
}

function lastWords(settings: StackSettings, part: string): string {
  const lines = existsSync(logOf(settings, part))
    ? readFileSync(logOf(settings, part), 'utf8').trimEnd().split('\n')
    : [];
  return lines.slice(-3).join(' | ').slice(0, 400);
}

async function waitUntilReady(settings: StackSettings, part: PartName, seconds: number, ready: () => Promise<boolean>) {
  const until = Date.now() + seconds * 1000;
  while (Date.now() < until) {
    if (!isAlive(readRecord(settings.home, part))) {
      throw new SluiceError(
        'CONFIG_INVALID',
        `${part} ended while starting: ${lastWords(settings, part)}; see \`sluice logs ${part}\``,
      );
    }
    if ((await isListening(portOf(settings, part))) && (await ready().catch(() => false))) return;
    await sleep(100);
  }
  throw new SluiceError('CONFIG_INVALID', `${part} was not ready after ${seconds} s; see \`sluice logs ${part}\``);
}

function query(settings: StackSettings, database: string): pg.Client {
  const { password, ports } = settings;
  return new pg.Client({ host: '127.0.0.1', port: ports.postgres, user: 'postgres', password, database });
}

/** The password goes by a file of its own, for the arguments of a process can be read by all. */
function initialise(programs: string, data: string, password: string, as: RunAs | null): void {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-initdb-'));
  const secret = join(folder, 'password');
  writeFileSync(secret, `${password}\n`, { mode: 0o600 });
  if (as) for (const path of [folder, secret]) chownSync(path, as.uid, as.gid);
  try {
    const options = [
      '-U',
      'postgres',
      '-A',
      'scram-sha-256',
      '-E',
      'UTF8',
      '--locale=C',
      '--no-sync',
      `--pwfile=${secret}`,
    ];
    const made = spawnSync(join(programs, 'initdb'), ['-D', data, ...options], {
      ...(as ?? {}),
      cwd: '/',
      encoding: 'utf8',
    });
    if (made.status !== 0)
      throw new SluiceError('CONFIG_INVALID', `initdb failed: ${made.stderr.trim().slice(0, 400)}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function upPostgres(settings: StackSettings): Promise<void> {
  const as = runAs();
  const programs = postgresPrograms(as);
  const data = postgresData(settings.home, as);
  if (prepareData(data, as) === 'new') {
    initialise(programs, data, settings.password, as);
  }
  const options = {
    port: settings.ports.postgres,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    wal_level: 'logical',
    max_replication_slots: 32,
    max_wal_senders: 32,
    max_slot_wal_keep_size: '4GB',
    max_connections: 200,
    track_commit_timestamp: 'on',
    timezone: 'UTC',
    shared_buffers: '256MB',
    max_wal_size: '2GB',
  };
  const args = Object.entries(options).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  launch(settings, {
    part: 'postgres',
    command: join(programs, 'postgres'),
    args: ['-D', data, ...args],
    ...(as ? { as } : {}),
  });
  await waitUntilReady(settings, 'postgres', 60, async () => {
    const client = query(settings, 'postgres');
    try {
      await client.connect();
      const found = await client.query<{ datname: string }>('select datname from pg_database');
      const there = new Set(found.rows.map((row) => row.datname));
      for (const database of DATABASES) if (!there.has(database)) await client.query(`create database ${database}`);
      return true;
    } catch (error) {
      if ((error as { code?: string }).code !== '28P01') return false;
      throw new SluiceError(
        'CONFIG_INVALID',
        'PostgreSQL refuses the password: SLUICE_PG_PASSWORD differs from the one its data was made with',
      );
    } finally {
      await client.end().catch(() => undefined);
    }
  });
}

async function upJava(settings: StackSettings, part: JavaPart, jars: string): Promise<void> {
  const command = part.command(settings, jars);
  if (part.name === 'kafka') formatKafka(settings, jars, command.args.at(-1) as string);
  launch(settings, { part: part.name, command: 'java', ...command });
  await waitUntilReady(settings, part.name, part.patienceSeconds, () => part.ready(settings));
}

function formatKafka(settings: StackSettings, jars: string, properties: string): void {
  if (existsSync(join(settings.home, 'data', 'kafka', 'meta.properties'))) return;
  const id = 'MkU3OEVBNTcwNTJENDM2Qk';
  const args = [
    '-XX:TieredStopAtLevel=1',
    '-cp',
    join(jars, 'kafka', '*'),
    'kafka.tools.StorageTool',
    'format',
    '-t',
    id,
    '-c',
    properties,
  ];
  const made = spawnSync('java', args, { encoding: 'utf8' });
  if (made.status !== 0)
    throw new SluiceError('CONFIG_INVALID', `Kafka's storage cannot be formatted: ${made.stderr.slice(-300)}`);
}

/** SIGTERM, then SIGKILL to what does not go. Answers when the process is gone. */
async function end(settings: StackSettings, part: string, seconds: number): Promise<void> {
  const record = readRecord(settings.home, part);
  if (isAlive(record)) {
    // SIGINT lets PostgreSQL end its clients at once; SIGTERM would wait for them
    process.kill(record.pid, part === 'postgres' ? 'SIGINT' : 'SIGTERM');
    const until = Date.now() + seconds * 1000;
    while (isAlive(record) && Date.now() < until) await sleep(50);
    if (isAlive(record)) process.kill(record.pid, 'SIGKILL');
    while (isAlive(record)) await sleep(20);
  }
  removeRecord(settings.home, part);
}

/** Parts as plain processes of this machine. */
export const processes: Provider = {
  async up(settings, options, say) {
    const wanted = PARTS.filter((part) => !settings.without.includes(part));
    const missing: PartName[] = [];
    for (const part of wanted) {
      const alive = isAlive(readRecord(settings.home, part));
      if (alive && (await isListening(portOf(settings, part)))) say(part, 'ready', 'was running');
      else missing.push(part);
    }
    if (missing.length === 0) return;
    const jars = missing.some((part) => part !== 'postgres')
      ? await resolveJars(settings.cache, (what) => say('jars', 'working', what))
      : '';
    for (const part of missing) {
      // a part of ours that lives and does not listen is half dead: it is ended and started anew
      await end(settings, part, 10);
      await refuseForeign(settings, part);
    }
    const starting = new Map<PartName, Promise<void>>();
    const begin = (part: PartName, after: readonly PartName[], work: () => Promise<void>): void => {
      if (!missing.includes(part)) return;
      const timed = async (): Promise<void> => {
        await Promise.all(after.map((other) => starting.get(other)));
        const began = Date.now();
        say(part, 'starting', '');
        await work();
        say(part, 'ready', `${((Date.now() - began) / 1000).toFixed(1)} s`);
      };
      starting.set(part, timed());
    };
    const java = (name: PartName): (() => Promise<void>) => {
      const part = JAVA_PARTS.find((candidate) => candidate.name === name) as JavaPart;
      return () => upJava(settings, part, jars);
    };
    begin('postgres', [], () => upPostgres(settings));
    begin('kafka', [], java('kafka'));
    begin('registry', [], java('registry'));
    begin('connect', ['kafka'], java('connect'));
    begin('dynamodb', ['kafka'], java('dynamodb'));
    // The FHIR server takes longest and eats both cores while it starts: the others come first.
    const first = [...starting.keys()];
    if (options.waitForFhir) begin('fhir', first, java('fhir'));
    else if (missing.includes('fhir')) {
      starting.set(
        'fhir',
        Promise.all(first.map((part) => starting.get(part))).then(() => launchFhir(settings, jars, say)),
      );
    }
    const results = await Promise.allSettled(starting.values());
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
  },

  async down(settings, options, say) {
    for (const group of [['connect', 'fhir', 'dynamodb'], ['registry'], ['kafka'], ['postgres']]) {
      await Promise.all(
        group.map(async (part) => {
          if (readRecord(settings.home, part) === null) return;
          await end(settings, part, 25);
          say(part as PartName, 'stopped', '');
        }),
      );
    }
    if (!options.purge) return;
    rmSync(postgresData(settings.home, runAs()), { recursive: true, force: true });
    for (const folder of ['data', 'logs', 'run']) rmSync(join(settings.home, folder), { recursive: true, force: true });
  },

  async status(settings) {
    return Promise.all(PARTS.map((part) => statusOf(settings, part)));
  },

  async logs(settings, part, options) {
    const path = logOf(settings, part);
    if (!existsSync(path)) throw new SluiceError('CONFIG_INVALID', `${part} has written no log in ${settings.home}`);
    const child = spawn('tail', ['-n', String(options.lines), ...(options.follow ? ['-f'] : []), path], {
      stdio: 'inherit',
    });
    await new Promise((done) => child.once('exit', done));
  },
};

function launchFhir(settings: StackSettings, jars: string, say: Progress): void {
  const part = JAVA_PARTS.find((candidate) => candidate.name === 'fhir') as JavaPart;
  launch(settings, { part: 'fhir', command: 'java', ...part.command(settings, jars) });
  say('fhir', 'starting', 'goes on by itself; `sluice stack status` tells when it is ready');
}

async function statusOf(settings: StackSettings, part: PartName): Promise<PartStatus> {
  const port = portOf(settings, part);
  const record = readRecord(settings.home, part);
  const listening = await isListening(port);
  const base = { part, port, pid: null, since: null, rssMb: null };
  if (!isAlive(record)) {
    if (listening) return { ...base, state: 'foreign', detail: 'the port is taken by a process that is not ours' };
    if (record) return { ...base, state: 'dead', detail: 'it ended by itself; `sluice up` starts it again' };
    return { ...base, state: settings.without.includes(part) ? 'left out' : 'stopped', detail: '' };
  }
  const java = JAVA_PARTS.find((candidate) => candidate.name === part);
  const ready = listening && (await (java?.ready(settings) ?? Promise.resolve(true)).catch(() => false));
  const alive = { part, port, pid: record.pid, since: record.since, rssMb: residentMegabytes(record.pid) };
  return { ...alive, state: ready ? 'running' : 'starting', detail: ready ? '' : 'not ready yet' };
}
