import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

type Meddle = (operation: string, pass: () => Promise<Response>, body: Buffer) => Promise<Response | null>;

/** Stands between a client and DynamoDB and may do anything with a request; null breaks the connection. */
export async function standBetween(url: string, meddle: Meddle) {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const operation = String(request.headers['x-amz-target']).replace(/^.*\./, '');
      seen.push(operation);
      const { host: _, connection: __, 'content-length': ___, ...headers } = request.headers;
      const body = Buffer.concat(parts);
      const pass = () => fetch(url, { method: 'POST', headers: headers as Record<string, string>, body });
      const answer = async (): Promise<void> => {
        const given = await meddle(operation, pass, body);
        if (given === null) response.destroy();
        else response.writeHead(given.status).end(await given.text());
      };
      answer().catch(() => response.destroy());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** the operations asked for, in order */
    seen,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
