import { type JsonObject, SluiceError } from '../../core/index.ts';
import type { FhirClient } from './client.ts';

export interface StoredResource {
  readonly etag: string;
  readonly resource: JsonObject;
}

/** absent: never written; deleted: somebody removed it */
export type Stored = StoredResource | 'absent' | 'deleted';

/** Reads resources of one type by id. Asks past the server's search cache, which may be a minute old. */
export async function readStored(
  client: FhirClient,
  type: string,
  ids: readonly string[],
  elements?: string,
): Promise<Map<string, Stored>> {
  const found = new Map<string, Stored>();
  for (let start = 0; start < ids.length; start += 50) {
    const some = ids.slice(start, start + 50);
    const query = `_id=${some.join(',')}&_count=${some.length}${elements ? `&_elements=${elements}` : ''}`;
    const answer = await client.send({
      method: 'GET',
      path: `${type}?${query}`,
      headers: { 'cache-control': 'no-cache' },
    });
    if (answer.status !== 200) throw refused(answer.status);
    for (const entry of (answer.body?.entry ?? []) as readonly JsonObject[]) {
      const resource = entry.resource as JsonObject | undefined;
      const version = (resource?.meta as JsonObject | undefined)?.versionId;
      if (typeof resource?.id === 'string' && typeof version === 'string')
        found.set(resource.id, { etag: version, resource });
    }
    for (const id of some) if (!found.has(id)) found.set(id, await absentOrDeleted(client, type, id));
  }
  return found;
}

async function absentOrDeleted(client: FhirClient, type: string, id: string): Promise<Stored> {
  const answer = await client.send({ method: 'GET', path: `${type}/${id}` });
  if (answer.status === 404) return 'absent';
  if (answer.status === 410) return 'deleted';
  const version = (answer.body?.meta as JsonObject | undefined)?.versionId;
  if (answer.status === 200 && answer.body && typeof version === 'string')
    return { etag: version, resource: answer.body };
  throw refused(answer.status);
}

export const refused = (status: number): SluiceError =>
  status === 401 || status === 403
    ? new SluiceError('UNAUTHORISED', `the FHIR server answers ${status}`)
    : new SluiceError('TARGET_UNAVAILABLE', `the FHIR server answers ${status}`);
