import type { JsonObject } from '../../core/index.ts';

/**
 * Our revision inside the resource: it tells which of two writes is newer when the server's version no longer does.
 * An extension, since servers merge tags and never remove them. Zero-padded, so that text order is number order.
 */
export const REVISION_URL = 'https://sluice.dev/fhir/StructureDefinition/revision';
/** System of the tag that names the pipeline which wrote a resource: what a server can be asked for. */
export const PIPELINE_SYSTEM = 'https://sluice.dev/fhir/CodeSystem/pipeline';
const PLACEHOLDER_URL = 'http://hapifhir.io/fhir/StructureDefinition/resource-placeholder';
const DIGITS = 20;

const extensionsOf = (resource: JsonObject): readonly JsonObject[] =>
  Array.isArray(resource.extension) ? (resource.extension as readonly JsonObject[]) : [];

export function withRevision(resource: JsonObject, id: string, revision: bigint): JsonObject {
  const stamp = { url: REVISION_URL, valueString: String(revision).padStart(DIGITS, '0') };
  return { ...resource, id, extension: [...extensionsOf(resource).filter((e) => e.url !== REVISION_URL), stamp] };
}

const metaOf = (resource: JsonObject): JsonObject => (resource.meta ?? {}) as JsonObject;

/** Tags of the content: servers merge tags, so that of a pipeline long gone may still be there. */
const ownTags = ({ tag }: JsonObject): readonly JsonObject[] =>
  (Array.isArray(tag) ? (tag as readonly JsonObject[]) : []).filter(({ system }) => system !== PIPELINE_SYSTEM);

export function withPipeline(resource: JsonObject, pipeline: string): JsonObject {
  const meta = metaOf(resource);
  return { ...resource, meta: { ...meta, tag: [...ownTags(meta), { system: PIPELINE_SYSTEM, code: pipeline }] } };
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
  const { meta: _, extension: __, ...rest } = resource;
  const extension = extensionsOf(resource).filter((e) => e.url !== REVISION_URL);
  const tag = ownTags(metaOf(resource));
  const kept: Record<string, unknown> = { ...metaOf(resource), tag };
  for (const name of ['versionId', 'lastUpdated', 'source']) delete kept[name];
  if (tag.length === 0) delete kept.tag;
  return {
    ...rest,
    ...(extension.length > 0 ? { extension } : {}),
    ...(Object.keys(kept).length > 0 ? { meta: kept as JsonObject } : {}),
  };
}
