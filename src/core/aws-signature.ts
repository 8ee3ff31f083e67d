import { createHmac, hash } from 'node:crypto';

/** Keys of an account of AWS, or of a server that speaks its protocols. */
export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** of temporary credentials */
  readonly sessionToken?: string;
}

/** What a signature holds for, beside the request itself. */
export interface SigningScope {
  readonly region: string;
  readonly service: string;
}

/** A request as it goes over the line. */
export interface AwsRequest {
  readonly host: string;
  /** POST unless told */
  readonly method?: string;
  /** percent-encoded as it is sent; `/` unless told */
  readonly path?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}

/**
 * The headers of a signed request (AWS Signature Version 4), the given ones among them. `host` is signed and not
 * answered: the client that sends the request sets it.
 */
export function signedHeaders(
  request: AwsRequest,
  credentials: AwsCredentials,
  scope: SigningScope,
  nowMs: number,
): Record<string, string> {
  const { method = 'POST', path = '/', query = {}, body } = request;
  const time = `${new Date(nowMs).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
  const day = time.slice(0, 8);
  const digest = hash('sha256', body);
  const sent: Record<string, string> = { ...request.headers, 'x-amz-date': time };
  // of all services only this one wants to see the digest it has to check
  if (scope.service === 's3') sent['x-amz-content-sha256'] = digest;
  if (credentials.sessionToken !== undefined) sent['x-amz-security-token'] = credentials.sessionToken;
  const signed = Object.entries({ ...sent, host: request.host }).sort(([a], [b]) => (a < b ? -1 : 1));
  const names = signed.map(([name]) => name).join(';');
  const lines = signed.map(([name, value]) => `${name}:${value.trim()}\n`).join('');
  const canonical = [method, path, queryText(query), lines, names, digest].join('\n');
  const place = `${day}/${scope.region}/${scope.service}/aws4_request`;
  const text = ['AWS4-HMAC-SHA256', time, place, hash('sha256', canonical)].join('\n');
  const signature = hmac(dayKey(credentials.secretAccessKey, day, scope), text).toString('hex');
  const proof = `Credential=${credentials.accessKeyId}/${place}, SignedHeaders=${names}, Signature=${signature}`;
  return { ...sent, authorization: `AWS4-HMAC-SHA256 ${proof}` };
}

/** Percent-encoded as the signature wants it: all but letters, digits and `-._~`. */
export const awsEncoded = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);

/** A query as it is signed and sent: encoded, in the order of its names. */
export const queryText = (query: Readonly<Record<string, string>>): string =>
  Object.entries(query)
    .map(([name, value]) => `${awsEncoded(name)}=${awsEncoded(value)}`)
    .sort()
    .join('&');

const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();

let last: { readonly of: string; readonly key: Buffer } | null = null;

/** The same for all requests of a day, so the last one is kept. */
function dayKey(secret: string, day: string, { region, service }: SigningScope): Buffer {
  const of = [secret, day, region, service].join('\n');
  if (last?.of !== of) {
    const steps = [day, region, service, 'aws4_request'];
    last = { of, key: steps.reduce<Buffer>((key, step) => hmac(key, step), Buffer.from(`AWS4${secret}`)) };
  }
  return last.key;
}
