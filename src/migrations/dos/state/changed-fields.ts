import type { JsonObject } from '../../../core/index.ts';
import { meansTheSame, withoutAudit } from './state.ts';

/** Names of the fields that differ between two forms of a document, audit fields aside. */
export function changedFields(last: JsonObject, document: JsonObject): readonly string[] {
  const [old, now] = [withoutAudit(last), withoutAudit(document)];
  const names = new Set([...Object.keys(old), ...Object.keys(now)]);
  return [...names].filter((name) => !meansTheSame({ v: old[name] ?? null }, { v: now[name] ?? null })).sort();
}
