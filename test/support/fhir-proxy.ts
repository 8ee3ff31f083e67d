import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * What becomes of a write: it passes; `cut`, the connection ends before the server hears of it; `lose`, it is carried
 * out and the answer lost; `hold`, it is kept back until the test lets it go; or the sender is told a status, which
 * the server did not say, before or (`done`) after the write was carried out.
 */
export type Treatment =
  | 'pass'
  | 'cut'
  | 'lose'
  | 'hold'
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly done?: true };

interface Heard {
  readonly treatment: Treatment;
  readonly atMs: number;
}

export interface FhirProxy {
  readonly url: string;
  /** decides each write in turn; reads and the probe of the guards always pass */
  rule: (nth: number, body: Buffer) => Treatment;
  readonly heard: readonly Heard[];
  /** lets the writes held back go, unchanged; answers what the server says to each */
  readonly held: readonly (() => Promise<number>)[];
  close(): Promise<void>;
}

interface Ask {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** An HTTP server before the real FHIR server that can be told to be in the way. */
export async function fhirProxy(target: string): Promise<FhirProxy> {
  const heard: Heard[] = [];
  const held: (() => Promise<number>)[] = [];
  const server = createServer((request, response) => {
    void take(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const proxy: FhirProxy = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${new URL(target).pathname}`,
    rule: () => 'pass',
    heard,
    held,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };

  async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { method = 'GET', url: path = '', headers } = request;
    const ask = { method, path, headers, body: Buffer.concat(chunks) };
    const forward = () => passOn(target, ask);
    if (method === 'GET' || ask.body.includes('sluice-probe-')) return relay(await forward(), response);
    const treatment = proxy.rule(heard.length, ask.body);
    heard.push({ treatment, atMs: Date.now() });
    if (treatment === 'pass') return relay(await forward(), response);
    if (treatment === 'hold') {
      held.push(async () => {
        const answer = await forward();
        const { status } = answer;
        await relay(answer, response);
        return status;
      });
      return;
    }
    if (treatment === 'lose' || (typeof treatment === 'object' && treatment.done)) await (await forward()).text();
    if (typeof treatment === 'object') response.writeHead(treatment.status, { ...treatment.headers }).end();
    else request.socket.destroy();
  }

  return proxy;
}

function passOn(target: string, { method, path, headers, body }: Ask): Promise<Response> {
  const { host: _host, connection: _connection, 'content-length': _length, ...kept } = headers;
  return fetch(new URL(path, target), {
    method,
    headers: Object.entries(kept).flatMap(([name, value]) =>
      typeof value === 'string' ? [[name, value] as [string, string]] : [],
    ),
    ...(body.length > 0 ? { body: new Uint8Array(body) } : {}),
  });
}

async function relay(answer: Response, response: ServerResponse): Promise<void> {
  const kept = ['content-type', 'etag', 'location', 'content-location', 'retry-after'];
  const headers = Object.fromEntries(kept.flatMap((name) => [[name, answer.headers.get(name)]]).filter(([, v]) => v));
  response.writeHead(answer.status, headers).end(await answer.text());
}
