import type { Json, JsonObject } from '../../core/index.ts';

const META = new Set(['versionId', 'lastUpdated', 'source']);

/**
 * A resource in the form in which equal means equal: without narrative and what servers add, references as `Type/id`
 * whether they were absolute or named a version. Lists are left as they are: who compares takes them as sets.
 */
export function comparableResource(resource: JsonObject, id: string): JsonObject {
  const { text: _, meta, ...rest } = resource;
  const kept = Object.entries((meta ?? {}) as JsonObject).filter(([name]) => !META.has(name));
  const plain = { ...rest, id, ...(kept.length > 0 ? { meta: Object.fromEntries(kept) } : {}) };
  return resolved(plain) as JsonObject;
}

const REFERENCE = /^(?:https?:\/\/.+\/)?([A-Z][A-Za-z]+\/[A-Za-z0-9.-]{1,64})(?:\/_history\/[^/]+)?$/;

function resolved(value: Json): Json {
  if (Array.isArray(value)) return (value as readonly Json[]).map(resolved);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value as JsonObject).map(([name, member]) => [
      name,
      name === 'reference' && typeof member === 'string' ? (REFERENCE.exec(member)?.[1] ?? member) : resolved(member),
    ]),
  );
}
