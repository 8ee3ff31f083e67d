import { type JsonObject, SluiceError } from '../../core/index.ts';
import { createFhirClient } from './client.ts';
import { PIPELINE_SYSTEM } from './revision.ts';
import { refused } from './stored.ts';

export interface FhirListing {
  readonly baseUrl: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly pipeline: string;
  readonly resourceType: string;
  readonly timeoutMs?: number;
  /** resources in one answer, 500 unless told; a server may give fewer */
  readonly pageSize?: number;
}

/**
 * Ids of all resources of a type that carry the tag of a pipeline, as the server holds them when it is asked, a page at
 * a time. Throws TARGET_UNAVAILABLE and UNAUTHORISED.
 */
export async function* fhirIds(listing: FhirListing): AsyncGenerator<readonly string[]> {
  const { baseUrl, headers, pipeline, resourceType, timeoutMs = 60_000, pageSize = 500 } = listing;
  const client = createFhirClient({ baseUrl, headers, timeoutMs });
  const tag = encodeURIComponent(`${PIPELINE_SYSTEM}|${pipeline}`);
  let path: string | null = `${resourceType}?_tag=${tag}&_elements=id&_count=${pageSize}`;
  while (path !== null) {
    // a search that was answered a minute ago is no answer now
    const answer = await client.send({ method: 'GET', path, headers: { 'cache-control': 'no-cache' } });
    if (answer.status !== 200 || answer.body === null) throw refused(answer.status);
    const entries = (answer.body.entry ?? []) as readonly JsonObject[];
    yield entries.flatMap(({ resource }) => {
      const { id, resourceType: type } = (resource ?? {}) as JsonObject;
      return type === resourceType && typeof id === 'string' ? [id] : [];
    });
    const next = nextPath(answer.body, baseUrl, resourceType);
    if (next === path)
      throw new SluiceError('TARGET_UNAVAILABLE', 'the FHIR server names a page as the one after itself');
    path = next;
  }
}

/** The next page at the address we know: a server behind a proxy may name one that nobody else can reach. */
function nextPath({ link }: JsonObject, baseUrl: string, resourceType: string): string | null {
  const links = (link ?? []) as readonly JsonObject[];
  const next = links.find(({ relation }) => relation === 'next')?.url;
  if (typeof next !== 'string') return null;
  const base = new URL(`${baseUrl.replace(/\/$/, '')}/`);
  const url = new URL(next, base);
  if (url.search === '')
    throw new SluiceError('TARGET_UNAVAILABLE', 'the FHIR server names a next page without a query');
  const last = url.pathname.replace(/\/$/, '').split('/').at(-1);
  return `${last === resourceType ? last : ''}${url.search}`;
}
