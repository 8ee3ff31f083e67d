import { canonicalJson, type Json, type JsonObject } from '../../../core/index.ts';
import type { FieldIssue } from '../fields/issue.ts';
import { healthcareServiceId, locationId, organisationId, stateId } from '../ids.ts';
import type { ServiceDocuments } from '../transformers/transformer.ts';

/** The three documents of a service, in the order in which they are written. */
export const ENTITIES = [
  { part: 'organisation', entity: 'organisation', state: 'organisation', model: 'Organisation' },
  { part: 'location', entity: 'location', state: 'location', model: 'Location' },
  { part: 'healthcareService', entity: 'healthcare-service', state: 'healthcare_service', model: 'HealthcareService' },
] as const satisfies readonly { part: keyof ServiceDocuments; entity: string; state: string; model: string }[];

export const STATE_ENTITY = 'data-migration-state';

/** Where the documents of a service are, whether it has them or not. */
export const documentIds = (service: number): readonly { readonly entity: string; readonly id: string }[] => [
  { entity: 'organisation', id: organisationId(service) },
  { entity: 'location', id: locationId(service) },
  { entity: 'healthcare-service', id: healthcareServiceId(service) },
];

const AUDIT = new Set(['created', 'createdBy', 'lastUpdated', 'lastUpdatedBy', 'field']);

export const withoutAudit = (item: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(item).filter(([name]) => !AUDIT.has(name)));

/** The same value with every list in one order: what is compared where the order of a list says nothing. */
export const unordered = (item: JsonObject): JsonObject => sorted(item) as JsonObject;

function sorted(value: Json): Json {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) {
    const members = (value as readonly Json[]).map(sorted);
    return members.sort((x, y) => (canonicalJson(x) < canonicalJson(y) ? -1 : 1));
  }
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, sorted(member)]));
}

/** Do two items say the same, audit fields and the order of lists aside? A field that is null says nothing. */
export const meansTheSame = (x: JsonObject, y: JsonObject): boolean => meaning(x) === meaning(y);

const meaning = (item: JsonObject): string =>
  canonicalJson(
    unordered(Object.fromEntries(Object.entries(withoutAudit(item)).filter(([, value]) => value !== null))),
  );

export const issuesJson = (issues: readonly FieldIssue[]): readonly JsonObject[] =>
  issues.map((issue) => ({ ...issue, expression: [...issue.expression] }));

/** The item of the state table, without what only a write knows: its version, and the audit fields of its documents. */
export function stateContent(service: number, documents: ServiceDocuments): JsonObject {
  const parts = ENTITIES.flatMap(({ part, state }) => [
    [state, documents[part]],
    [`${state}_id`, documents[part]?.id ?? null],
  ]);
  return { source_record_id: stateId(service), ...Object.fromEntries(parts) };
}
