import * as http from 'node:http';
import * as https from 'node:https';

/** What came back, whole. */
export interface Posted {
  readonly status: number;
  readonly text: string;
}

/** Connections stay open between requests, and keep no process alive. */
const AGENTS = {
  'http:': new http.Agent({ keepAlive: true }),
  'https:': new https.Agent({ keepAlive: true }),
} as const;

/**
 * One request by Node's own client, which costs half of what `fetch` does and has all that is needed here. Fails when
 * the whole answer is not there in time.
 */
export function post(
  origin: URL,
  request: { readonly headers: Readonly<Record<string, string>>; readonly body: string; readonly timeoutMs: number },
): Promise<Posted> {
  const isPlain = origin.protocol === 'http:';
  const { hostname: host, port } = origin;
  const body = Buffer.from(request.body);
  const options = {
    host: host.replace(/^\[|\]$/g, ''),
    ...(port === '' ? {} : { port }),
    method: 'POST',
    path: '/',
    headers: { ...request.headers, host: origin.host, 'content-length': body.length },
    agent: isPlain ? AGENTS['http:'] : AGENTS['https:'],
  };
  return new Promise((resolve, reject) => {
    const sent = (isPlain ? http : https).request(options, (answer) => {
      const parts: Buffer[] = [];
      answer.on('data', (part: Buffer) => parts.push(part));
      answer.on('error', fail);
      answer.on('aborted', () => fail(new Error('the answer was cut off')));
      answer.on('end', () => {
        clearTimeout(patience);
        resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(parts).toString() });
      });
    });
    const fail = (error: Error): void => {
      clearTimeout(patience);
      reject(error);
    };
    const patience = setTimeout(() => sent.destroy(new Error('no answer in time')), request.timeoutMs);
    sent.on('error', fail);
    sent.end(body);
  });
}
