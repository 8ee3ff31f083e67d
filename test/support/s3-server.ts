import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * A server that keeps objects as S3 does, as far as a backup needs it: no server of S3 is to be had here. It checks that
 * a request is signed for S3 and that its body is what was signed; that signatures are right is shown by the published
 * examples. `meddle` answers a status in place of what was asked for, 0 for no answer, null for nothing.
 */
export async function s3Server(meddle: (method: string, key: string) => number | null = () => null) {
  const objects = new Map<string, Buffer>();
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const body = Buffer.concat(parts);
      const key = decodeURIComponent(request.url ?? '');
      const say = (status: number, code: string) =>
        response.writeHead(status).end(`<Error><Code>${code}</Code></Error>`);
      const given = meddle(request.method ?? '', key);
      if (given === 0) return response.destroy();
      if (given !== null) return say(given, given === 503 ? 'SlowDown' : 'AccessDenied');
      const { authorization = '', 'x-amz-content-sha256': digest } = request.headers;
      if (!/^AWS4-HMAC-SHA256 Credential=\w+\/\d{8}\/[a-z0-9-]+\/s3\/aws4_request, /.test(authorization))
        return say(403, 'AccessDenied');
      if (digest !== createHash('sha256').update(body).digest('hex')) return say(400, 'XAmzContentSHA256Mismatch');
      if (request.method === 'PUT') objects.set(key, body);
      const found = objects.get(key);
      return found ? response.writeHead(200).end(request.method === 'GET' ? found : '') : say(404, 'NoSuchKey');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    objects,
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}
