import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import kafkajs from 'kafkajs';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { addresses, down, logs, PORTS, type StackSettings, stackSettings, status, up } from '../../src/stack/index.ts';
import { postgresData, runAs } from '../../src/stack/postgres-files.ts';
import { readRecord, startTime } from '../../src/stack/process-record.ts';

/*
 * A second stack beside the one of the run, of PostgreSQL and Kafka only. The tests go on from each other, in the order
 * in which a user would do these things.
 */

const SMALL = ['registry', 'connect', 'fhir', 'dynamodb', 'prometheus', 'alertmanager'] as const;
const parts = ['postgres', 'kafka'] as const;

let folder: string;
let settings: StackSettings;
/** every number a part ever ran under */
const pids = new Set<number>();

function small(home: string, given: Partial<StackSettings> = {}): StackSettings {
  const ports = Object.fromEntries(Object.entries(PORTS).map(([name, [, port]]) => [name, port + 2000]));
  return stackSettings({
    home: join(folder, home),
    ports: ports as StackSettings['ports'],
    provider: 'processes',
    password: 'lifecycle',
    without: SMALL,
    ...given,
  });
}

async function bringUp(): Promise<Record<string, string>> {
  const said: Record<string, string> = {};
  await up(settings, { waitForFhir: false }, (part, state, detail) => {
    said[part] = `${state} ${detail}`;
  });
  for (const part of parts) pids.add(readRecord(settings.home, part)?.pid as number);
  return said;
}

const pidOf = (part: string): number => readRecord(settings.home, part)?.pid as number;

async function stateOf(part: string): Promise<string | undefined> {
  return (await status(settings)).find((candidate) => candidate.part === part)?.state;
}

async function query(sql: string): Promise<unknown[]> {
  const client = new pg.Client({ ...addresses(settings).postgres, database: 'services' });
  await client.connect();
  const { rows } = await client.query(sql).finally(() => client.end());
  return rows;
}

async function onKafka<T>(work: (admin: kafkajs.Admin) => Promise<T>): Promise<T> {
  const brokers = [...addresses(settings).kafka];
  const admin = new kafkajs.Kafka({ brokers, logLevel: kafkajs.logLevel.NOTHING }).admin();
  await admin.connect();
  return work(admin).finally(() => admin.disconnect());
}

/** Everything that runs and names this folder in its arguments, children of PostgreSQL by their parent's number. */
function leftRunning(): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
        const parent = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[1];
        return command.includes(folder) || pids.has(Number(parent)) ? [`${pid} ${command.slice(0, 200)}`] : [];
      } catch {
        return [];
      }
    });
}

const refusal = (message: RegExp) => ({ code: 'CONFIG_INVALID', message: expect.stringMatching(message) as string });

beforeAll(async () => {
  // closed to other users, as mkdtemp makes it: PostgreSQL runs as one when this runs as root
  folder = mkdtempSync(join(tmpdir(), 'sluice-lifecycle-'));
  settings = small('home');
  await bringUp();
});

afterAll(async () => {
  for (const stack of [settings, small('other')]) await down(stack, { purge: true });
  rmSync(folder, { recursive: true, force: true });
});

test('a home closed to other users does, though PostgreSQL refuses to run as root', async () => {
  expect(statSync(folder).mode & 0o077).toBe(0);
  expect(await query('select 1 as one')).toEqual([{ one: 1 }]);
  const owner = Number(/Uid:\s+(\d+)/.exec(readFileSync(`/proc/${pidOf('postgres')}/status`, 'utf8'))?.[1]);
  expect(owner).toBe(runAs()?.uid ?? process.getuid?.());
  expect(owner).not.toBe(0);
});

test('what is left out is not started, and said to be', async () => {
  for (const part of SMALL) expect(await stateOf(part)).toBe('left out');
  for (const part of parts) expect(await stateOf(part)).toBe('running');
});

test('up again leaves what runs alone', async () => {
  const before = parts.map(pidOf);
  expect(await bringUp()).toEqual({ postgres: 'ready was running', kafka: 'ready was running' });
  expect(parts.map(pidOf)).toEqual(before);
});

test('two calls of up at once start one stack', async () => {
  process.kill(pidOf('postgres'), 'SIGKILL');
  await vi.waitFor(async () => expect(await stateOf('postgres')).toBe('dead'), { timeout: 10_000 });
  const said = await Promise.all([bringUp(), bringUp()]);
  expect(said.filter(({ postgres }) => postgres === 'ready was running')).toHaveLength(1);
});

describe('a part that was killed', () => {
  beforeAll(async () => {
    await query('create table kept (id int primary key)');
    await query('insert into kept values (1)');
    await onKafka((admin) => admin.createTopics({ topics: [{ topic: 'kept', numPartitions: 3 }] }));
  });

  test.each(parts)('%s is told by status and mended by up, without loss', async (part) => {
    const killed = pidOf(part);
    process.kill(killed, 'SIGKILL');
    await vi.waitFor(async () => expect(await stateOf(part)).toBe('dead'), { timeout: 10_000 });
    await bringUp();
    expect(pidOf(part)).not.toBe(killed);
    expect(await stateOf(part)).toBe('running');
    expect(await query('select id from kept')).toEqual([{ id: 1 }]);
    expect(await onKafka((admin) => admin.listTopics())).toContain('kept');
  });

  test('one that hangs is told, too', async () => {
    process.kill(pidOf('kafka'), 'SIGSTOP');
    try {
      expect(await stateOf('kafka')).toBe('not answering');
    } finally {
      process.kill(pidOf('kafka'), 'SIGCONT');
    }
  });
});

test('logs prints the last lines', async () => {
  const written = readFileSync(join(settings.home, 'logs', 'postgres.log'), 'utf8');
  expect(written).toContain('database system is ready to accept connections\n');
  let printed = '';
  const print = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += text;
    return true;
  });
  await logs(settings, 'postgres', { follow: false, lines: 3 }).finally(() => print.mockRestore());
  expect(printed.match(/\n/g)).toHaveLength(3);
  expect(written.endsWith(printed)).toBe(true);
  await expect(logs(settings, 'fhir', { follow: false, lines: 3 })).rejects.toMatchObject(refusal(/fhir .* no log/));
});

describe('what stands in the way is named', () => {
  const attempt = (other: StackSettings) => up(other, { waitForFhir: false });

  test('a port that another stack has', async () => {
    const other = small('other');
    await expect(attempt(other)).rejects.toMatchObject(refusal(/postgres: port 27432 .*SLUICE_POSTGRES_PORT/));
    expect(existsSync(join(other.home, 'data'))).toBe(false);
    expect((await status(other)).find(({ part }) => part === 'kafka')?.state).toBe('foreign');
  });

  test("the port of Kafka's controller, which nobody sees from outside", async () => {
    const foreign = createServer().listen(29_193, '127.0.0.1');
    try {
      const ports = { ...settings.ports, postgres: 29_132, kafka: 29_192, kafkaController: 29_193 };
      await expect(attempt(small('other', { ports }))).rejects.toMatchObject(
        refusal(/port 29193 .*SLUICE_KAFKA_CONTROLLER_PORT/),
      );
    } finally {
      foreign.close();
    }
  });

  test('a password that is not the one the data was made with', async () => {
    await expect(attempt({ ...settings, password: 'other' })).rejects.toMatchObject(refusal(/SLUICE_PG_PASSWORD/));
  });

  test('a missing java', async () => {
    const other = small('other', { environment: { PATH: '/nowhere' } });
    await expect(attempt(other)).rejects.toMatchObject(refusal(/^java cannot be used: install .*JDK 17/));
  });

  test('a missing mvn, when jars are to be fetched', async () => {
    const tools = join(folder, 'tools');
    mkdirSync(tools);
    const path = (process.env.PATH ?? '').split(delimiter);
    for (const tool of ['java', 'javac']) {
      const found = path.map((place) => join(place, tool)).find((candidate) => existsSync(candidate));
      symlinkSync(realpathSync(found as string), join(tools, tool));
    }
    const other = small('other', { environment: { PATH: tools }, cache: join(folder, 'cache') });
    await expect(attempt(other)).rejects.toMatchObject(refusal(/^mvn cannot be used: install Maven/));
  });
});

test('down leaves no process, and up finds the data again', async () => {
  const archive = readRecord(settings.home, 'kafka')?.archive;
  expect(leftRunning()).not.toEqual([]);
  await down(settings, { purge: false });
  for (const pid of pids) expect(startTime(pid)).toBeNull();
  expect(leftRunning()).toEqual([]);
  for (const part of parts) expect(await stateOf(part)).toBe('stopped');
  // the first end on a machine writes the class archive, which every later start uses
  if (archive) expect(existsSync(archive.kept)).toBe(true);
  await bringUp();
  expect(readFileSync(`/proc/${pidOf('kafka')}/cmdline`, 'utf8')).toContain('-XX:SharedArchiveFile=');
  expect(await query('select id from kept')).toEqual([{ id: 1 }]);
  expect(await onKafka((admin) => admin.listTopics())).toContain('kept');
});

test('a number that another process has by now is not ended', async () => {
  const stranger = spawn('sleep', ['60'], { stdio: 'ignore' });
  try {
    const other = small('stranger');
    mkdirSync(join(other.home, 'run'), { recursive: true });
    const record = { pid: stranger.pid, startedAt: '1', port: 1, since: new Date().toISOString() };
    writeFileSync(join(other.home, 'run', 'kafka.json'), JSON.stringify(record));
    await down(other, { purge: true });
    expect(startTime(stranger.pid as number)).not.toBeNull();
  } finally {
    stranger.kill();
  }
});

test('purge removes the home, and the data beside it', async () => {
  const data = postgresData(settings.home, runAs());
  expect(existsSync(data)).toBe(true);
  await down(settings, { purge: true });
  expect(existsSync(data)).toBe(false);
  expect(existsSync(settings.home)).toBe(false);
  expect(leftRunning()).toEqual([]);
});
