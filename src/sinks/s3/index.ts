import { type AwsCredentials, awsEncoded, type Clock, SluiceError, signedHeaders } from '../../core/index.ts';

export interface BucketOptions {
  readonly bucket: string;
  readonly region: string;
  /** a server that speaks the protocol of S3, with its buckets as paths; AWS itself unless given */
  readonly url?: string | undefined;
  readonly credentials: () => Promise<AwsCredentials>;
  readonly clock: Clock;
  /** without an answer for so long, a request counts as unanswered; 60 s unless told */
  readonly timeoutMs?: number;
}

/** Objects of one bucket. Throws UNAUTHORISED, TARGET_REFUSED, TARGET_UNAVAILABLE. */
export interface Bucket {
  put(key: string, body: Uint8Array): Promise<void>;
  /** null: there is no such object */
  get(key: string): Promise<Buffer | null>;
}

const TRIES = 4;

export function openBucket(options: BucketOptions): Bucket {
  const { bucket, region, clock, timeoutMs = 60_000 } = options;
  const base = new URL(options.url ?? `https://${bucket}.s3.${region}.amazonaws.com`);
  const folder = options.url === undefined ? '' : `/${awsEncoded(bucket)}`;

  const once = async (method: 'GET' | 'PUT', key: string, body: Uint8Array): Promise<Response> => {
    const path = `${folder}/${key.split('/').map(awsEncoded).join('/')}`;
    const request = { host: base.host, method, path, headers: {}, body };
    const headers = signedHeaders(request, await options.credentials(), { region, service: 's3' }, clock.now());
    const signal = AbortSignal.timeout(timeoutMs);
    return fetch(`${base.origin}${path}`, { method, headers, signal, ...(method === 'PUT' ? { body } : {}) });
  };

  const send = async (method: 'GET' | 'PUT', key: string, body: Uint8Array): Promise<Buffer | null> => {
    for (let attempt = 1; ; attempt += 1) {
      const answer = await answered(() => once(method, key, body));
      if (answer?.status === 200) return answer.body;
      if (answer?.status === 404 && method === 'GET' && codeOf(answer.body) !== 'NoSuchBucket') return null;
      if (answer !== null && answer.status < 500 && answer.status !== 429)
        throw refusal(answer.status, codeOf(answer.body));
      if (attempt >= TRIES) throw new SluiceError('TARGET_UNAVAILABLE', 'S3 gave no answer');
      await clock.sleep(100 * 3 ** attempt * (0.5 + Math.random()));
    }
  };

  return {
    put: async (key, body) => void (await send('PUT', key, body)),
    get: (key) => send('GET', key, new Uint8Array()),
  };
}

async function answered(
  send: () => Promise<Response>,
): Promise<{ readonly status: number; readonly body: Buffer } | null> {
  try {
    const response = await send();
    return { status: response.status, body: Buffer.from(await response.arrayBuffer()) };
  } catch (error) {
    if (error instanceof SluiceError) throw error;
    return null;
  }
}

/** The code in an answer's XML, without its words. */
const codeOf = (body: Buffer): string =>
  /<Code>([A-Za-z]{1,60})<\/Code>/.exec(body.toString('latin1'))?.[1] ?? 'an error';

const refusal = (status: number, code: string): SluiceError =>
  new SluiceError(status === 401 || status === 403 ? 'UNAUTHORISED' : 'TARGET_REFUSED', `S3 answers ${status} ${code}`);
