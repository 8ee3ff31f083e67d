import type { Json, JsonObject } from '../../core/index.ts';

const META = new Set(['versionId', 'lastUpdated', 'source']);

/**
 * A resource in the form in which equal means equal: without narrative and what servers add, references to resources of
 * the server at `baseUrl` as `Type/id` whether they were absolute or named a version. Those to other servers stay as they
 * are. Lists are left as they are: who compares takes them as sets.
 */
export function comparableResource(resource: JsonObject, id: string, baseUrl: string): JsonObject {
  const { text: _, meta, contained, ...rest } = resource;
  const kept = Object.entries((meta ?? {}) as JsonObject).filter(([name]) => !META.has(name));
  const plain = {
    ...rest,
    id,
    ...(kept.length > 0 ? { meta: Object.fromEntries(kept) } : {}),
    ...(Array.isArray(contained) ? { contained: (contained as readonly Json[]).map(withoutNarrative) } : {}),
  };
  return resolved(plain, `${baseUrl.replace(/\/$/, '')}/`) as JsonObject;
}

function withoutNarrative(resource: Json): Json {
  if (resource === null || typeof resource !== 'object' || Array.isArray(resource)) return resource;
  const { text: _, ...rest } = resource as JsonObject;
  return rest;
}

const REFERENCE = /^([A-Z][A-Za-z]+\/[A-Za-z0-9.-]{1,64})(?:\/_history\/[^/]+)?$/;

function resolved(value: Json, base: string): Json {
  if (Array.isArray(value)) return (value as readonly Json[]).map((member) => resolved(member, base));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value as JsonObject).map(([name, member]) => {
      if (name !== 'reference' || typeof member !== 'string') return [name, resolved(member, base)];
      const own = member.startsWith(base) ? member.slice(base.length) : member;
      return [name, REFERENCE.exec(own)?.[1] ?? member];
    }),
  );
}
