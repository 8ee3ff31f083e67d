import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../../src/app/config.ts';
import { fillQueue, type QueueFilling, type QueueOut } from '../../../src/app/dos/queue.ts';
import { databaseFromSecret } from '../../../src/app/secrets.ts';
import { openSqs } from '../../../src/app/sqs.ts';
import type { Image } from '../../../src/core/index.ts';
import { levelOf, type Note } from '../../../src/migrations/dos/index.ts';
import { standBetween } from '../../support/dynamodb-between.ts';
import { sqsServer } from '../../support/sqs-server.ts';

const defaults = { postgres: { host: 'h', port: 1, user: 'u', password: 'p' } } as Parameters<typeof loadConfig>[0];
const config = loadConfig(defaults, { AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' });
const clock = { now: () => 0, sleep: async () => undefined };
const services = (count: number): readonly Image[] =>
  Array.from({ length: count }, (_, n) => ({
    id: n + 1,
    typeid: n % 2 === 0 ? 100 : 13,
    statusid: n % 5 === 0 ? 2 : 1,
  }));

async function fill(out: QueueOut, more: Partial<QueueFilling['request']> = {}, rows = services(95)) {
  const notes: Note[] = [];
  const request = {
    typeIds: null,
    statusIds: null,
    fullSync: true,
    recordId: null,
    serviceId: null,
    tableName: 'services',
    ...more,
  };
  const source = { kinds: async (after: number) => rows.filter(({ id }) => Number(id) > after) };
  const filled = await fillQueue({ request, source, out, clock, tell: (note) => void notes.push(note) });
  return { filled, notes };
}

function toSqs(url: string): QueueOut {
  const sqs = openSqs(config, url);
  const send: QueueOut['send'] = (batch) => sqs.send(batch.map(({ id, body }) => ({ id, body: JSON.stringify(body) })));
  return { name: url, send, close: async () => undefined };
}

describe('filling a queue of SQS', () => {
  test('sends ten a batch, ten batches at a time, in the order of the services', async () => {
    const server = await sqsServer();
    const { filled, notes } = await fill(toSqs(server.url), {}, services(234));
    await server.close();
    expect(filled).toEqual({ wanted: 234, sent: 234, failed: [] });
    expect(server.batches.map(({ length }) => length).sort((x, y) => x - y)).toEqual([4, ...Array(23).fill(10)]);
    // how many meet at the server is the machine's to say
    expect(server.most()).toBeGreaterThan(1);
    expect(server.most()).toBeLessThanOrEqual(10);
    expect(JSON.parse(server.held()[0] ?? '')).toMatchObject({
      type: 'dms_event',
      table_name: 'services',
      method: 'insert',
    });
    expect(notes.map(({ code }) => code).filter((code) => !/00[24]$/.test(code))).toEqual([
      'DM_QP_000',
      'DM_QP_001',
      'DM_QP_999',
    ]);
    expect(levelOf('DM_QP_003')).toBe('ERROR');
  });

  test('takes services of some types and statuses', async () => {
    const server = await sqsServer();
    const { filled } = await fill(toSqs(server.url), { typeIds: [100], statusIds: [1] });
    expect(filled.sent).toBe(services(95).filter(({ typeid, statusid }) => typeid === 100 && statusid === 1).length);
    expect((await fill(toSqs(server.url), { typeIds: [] })).filled).toEqual({ wanted: 0, sent: 0, failed: [] });
    expect((await fill(toSqs(server.url), { fullSync: false, serviceId: 7 })).filled.sent).toBe(1);
    await server.close();
  });

  test('sends again what was not taken, and tells of what never is', async () => {
    const server = await sqsServer({ refuse: (id, attempt) => id === '7' || (Number(id) % 10 === 3 && attempt < 3) });
    const { filled, notes } = await fill(toSqs(server.url));
    expect(filled).toEqual({ wanted: 95, sent: 94, failed: ['7'] });
    expect(server.held()).toHaveLength(94);
    const failed = notes.filter(({ code }) => code === 'DM_QP_003');
    expect(failed).toMatchObject([{ fields: { count: 1, failed: ['7'] } }]);
    await server.close();
  });

  test.each([
    ['QueueDoesNotExist', 'CONFIG_INVALID'],
    ['AccessDeniedException', 'UNAUTHORISED'],
  ])('stops at once for %s', async (fault, code) => {
    const server = await sqsServer({ fault: () => fault });
    await expect(fill(toSqs(server.url))).rejects.toMatchObject({ code });
    await server.close();
  });

  test('a queue that does not answer takes nothing, and all of it is told of', async () => {
    const { filled } = await fill(
      { name: 'away', send: toSqs('http://127.0.0.1:1/q').send, close: async () => undefined },
      {},
      services(3),
    );
    expect(filled).toEqual({ wanted: 3, sent: 0, failed: ['1', '2', '3'] });
  });
});

describe('the login of a database from a secret', () => {
  const login = { host: 'db.example', port: '5433', username: 'reader', password: 'p@ss/word', dbname: 'dos' };
  const asked = async (answer: object, status = 200) => {
    let body = '';
    const server = await standBetween('', async (_operation, _pass, sent) => {
      body = String(sent);
      return Response.json(answer, { status });
    });
    const here = loadConfig(defaults, {
      AWS_ACCESS_KEY_ID: 'a',
      AWS_SECRET_ACCESS_KEY: 'b',
      SLUICE_SECRETS_URL: server.url,
      SLUICE_ENVIRONMENT: 'dev',
    });
    try {
      return { url: await databaseFromSecret(here, 'replica-rds-credentials'), body };
    } finally {
      await server.close();
    }
  };

  test('is asked for by its whole name', async () => {
    const { url, body } = await asked({ SecretString: JSON.stringify(login) });
    expect(url).toBe('postgres://reader:p%40ss%2Fword@db.example:5433/dos');
    expect(JSON.parse(body)).toEqual({ SecretId: '/ftrs-dos/dev/replica-rds-credentials' });
  });

  test.each([
    [{ SecretString: '{"host":"db.example","password":"p@ss/word"}' }, 200, 'username, dbname'],
    [{ SecretString: 'p@ss/word' }, 200, 'the secret'],
    [{ __type: 'x#ResourceNotFoundException' }, 400, 'ResourceNotFoundException'],
  ])('what is wrong with it is told without what it holds', async (answer, status, words) => {
    const error = await asked(answer, status).catch((thrown: Error) => thrown);
    expect(error).toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining(words) });
    expect(String((error as Error).message)).not.toContain('p@ss');
  });
});
