import { type JsonObject, SluiceError } from '../../core/index.ts';

export interface Answer {
  readonly status: number;
  /** version of the resource without `W/` and quotes, null when the server named none */
  readonly etag: string | null;
  readonly location: string | null;
  /** from Retry-After; null when absent */
  readonly retryAfterMs: number | null;
  /** null when the body is empty or no JSON */
  readonly body: JsonObject | null;
}

export interface FhirRequest {
  readonly method: 'GET' | 'PUT' | 'POST';
  /** relative to the base, '' for the base itself */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: JsonObject;
}

export interface FhirClient {
  /** Throws TARGET_UNAVAILABLE when no answer came: then nobody knows whether the request was carried out. */
  send(request: FhirRequest): Promise<Answer>;
}

export const bareEtag = (etag: string): string => etag.replace(/^W\//, '').replaceAll('"', '');

export function createFhirClient(options: {
  readonly baseUrl: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}): FhirClient {
  const base = options.baseUrl.replace(/\/$/, '');
  return {
    async send({ method, path, headers, body }) {
      try {
        const response = await fetch(path === '' ? base : `${base}/${path}`, {
          method,
          headers: {
            accept: 'application/fhir+json',
            ...(body ? { 'content-type': 'application/fhir+json', prefer: 'return=minimal' } : {}),
            ...options.headers,
            ...headers,
          },
          ...(body ? { body: JSON.stringify(body) } : {}),
          signal: AbortSignal.timeout(options.timeoutMs),
        });
        const text = await response.text();
        const etag = response.headers.get('etag');
        return {
          status: response.status,
          etag: etag === null ? null : bareEtag(etag),
          location: response.headers.get('location') ?? response.headers.get('content-location'),
          retryAfterMs: retryAfter(response.headers.get('retry-after')),
          body: parsed(text),
        };
      } catch {
        // the cause is left out: a fetch error may quote the address with its credentials
        throw new SluiceError('TARGET_UNAVAILABLE', 'the FHIR server gave no answer');
      }
    },
  };
}

function parsed(text: string): JsonObject | null {
  try {
    return text === '' ? null : (JSON.parse(text) as JsonObject);
  } catch {
    return null;
  }
}

function retryAfter(value: string | null): number | null {
  if (value === null) return null;
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), 300_000) : null;
}
