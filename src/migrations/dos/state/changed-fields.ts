import type { Json, JsonObject } from '../../../core/index.ts';
import { deltaOf } from '../history/delta.ts';
import { meansTheSame, withoutAudit } from './state.ts';

/** Names of the fields that differ between two forms of a document, audit fields aside. */
export function changedFields(last: JsonObject, document: JsonObject): readonly string[] {
  const [old, now] = [withoutAudit(last), withoutAudit(document)];
  const names = new Set([...Object.keys(old), ...Object.keys(now)]);
  return [...names].filter((name) => !meansTheSame({ v: old[name] ?? null }, { v: now[name] ?? null })).sort();
}

/** Where two forms of a document differ, by kind of difference, without the values; audit fields aside. */
export function differingPlaces(last: JsonObject, document: JsonObject): JsonObject {
  const delta = deltaOf(withoutAudit(last), withoutAudit(document)) ?? {};
  const placesOf = (part: Json): Json => (Array.isArray(part) ? part : Object.keys(part as JsonObject));
  return Object.fromEntries(Object.entries(delta).map(([kind, part]) => [kind, placesOf(part)]));
}
