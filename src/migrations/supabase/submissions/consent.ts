import type { JsonObject } from '../../../core/index.ts';
import { concept, metaOf, narrative, reference, resource } from '../fhir/elements.ts';
import type { Names } from '../names.ts';
import { compareInstants, instantOf } from '../time.ts';
import type { SubmissionRow } from './row.ts';

/** A consent that ends before it begins has no period one could state. */
export const endsBeforeItBegins = (row: SubmissionRow): boolean =>
  row.consent_signed_at !== null &&
  row.consent_expires_at !== null &&
  compareInstants(row.consent_expires_at, row.consent_signed_at) < 0;

/** Has it run out? Time alone can make this true, so a consent that still runs is looked at again (see `wakeAt`). */
export function hasExpired(row: SubmissionRow, asOf: string): boolean {
  const now = instantOf(asOf);
  return row.consent_expires_at !== null && now !== null && compareInstants(now, row.consent_expires_at) >= 0;
}

/** The consent of a form, null when none was signed. */
export function consentResource(
  names: Names,
  row: SubmissionRow,
  patientId: string,
  status: 'active' | 'inactive' | 'entered-in-error',
): JsonObject | null {
  const { consent_signed_at: signed, consent_expires_at: expires } = row;
  if (signed === null) return null;
  return resource({
    resourceType: 'Consent',
    id: names.resource('Consent', 'consent', row.id),
    meta: metaOf(names, 'Consent'),
    identifier: [{ system: names.system('consent'), value: row.id }],
    text: narrative('Treatment consent'),
    status,
    scope: concept('http://terminology.hl7.org/CodeSystem/consentscope', 'treatment', 'Treatment'),
    category: [{ ...concept('http://loinc.org', '59284-0'), text: 'Consent Document' }],
    patient: reference('Patient', patientId),
    dateTime: signed,
    policy: [{ uri: names.site('policy/allergy-treatment-consent') }],
    provision: { type: 'permit', period: { start: signed, end: endsBeforeItBegins(row) ? null : expires } },
  });
}
