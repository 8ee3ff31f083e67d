import type { DynamoDbTarget, Json, JsonObject } from '../../../core/index.ts';
import { AUDIT, createdText, firstStamps, laterStamps } from '../documents/audit.ts';
import type { FieldIssue } from '../fields/issue.ts';
import type { ServiceDocuments } from '../transformers/transformer.ts';
import { ENTITIES, issuesJson, meansTheSame } from './state.ts';

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What a state item is stamped with the first time: issues, and the audit fields of the documents in it. */
export function stateStamps(documents: ServiceDocuments, issues: readonly FieldIssue[], at: string): JsonObject {
  const made = ENTITIES.filter(({ part }) => documents[part] !== null);
  const audits = made.map(({ state }) => [state, firstStamps(at)]);
  return { validation_issues: issuesJson(issues), ...Object.fromEntries(audits) };
}

/** The same stamps for a write at another time, which is when it happens and not when it was decided. */
export function stampsAt(stamps: JsonObject, at: string): JsonObject {
  const entries = Object.entries(stamps).map(([name, value]): [string, Json] => {
    if (name === 'created' || name === 'lastUpdated') return [name, createdText(at)];
    return [name, isObject(value) ? stampsAt(value, at) : value];
  });
  return Object.fromEntries(entries);
}

/**
 * The stamps of a write, after the item it replaces: who made an item, and when, stays, and so do the issues a service
 * first came with; a state's version counts on. An item that was not there has those of a new one.
 */
export function stampsAfter(
  target: DynamoDbTarget,
  stamps: JsonObject,
  stored: JsonObject | null,
  content: JsonObject,
): JsonObject {
  if (target.stamps?.includes('version')) return stateStampsAfter(stamps, stored, content);
  if (stored === null || typeof stamps.lastUpdated !== 'string') return stamps;
  return { ...laterStamps(stored, stamps.lastUpdated), lastUpdatedBy: stamps.lastUpdatedBy ?? null };
}

/** A document in the state that says what it said before keeps its audit fields. */
function stateStampsAfter(stamps: JsonObject, stored: JsonObject | null, content: JsonObject): JsonObject {
  const audits = ENTITIES.flatMap(({ state }) => {
    const [made, last] = [content[state], stored?.[state]];
    if (!isObject(made)) return [];
    const kept = isObject(last) && meansTheSame(last, made) ? auditOf(last) : stamps[state];
    return [[state, kept ?? {}]];
  });
  const issues = stored?.validation_issues ?? stamps.validation_issues ?? [];
  return { version: Number(stored?.version ?? 0) + 1, validation_issues: issues, ...Object.fromEntries(audits) };
}

const auditOf = (item: JsonObject): JsonObject =>
  Object.fromEntries(AUDIT.flatMap((name) => (item[name] === undefined ? [] : [[name, item[name]]])));
