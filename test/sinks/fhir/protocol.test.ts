import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/app/clock.ts';
import { type Delivery, type JsonObject, type Sink, silentLog } from '../../../src/core/index.ts';
import { createFhirSink } from '../../../src/sinks/fhir/index.ts';

interface Asked {
  readonly method: string;
  readonly url: string;
  readonly guard: string | undefined;
  readonly body: JsonObject | null;
}
type Reply = { status: number; headers?: Record<string, string>; body?: unknown } | 'hang up';

let server: Server | null = null;
let asked: Asked[] = [];
afterEach(() => {
  server?.close();
  server = null;
});

const guardsHold = (one: Asked, seen: readonly Asked[]): Reply => {
  if (one.url.startsWith('/Basic/') && one.method === 'GET' && one.url.endsWith('-b')) return { status: 404 };
  const wrote = seen.filter(({ method, url }) => method === 'PUT' && url.startsWith('/Basic/')).length;
  if (one.method === 'GET') {
    const text = wrote > 2 ? 'third' : 'first';
    const extension = [
      { url: 'https://sluice.dev/fhir/StructureDefinition/revision', valueString: '00000000000000000001' },
    ];
    return { status: 200, body: { resourceType: 'Basic', extension, code: { text } } };
  }
  if (one.method === 'POST') return { status: 409 };
  return { status: [201, 409, 200, 409][wrote - 1] ?? 500 };
};

/** A server that answers as told after it has passed the probe. */
async function serverThat(replies: readonly Reply[], options: { timeoutMs?: number } = {}): Promise<Sink> {
  asked = [];
  let probing = true;
  const probes: Asked[] = [];
  let next = 0;
  server = createServer(async (request: IncomingMessage, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    const one: Asked = {
      method: request.method ?? '',
      url: (request.url ?? '').replace(/^\/fhir/, ''),
      guard:
        (request.headers['if-match'] as string | undefined) ?? (request.headers['if-none-match'] as string | undefined),
      body: text === '' ? null : (JSON.parse(text) as JsonObject),
    };
    const isProbe = probing;
    if (isProbe) probes.push(one);
    else asked.push(one);
    const reply = isProbe ? guardsHold(one, probes) : (replies[next++] ?? { status: 500 });
    if (reply === 'hang up') {
      request.socket.destroy();
      return;
    }
    response.writeHead(reply.status, { 'content-type': 'application/fhir+json', ...reply.headers });
    response.end(reply.body === undefined ? '' : JSON.stringify(reply.body));
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/fhir`;
  const clock = { ...systemClock, sleep: async () => undefined };
  const sink = createFhirSink({
    baseUrl,
    pipeline: 'test',
    log: silentLog,
    clock,
    timeoutMs: options.timeoutMs ?? 2_000,
  });
  await sink.probe();
  probing = false;
  return sink;
}

const patient = (id: string, revision = 5n, etag: string | null = null): Delivery => ({
  target: 'fhir.Patient',
  id,
  revision,
  etag,
  content: { resourceType: 'Patient', id, name: [{ text: 'Confidential' }] },
});
const stored = (id: string, revision: bigint | null, versionId: string) => ({
  resourceType: 'Bundle',
  entry: [
    {
      resource: {
        resourceType: 'Patient',
        id,
        meta: { versionId },
        extension:
          revision === null
            ? []
            : [
                {
                  url: 'https://sluice.dev/fhir/StructureDefinition/revision',
                  valueString: String(revision).padStart(20, '0'),
                },
              ],
      },
    },
  ],
});
const outcome = (diagnostics: string) => ({
  resourceType: 'OperationOutcome',
  issue: [{ severity: 'error', code: 'processing', diagnostics, expression: ['Patient.name'] }],
});

describe('what a FHIR server can answer, and what is made of it', () => {
  it('no write goes out without a guard', async () => {
    const sink = await serverThat([
      { status: 201, headers: { etag: 'W/"1"' } },
      { status: 200, headers: { etag: 'W/"8"' } },
    ]);
    await sink.deliver([patient('a')]);
    expect(await sink.deliver([patient('b', 6n, '7')])).toEqual([{ kind: 'applied', etag: '8' }]);
    expect(asked.map(({ guard }) => guard)).toEqual(['W/"0"', 'W/"7"']);
  });

  it('an unanswered request is repeated as it was, and a conflict then tells that it had arrived', async () => {
    const sink = await serverThat(['hang up', { status: 409 }, { status: 200, body: stored('a', 5n, '3') }]);
    expect(await sink.deliver([patient('a')])).toEqual([{ kind: 'applied', etag: '3' }]);
    expect(asked[1]).toEqual(asked[0]);
    expect(asked[2]?.url).toContain('/Patient?_id=a');
  });

  it('a server that never answers is tried again later, all of the batch', async () => {
    const sink = await serverThat(['hang up', 'hang up', 'hang up']);
    const outcomes = await sink.deliver([patient('a'), patient('b')]);
    expect(outcomes.map(({ kind }) => kind)).toEqual(['retry', 'retry']);
    expect(asked).toHaveLength(3);
  });

  it('a newer resource is left alone, an older one is replaced by the version just read', async () => {
    const newer = await serverThat([{ status: 409 }, { status: 200, body: stored('a', 9n, '4') }]);
    expect(await newer.deliver([patient('a')])).toEqual([{ kind: 'superseded', etag: '4' }]);
    server?.close();
    const older = await serverThat([
      { status: 412 },
      { status: 200, body: stored('a', 2n, '4') },
      { status: 200, headers: { etag: 'W/"5"' } },
    ]);
    expect(await older.deliver([patient('a')])).toEqual([{ kind: 'applied', etag: '5' }]);
    expect(asked.at(-1)?.guard).toBe('W/"4"');
  });

  it('a resource without our revision is somebody else’s', async () => {
    const sink = await serverThat([{ status: 409 }, { status: 200, body: stored('a', null, '4') }]);
    expect(await sink.deliver([patient('a')])).toMatchObject([{ kind: 'park', code: 'FOREIGN_WRITER' }]);
  });

  it('conflicts without end are given back, not fought for ever', async () => {
    const rounds = Array.from(
      { length: 30 },
      (_, i): Reply => (i % 2 === 0 ? { status: 409 } : { status: 200, body: stored('a', 2n, String(i)) }),
    );
    const sink = await serverThat(rounds);
    expect(await sink.deliver([patient('a')])).toMatchObject([{ kind: 'retry', code: 'TARGET_BUSY' }]);
  });

  it('429 and 503 ask for less, and say when', async () => {
    const sink = await serverThat([{ status: 429, headers: { 'retry-after': '7' } }, { status: 503 }]);
    expect(await sink.deliver([patient('a')])).toEqual([
      { kind: 'retry', code: 'TARGET_BUSY', afterMs: 7_000, slowDown: true },
    ]);
    expect(await sink.deliver([patient('a')])).toMatchObject([{ kind: 'retry', slowDown: true }]);
  });

  it('one bad resource of four is found by halves, and the others arrive', async () => {
    const bad = { status: 422, body: outcome('HAPI-1113: Confidential was not liked') };
    const good = { status: 201, headers: { etag: 'W/"1"' } };
    const two = {
      status: 200,
      body: {
        entry: [{ response: { status: '201 Created', etag: '1' } }, { response: { status: '201 Created', etag: '1' } }],
      },
    };
    const sink = await serverThat([bad, bad, good, bad, two]);
    const outcomes = await sink.deliver(['a', 'b', 'c', 'd'].map((id) => patient(id)));
    expect(outcomes.map(({ kind }) => kind)).toEqual(['applied', 'park', 'applied', 'applied']);
    expect(outcomes[1]).toEqual({
      kind: 'park',
      code: 'TARGET_REFUSED',
      detail: {
        status: 422,
        issues: [{ severity: 'error', code: 'processing', at: ['Patient.name'], server: ['HAPI-1113'] }],
      },
    });
    expect(JSON.stringify(outcomes)).not.toContain('Confidential');
  });

  it('a missing reference waits', async () => {
    const sink = await serverThat([{ status: 400, body: outcome('HAPI-1094: Resource Patient/x not found') }]);
    expect(await sink.deliver([patient('a')])).toEqual([{ kind: 'waiting', code: 'PARENT_MISSING' }]);
  });

  it('refused credentials stop everything, and are not quoted', async () => {
    const sink = await serverThat([{ status: 401, body: outcome('token abc') }]);
    await expect(sink.deliver([patient('a')])).rejects.toMatchObject({ code: 'UNAUTHORISED', disposition: 'halt' });
  });

  it('a server that lets an unguarded write through is refused at the start', async () => {
    server = createServer((_, response) => response.writeHead(200).end('{}'));
    await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
    const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const sink = createFhirSink({ baseUrl, pipeline: 'test', log: silentLog, clock: systemClock });
    await expect(sink.probe()).rejects.toMatchObject({ code: 'SERVER_GUARD_MISSING' });
  });
});
