import type { Json, JsonObject } from '../../../core/index.ts';
import type { Names } from '../names.ts';
import { escapeXml } from '../text.ts';

/** A value that may be left out of a resource. */
export type Loose = Json | undefined | readonly Loose[] | { readonly [key: string]: Loose };

const isEmpty = (value: Json | undefined): boolean =>
  value === undefined ||
  value === null ||
  value === '' ||
  (typeof value === 'object' && (Array.isArray(value) ? value.length : Object.keys(value).length) === 0);

function pruned(value: Loose): Json | undefined {
  if (value === undefined || value === null || typeof value !== 'object') return value ?? undefined;
  if (Array.isArray(value)) {
    return (value as readonly Loose[]).map(pruned).filter((member): member is Json => !isEmpty(member));
  }
  const members = Object.entries(value as { readonly [key: string]: Loose }).map(
    ([key, v]) => [key, pruned(v)] as const,
  );
  return Object.fromEntries(members.filter((entry): entry is readonly [string, Json] => !isEmpty(entry[1])));
}

/** FHIR knows neither null nor an empty string, list or object: what is empty is left out, however deep. */
export const resource = (content: { readonly [key: string]: Loose }): JsonObject => pruned(content) as JsonObject;

const PROFILES = 'https://fhir.hl7.org.uk/StructureDefinition/UKCore-';

/** `meta` of a resource of state: its profile, and where it comes from. Versions are the server's. */
export const metaOf = (names: Names, type: string): JsonObject => ({
  profile: [`${PROFILES}${type}`],
  tag: [{ system: names.site('CodeSystem/source'), code: 'supabase-cdc' }],
});

export const correlationMeta = (names: Names, correlationId: string): JsonObject => ({
  tag: [{ system: names.site('CodeSystem/correlation-id'), code: correlationId }],
});

/** Narrative. `text` has gone through `said`, so it holds no illegal character. */
export const narrative = (text: string): JsonObject => ({
  status: 'generated',
  div: `<div xmlns="http://www.w3.org/1999/xhtml"><p>${escapeXml(text)}</p></div>`,
});

export const reference = (type: string, id: string): JsonObject => ({ reference: `${type}/${id}`, type });

export const concept = (system: string, code: string, display?: string): { coding: Json[] } => ({
  coding: [{ system, code, ...(display === undefined ? {} : { display }) }],
});

/** A clinician is known by a login or an address only, so the reference is to an identifier. */
export function practitioner(names: Names, userId: string | null, email: string | null): JsonObject | null {
  const identifier =
    userId !== null
      ? { system: names.system('auth-user'), value: userId }
      : email !== null
        ? { system: names.system('staff-email'), value: email }
        : null;
  return identifier && { type: 'Practitioner', identifier };
}

export const service = (names: Names, name: string): JsonObject => ({
  identifier: { system: names.system('service'), value: name },
  display: name,
});
