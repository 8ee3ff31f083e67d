import type { JsonObject } from '../../core/index.ts';

/**
 * Our revision inside the resource: it tells which of two writes is newer when the server's version no longer does.
 * An extension, since servers merge tags and never remove them. Zero-padded, so that text order is number order.
 */
export const REVISION_URL = 'https://sluice.dev/fhir/StructureDefinition/revision';
const PLACEHOLDER_URL = 'http://hapifhir.io/fhir/StructureDefinition/resource-placeholder';
const DIGITS = 20;

const extensionsOf = (resource: JsonObject): readonly JsonObject[] =>
  Array.isArray(resource.extension) ? (resource.extension as readonly JsonObject[]) : [];

export function withRevision(resource: JsonObject, id: string, revision: bigint): JsonObject {
  const stamp = { url: REVISION_URL, valueString: String(revision).padStart(DIGITS, '0') };
  return { ...resource, id, extension: [...extensionsOf(resource).filter((e) => e.url !== REVISION_URL), stamp] };
}

/** null: not written by Sluice */
export function revisionOf(resource: JsonObject): bigint | null {
  const stamp = extensionsOf(resource).find((extension) => extension.url === REVISION_URL);
  return typeof stamp?.valueString === 'string' && /^\d+$/.test(stamp.valueString) ? BigInt(stamp.valueString) : null;
}

/** Made by the server itself so that a reference to a missing resource could be kept. */
export const isPlaceholder = (resource: JsonObject): boolean =>
  extensionsOf(resource).some((extension) => extension.url === PLACEHOLDER_URL);

/** The resource as its transformer made it: without our stamp and without what servers add. */
export function withoutStamps(resource: JsonObject): JsonObject {
  const { meta, extension: _, ...rest } = resource;
  const extension = extensionsOf(resource).filter((e) => e.url !== REVISION_URL);
  const kept: Record<string, unknown> = { ...((meta ?? {}) as JsonObject) };
  for (const name of ['versionId', 'lastUpdated', 'source']) delete kept[name];
  return {
    ...rest,
    ...(extension.length > 0 ? { extension } : {}),
    ...(Object.keys(kept).length > 0 ? { meta: kept as JsonObject } : {}),
  };
}
