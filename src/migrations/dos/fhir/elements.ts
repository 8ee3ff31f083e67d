import type { Json, JsonObject } from '../../../core/index.ts';

type Loose = Json | undefined | readonly Loose[] | { readonly [key: string]: Loose };

// below U+0020 only tab, line feed and carriage return are legal in FHIR, and some code points never are
const ILLEGAL = /(?![\t\n\r\u007f-\u009f])\p{Cc}|\p{Cs}|[\ufffe\uffff]/gu;

/** Text as FHIR may hold it; undefined when nothing is left of it. */
export const said = (text: string | null | undefined): string | undefined =>
  (text ?? '').replace(ILLEGAL, '').replaceAll('\u0085', '\n').normalize('NFC').trim() || undefined;

const isEmpty = (value: Json | undefined): boolean =>
  value === undefined || (typeof value === 'object' && (value === null || Object.keys(value).length === 0));

function pruned(value: Loose): Json | undefined {
  if (value === undefined || value === null || typeof value !== 'object') return value ?? undefined;
  if (Array.isArray(value))
    return (value as readonly Loose[]).map(pruned).filter((member): member is Json => !isEmpty(member));
  const members = Object.entries(value as { readonly [key: string]: Loose }).map(
    ([name, v]) => [name, pruned(v)] as const,
  );
  return Object.fromEntries(members.filter((member): member is readonly [string, Json] => !isEmpty(member[1])));
}

/** FHIR knows neither null nor an empty list or object: what is empty is left out, however deep. */
export const resource = (content: { readonly [key: string]: Loose }): JsonObject => pruned(content) as JsonObject;

/** For what nobody has named yet; the code of an organisation has its national system. */
const OWN = 'https://fhir.dos.example/';

const SYSTEMS = {
  odsCode: 'https://fhir.nhs.uk/Id/ods-organization-code',
  dosUid: `${OWN}id/dos-uid`,
  dosEndpoint: `${OWN}id/dos-endpoint`,
  transport: `${OWN}CodeSystem/endpoint-transport`,
  symptomPair: `${OWN}CodeSystem/symptom-group-discriminator`,
  disposition: `${OWN}CodeSystem/disposition`,
} as const;

export const identifier = (system: keyof typeof SYSTEMS, value: string | null): Loose => {
  const text = said(value);
  return text === undefined ? undefined : { system: SYSTEMS[system], value: text };
};

export const coding = (system: keyof typeof SYSTEMS, code: string): Loose => ({ system: SYSTEMS[system], code });

export const reference = (type: string, id: string | undefined): Loose =>
  id === undefined ? undefined : { reference: `${type}/${id}`, type };
