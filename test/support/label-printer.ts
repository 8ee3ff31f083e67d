import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A printer that puts ink on a label once a key, and sometimes goes silent after the ink or refuses. */
export async function labelPrinter(
  options: { readonly silentEvery?: number; readonly ms?: number; readonly refuses?: (code: string) => boolean } = {},
) {
  const done = new Set<string>();
  const inked: string[] = [];
  const pause = () => new Promise((resolve) => setTimeout(resolve, (options.ms ?? 20) / 2));
  let asked = 0;
  const server = createServer((request, response) => {
    const key = request.url?.replace('/jobs/', '') ?? '';
    if (request.method === 'GET') return void response.writeHead(done.has(key) ? 200 : 404).end();
    let body = '';
    request.on('data', (part) => {
      body += part;
    });
    request.on('end', async () => {
      const { labelCode } = JSON.parse(body) as { labelCode: string };
      if (options.refuses?.(labelCode)) return void response.writeHead(422).end();
      await pause();
      if (!done.has(key)) inked.push(labelCode);
      done.add(key);
      asked += 1;
      if (options.silentEvery && asked % options.silentEvery === 0) return void request.socket.destroy();
      await pause();
      response.writeHead(201).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** labels with ink on them, as often as they got it */
    inked,
    close: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
