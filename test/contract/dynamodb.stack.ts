import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { systemClock } from '../../src/app/clock.ts';
import type { Delivery, JsonObject, Sink } from '../../src/core/index.ts';
import { journalOf, stampsAfter, TABLE_TARGETS, tableName } from '../../src/migrations/dos/index.ts';
import {
  createDynamoDbSink,
  createTables,
  type DynamoDbSinkOptions,
  describeTables,
} from '../../src/sinks/dynamodb/index.ts';
import { standBetween } from '../support/dynamodb-between.ts';
import { dropTables } from '../support/dynamodb-items.ts';
import { sinkContract } from './sink-contract.ts';

const workspace = `t${randomUUID().slice(0, 8)}`;
const { organisation, state, versionHistory } = TABLE_TARGETS;
const credentials = async () => ({ accessKeyId: 'local', secretAccessKey: 'local' });

const options = (more: Partial<DynamoDbSinkOptions> = {}): DynamoDbSinkOptions => ({
  url: inject('stack').dynamodb,
  region: 'eu-west-2',
  credentials,
  clock: systemClock,
  targets: Object.values(TABLE_TARGETS),
  tableName: ({ table }) => tableName(table, 'test', workspace),
  ...more,
});
const open = (more: Partial<DynamoDbSinkOptions> = {}): Sink => createDynamoDbSink(options(more));

/** DynamoDB itself, past the sink. */
async function dynamodb(operation: string, input: object): Promise<JsonObject> {
  const headers = {
    'content-type': 'application/x-amz-json-1.0',
    'x-amz-target': `DynamoDB_20120810.${operation}`,
    'x-amz-date': '20260101T000000Z',
    authorization:
      'AWS4-HMAC-SHA256 Credential=local/20260101/eu-west-2/dynamodb/aws4_request, SignedHeaders=host, Signature=0',
  };
  const response = await fetch(inject('stack').dynamodb, { method: 'POST', headers, body: JSON.stringify(input) });
  const body = (await response.json()) as JsonObject;
  if (response.status !== 200) throw new Error(`${operation}: ${String(body.__type)}`);
  return body;
}

const organisations = tableName('organisation', 'test', workspace);
const keyed = (id: string) => ({ id: { S: id }, field: { S: 'document' } });
const itemNow = async (id: string) =>
  (await dynamodb('GetItem', { TableName: organisations, Key: keyed(id), ConsistentRead: true })).Item as
    | JsonObject
    | undefined;
const idOf = (id: string): string => JSON.stringify([id, 'document']);

const sent = (id: string, revision: bigint, name: string, more: Partial<Delivery> = {}): Delivery => ({
  target: organisation.name,
  id: idOf(id),
  revision,
  content: { id, field: 'document', name },
  ...more,
});

beforeAll(async () => {
  await createTables(options());
});
afterAll(() => dropTables(options()));

const content = (id: string, text: string): JsonObject => {
  const [own] = JSON.parse(id) as [string];
  return {
    id: own,
    field: 'document',
    name: text,
    active: true,
    endpoints: [{ order: 1, comment: null }],
    telecom: { email: 'surgery@nhs.net' },
  };
};

sinkContract('DynamoDB', async () => ({
  sink: open(),
  target: organisation.name,
  freshId: () => idOf(randomUUID()),
  content,
  impossible: (id) => ({ ...content(id, 'x'), identifier_ODS_ODSCode: 5 }),
  close: async () => undefined,
}));

describe('the tables', () => {
  it('are made once, with the keys, indexes and streams of their targets', async () => {
    expect(await createTables(options())).toEqual([]);
    const states = await describeTables(options());
    expect(states.map(({ status, drift }) => [status, drift])).toEqual(states.map(() => ['ACTIVE', []]));
    const wrong = { ...organisation, key: ['id'], indexes: { Other: ['name'] } };
    expect((await describeTables(options({ targets: [wrong] })))[0]?.drift).toEqual(['key', 'index Other']);
  });

  it('that are missing stop the sink and say how they are made', async () => {
    const sink = open({ tableName: () => 'nowhere' });
    const halted = expect.objectContaining({ code: 'TARGET_TABLE_MISSING' });
    await expect(sink.probe()).rejects.toEqual(halted);
    await expect(sink.deliver([sent(randomUUID(), 1n, 'x')])).rejects.toEqual(halted);
  });

  it('are left as they were by the probe', async () => {
    const before = await dynamodb('Scan', { TableName: organisations, Select: 'COUNT' });
    await open().probe();
    expect(await dynamodb('Scan', { TableName: organisations, Select: 'COUNT' })).toEqual(before);
  });
});

describe('values', () => {
  it('come back as they went', async () => {
    const id = randomUUID();
    const values = {
      none: null,
      yes: true,
      small: -7,
      half: 0.5,
      big: '9007199254740993',
      empty: '',
      list: [1, [null]],
    };
    const delivery = { ...sent(id, 2n ** 62n, 'x'), content: { id, field: 'document', ...values } };
    await open().deliver([delivery]);
    const { revision, content: held } = (await open().read(organisation.name, [idOf(id)]))[0] ?? {};
    expect([revision, held]).toEqual([2n ** 62n, delivery.content]);
  });

  it('beyond what a JavaScript number holds come back as text', async () => {
    const id = randomUUID();
    const numbers = { big: { N: '9007199254740993' }, long: { N: '1.2345678901234567890123' } };
    await dynamodb('PutItem', { TableName: organisations, Item: { ...keyed(id), ...numbers } });
    const [held] = await open().read(organisation.name, [idOf(id)]);
    expect(held?.content).toMatchObject({ big: '9007199254740993', long: '1.2345678901234567890123' });
  });

  it('that are null and an index key are left out', async () => {
    const id = randomUUID();
    const none = { id, field: 'document', identifier_ODS_ODSCode: null, name: null };
    expect(await open().deliver([{ ...sent(id, 1n, 'x'), content: none }])).toEqual([{ kind: 'applied', etag: '1' }]);
    expect(await itemNow(id)).toEqual({ ...keyed(id), name: { NULL: true }, sluice_revision: { N: '1' } });
  });
});

describe('what was there before', () => {
  it('is restored whole when somebody deleted it', async () => {
    const id = randomUUID();
    await open().deliver([sent(id, 1n, 'one')]);
    await dynamodb('DeleteItem', { TableName: organisations, Key: keyed(id) });
    expect(await open().deliver([sent(id, 2n, 'two', { etag: '1' })])).toEqual([{ kind: 'applied', etag: '2' }]);
    expect(await open().read(organisation.name, [idOf(id)])).toEqual([
      { id: idOf(id), revision: 2n, content: { id, field: 'document', name: 'two' } },
    ]);
  });

  it('is not written again by the same revision, and keeps its stamps when only the revision rises', async () => {
    const id = randomUUID();
    const stamped = (revision: bigint, at: string): Delivery =>
      sent(id, revision, 'same', { stamps: { lastUpdated: at } });
    await open().deliver([stamped(1n, 'Monday')]);
    await open().deliver([stamped(1n, 'Tuesday')]);
    expect(await itemNow(id)).toMatchObject({ lastUpdated: { S: 'Monday' }, sluice_revision: { N: '1' } });
    await open().deliver([stamped(2n, 'Wednesday')]);
    expect(await itemNow(id)).toMatchObject({ lastUpdated: { S: 'Monday' }, sluice_revision: { N: '2' } });
    await open().deliver([sent(id, 3n, 'other', { stamps: { lastUpdated: 'Thursday' } })]);
    expect(await itemNow(id)).toMatchObject({ lastUpdated: { S: 'Thursday' }, sluice_revision: { N: '3' } });
  });

  it('is parked when somebody else wrote it, and taken over only when told', async () => {
    const id = randomUUID();
    await dynamodb('PutItem', { TableName: organisations, Item: { ...keyed(id), name: { S: 'Foreign' } } });
    const ours = sent(id, 1n, 'Ours');
    expect(await open().deliver([ours])).toMatchObject([{ kind: 'park', code: 'FOREIGN_WRITER' }]);
    expect(await itemNow(id)).toMatchObject({ name: { S: 'Foreign' } });
    expect(await open({ adopt: true }).deliver([ours])).toEqual([{ kind: 'applied', etag: '1' }]);
  });

  it('is removed by a newer revision, and a late older one does not bring it back', async () => {
    const id = randomUUID();
    await open().deliver([sent(id, 1n, 'one')]);
    await open().deliver([sent(id, 3n, '', { content: null })]);
    expect(await open().read(organisation.name, [idOf(id)])).toEqual([]);
    expect(await open().deliver([sent(id, 2n, 'late')])).toEqual([{ kind: 'superseded', etag: '3' }]);
    expect(await open().read(organisation.name, [idOf(id)])).toEqual([]);
    await open().deliver([sent(id, 4n, 'again')]);
    expect(await open().read(organisation.name, [idOf(id)])).toMatchObject([{ revision: 4n }]);
  });

  it('stays for ever where entries are appended', async () => {
    const entry = randomUUID();
    const change = (revision: bigint, what: string): Delivery => {
      const id = JSON.stringify([entry, 'now']);
      return { target: versionHistory.name, id, revision, content: { entity_id: entry, timestamp: 'now', what } };
    };
    await open().deliver([change(1n, 'first')]);
    expect(await open().deliver([change(2n, 'second')])).toEqual([{ kind: 'superseded', etag: '1' }]);
  });
});

describe('a document and its state', () => {
  const pair = (id: string, revision: bigint, code: string | number): Delivery[] => {
    const orderKey = `services#${id}`;
    const document = { id, field: 'document', name: `revision ${revision}`, identifier_ODS_ODSCode: code };
    return [
      { ...sent(id, revision, ''), content: document, orderKey },
      { target: state.name, id: orderKey, revision, content: { source_record_id: orderKey, at: id }, orderKey },
    ];
  };

  it('go in one transaction', async () => {
    const between = await standBetween(inject('stack').dynamodb, (_, pass) => pass());
    const sink = open({ url: between.url });
    const id = randomUUID();
    expect((await sink.deliver(pair(id, 1n, 'A81001'))).map(({ kind }) => kind)).toEqual(['applied', 'applied']);
    expect(between.seen).toEqual(['TransactWriteItems']);
    expect((await sink.deliver(pair(id, 2n, 'A81001'))).map(({ kind }) => kind)).toEqual(['applied', 'applied']);
    // it was not known what is there, so the first try tells
    expect(between.seen.slice(1)).toEqual(['TransactWriteItems', 'TransactWriteItems']);
    await between.close();
  });

  it('are both refused when one is, and both held up by nobody else', async () => {
    const [bad, good] = [randomUUID(), randomUUID()];
    const outcomes = await open().deliver([...pair(bad, 1n, 5), ...pair(good, 1n, 'A81002')]);
    expect(outcomes.map(({ kind }) => kind)).toEqual(['park', 'park', 'applied', 'applied']);
    expect(await open().read(state.name, [`services#${bad}`])).toEqual([]);
  });

  it('go on when one of them is there already', async () => {
    const id = randomUUID();
    const [document, itsState] = pair(id, 3n, 'A81003') as [Delivery, Delivery];
    await open().deliver([document]);
    expect((await open().deliver([document, itsState])).map(({ kind }) => kind)).toEqual(['applied', 'applied']);
    expect(await open().read(state.name, [itsState.id])).toHaveLength(1);
  });
});

describe('audit fields of a service', () => {
  const sink = () => open({ stamp: stampsAfter });
  const by = (value: string): JsonObject => ({ type: 'app', value, display: value });
  const written = (id: string, revision: bigint, name: string, at: string): Delivery => {
    const stamps = { created: at, createdBy: by('A'), lastUpdated: at, lastUpdatedBy: by('A') };
    return sent(id, revision, name, { stamps });
  };

  it('say who made it and when, whatever comes later, and begin anew with an item that was deleted', async () => {
    const id = randomUUID();
    await sink().deliver([written(id, 1n, 'one', '2026-01-01T10:00:00Z')]);
    await sink().deliver([written(id, 2n, 'two', '2026-02-02T10:00:00.5Z')]);
    expect(await itemNow(id)).toMatchObject({
      created: { S: '2026-01-01T10:00:00Z' },
      lastUpdated: { S: '2026-02-02T10:00:00.5+00:00' },
    });
    await dynamodb('DeleteItem', { TableName: organisations, Key: keyed(id) });
    await sink().deliver([{ ...written(id, 3n, 'three', '2026-03-03T10:00:00Z'), etag: '2' }]);
    expect(await itemNow(id)).toMatchObject({ created: { S: '2026-03-03T10:00:00Z' }, createdBy: { M: {} } });
  });

  it('count the versions of a state and keep the issues it first came with', async () => {
    const id = `services#${randomUUID()}`;
    const states = tableName(state.table, 'test', workspace);
    const change = (revision: bigint, at: string, issue: string): Delivery => {
      const content = { source_record_id: id, at };
      return { target: state.name, id, revision, content, stamps: { validation_issues: [issue] } };
    };
    const now = async () =>
      (await dynamodb('GetItem', { TableName: states, Key: { source_record_id: { S: id } } })).Item;
    for (const [revision, at] of [
      [1n, 'one'],
      [2n, 'one'],
      [3n, 'three'],
    ] as const)
      await sink().deliver([change(revision, at, `issue ${revision}`)]);
    expect(await now()).toMatchObject({ version: { N: '2' }, validation_issues: { L: [{ S: 'issue 1' }] } });
    expect(await sink().read(state.name, [id])).toMatchObject([{ content: { source_record_id: id, at: 'three' } }]);
  });
});

describe('documents inside a state', () => {
  it('have audit fields of their own, which are those of their last change', async () => {
    const id = `services#${randomUUID()}`;
    const audit = (at: string): JsonObject => ({ created: at, createdBy: 'A', lastUpdated: at, lastUpdatedBy: 'A' });
    const change = (revision: bigint, at: string, town: string): Delivery => ({
      target: state.name,
      id,
      revision,
      content: {
        source_record_id: id,
        organisation: { id: 'o' },
        location: { id: 'l', town },
        healthcare_service: null,
      },
      stamps: { validation_issues: [], organisation: audit(at), location: audit(at) },
    });
    const sink = open({ stamp: stampsAfter });
    const now = async () =>
      (
        await dynamodb('GetItem', {
          TableName: tableName(state.table, 'test', workspace),
          Key: { source_record_id: { S: id } },
        })
      ).Item as JsonObject;
    await sink.deliver([change(1n, 'one', 'Here')]);
    await sink.deliver([change(2n, 'two', 'Here')]);
    expect(await now()).toMatchObject({ version: { N: '1' }, sluice_revision: { N: '2' } });
    await sink.deliver([change(3n, 'three', 'There')]);
    expect(await now()).toMatchObject({
      version: { N: '2' },
      organisation: { M: { created: { S: 'one' }, id: { S: 'o' } } },
      location: { M: { created: { S: 'three' }, town: { S: 'There' } } },
    });
    expect((await sink.read(state.name, [id]))[0]?.content).toEqual(change(3n, '', 'There').content);
  });
});

describe('the version history', () => {
  let second = 0;
  const stamped = (id: string, revision: bigint, name: string): Delivery => {
    second += 1;
    const at = `2026-01-01T00:00:${String(second).padStart(2, '0')}Z`;
    return sent(id, revision, name, { stamps: { created: at, lastUpdated: at, lastUpdatedBy: 'A' } });
  };
  const told = async (id: string): Promise<unknown[]> => {
    const { Items } = await dynamodb('Query', {
      TableName: tableName('version-history', 'test', workspace),
      KeyConditionExpression: 'entity_id = :e',
      ExpressionAttributeValues: { ':e': { S: `organisation#${id}#document` } },
    });
    return (Items as { change_type: { S: string } }[]).map(({ change_type: type }) => type.S);
  };
  const telling = (more: Partial<DynamoDbSinkOptions> = {}): Sink =>
    open({ stamp: stampsAfter, journal: (target, before, after) => journalOf(target, before, after, ''), ...more });

  it('has one entry for each change, and none for a write that says nothing new', async () => {
    const id = randomUUID();
    const sink = telling();
    await sink.deliver([stamped(id, 1n, 'one')]);
    await sink.deliver([stamped(id, 1n, 'one')]);
    await sink.deliver([stamped(id, 2n, 'one')]);
    await sink.deliver([stamped(id, 3n, 'two')]);
    expect(await told(id)).toEqual(['CREATE', 'UPDATE']);
  });

  it('has one entry for a write that was carried out and not acknowledged, or that lost a race first', async () => {
    const id = randomUUID();
    let calls = 0;
    const between = await standBetween(inject('stack').dynamodb, async (operation, pass) => {
      if (operation !== 'TransactWriteItems') return pass();
      calls += 1;
      if (calls === 3) await telling().deliver([stamped(id, 2n, 'two')]);
      const answer = await pass();
      return calls === 1 ? null : answer;
    });
    const sink = telling({ url: between.url });
    await sink.deliver([stamped(id, 1n, 'one')]);
    expect((await sink.deliver([{ ...stamped(id, 3n, 'three'), etag: '1' }]))[0]?.kind).toBe('applied');
    await between.close();
    expect([calls, await told(id)]).toEqual([4, ['CREATE', 'UPDATE', 'UPDATE']]);
  });

  it('waits for a moment of its own when there is an entry of the same one', async () => {
    const id = randomUUID();
    const frozen = stamped(id, 1n, 'one').stamps ?? {};
    // the clock stands still for a while
    const seconds = [0, 0, 1, 1, 2];
    const asked: number[] = [];
    const sink = telling({
      stamp: (target, stamps, stored, content) => {
        asked.push(seconds[asked.length] ?? 9);
        const lastUpdated = `2026-02-02T00:00:0${asked.at(-1)}Z`;
        return stampsAfter(target, { ...stamps, lastUpdated }, stored, content);
      },
    });
    await sink.deliver([{ ...stamped(id, 1n, 'one'), stamps: frozen }]);
    await sink.deliver([{ ...stamped(id, 2n, 'two'), stamps: frozen, etag: '1' }]);
    await sink.deliver([{ ...stamped(id, 3n, 'three'), stamps: frozen, etag: '2' }]);
    expect(asked).toEqual(seconds);
    expect(await told(id)).toEqual(['CREATE', 'UPDATE', 'UPDATE']);
  });
});

describe('a server with troubles', () => {
  let between: Awaited<ReturnType<typeof standBetween>>;
  let meddle: (operation: string, pass: () => Promise<Response>) => Promise<Response | null>;
  beforeAll(async () => {
    between = await standBetween(inject('stack').dynamodb, (operation, pass) => meddle(operation, pass));
  });
  afterAll(() => between.close());
  const refusal = (kind: string): Response => Response.json({ __type: `com.amazonaws#${kind}` }, { status: 400 });

  it('lets a race be lost and the write come again', async () => {
    const id = randomUUID();
    await open().deliver([sent(id, 1n, 'one')]);
    let puts = 0;
    meddle = async (operation, pass) => {
      // somebody is faster, between our reading and our writing
      if (operation === 'PutItem' && puts++ === 0) await open().deliver([sent(id, 2n, 'two', { etag: '1' })]);
      return pass();
    };
    const outcomes = await open({ url: between.url }).deliver([sent(id, 3n, 'three', { etag: '1' })]);
    expect([outcomes, puts]).toEqual([[{ kind: 'applied', etag: '3' }], 2]);
    expect(await itemNow(id)).toMatchObject({ name: { S: 'three' } });
  });

  it('writes once what it did not acknowledge', async () => {
    const id = randomUUID();
    let puts = 0;
    meddle = async (_, pass) => {
      const answer = await pass();
      return puts++ === 0 ? null : answer;
    };
    const delivery = sent(id, 1n, 'once');
    expect(await open({ url: between.url }).deliver([delivery])).toEqual([{ kind: 'applied', etag: '1' }]);
    expect(puts).toBe(2);
  });

  it('is asked for less when it throttles, and again later when it does not answer', async () => {
    const sink = open({ url: between.url });
    meddle = async () => refusal('ProvisionedThroughputExceededException');
    expect(await sink.deliver([sent(randomUUID(), 1n, 'x')])).toMatchObject([{ kind: 'retry', slowDown: true }]);
    const from = between.seen.length;
    const many = Array.from({ length: 40 }, () => sent(randomUUID(), 1n, 'x'));
    const kinds = (await open({ url: between.url, parallel: 2 }).deliver(many)).map(({ kind }) => kind);
    expect([new Set(kinds), between.seen.length - from]).toEqual([new Set(['retry']), 2]);
    meddle = async () => null;
    expect(await sink.deliver([sent(randomUUID(), 1n, 'x')])).toMatchObject([
      { kind: 'retry', code: 'TARGET_UNAVAILABLE', slowDown: false },
    ]);
  });

  it('stops the sink when it refuses the credentials or lets an unguarded write through', async () => {
    const sink = open({ url: between.url });
    meddle = async () => refusal('UnrecognizedClientException');
    await expect(sink.deliver([sent(randomUUID(), 1n, 'x')])).rejects.toMatchObject({ code: 'UNAUTHORISED' });
    meddle = async () => Response.json({});
    await expect(sink.probe()).rejects.toMatchObject({ code: 'SERVER_GUARD_MISSING' });
  });
});

it('no outcome says a value of a refused item', async () => {
  const id = randomUUID();
  const content = { id, field: 'document', name: 'Secretperson', identifier_ODS_ODSCode: { secret: 'Secretperson' } };
  const outcomes = await open().deliver([{ ...sent(id, 1n, ''), content }]);
  expect(outcomes[0]?.kind).toBe('park');
  expect(JSON.stringify(outcomes)).not.toContain('Secretperson');
});
