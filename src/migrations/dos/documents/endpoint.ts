import { endpointId } from '../ids.ts';
import { unfit } from '../rejection.ts';
import type { RowOf } from '../rows.ts';

const CONNECTION_TYPES = ['itk', 'email', 'telno', 'http'];
const SCENARIOS = ['Primary', 'Copy'];

const MIME_TYPES: ReadonlyMap<string, string> = new Map([
  ['PDF', 'application/pdf'],
  ['HTML', 'text/html'],
  ['FHIR', 'application/fhir'],
  ['email', 'message/rfc822'],
  ['telno', 'text/vcard'],
  ['xml', 'xml'],
  ['CDA', 'application/hl7-cda+xml'],
]);
const KNOWN_MIME_TYPES = new Set(MIME_TYPES.values());

/** As an item of an organisation holds it. */
export type Endpoint = {
  readonly id: string;
  readonly identifier_oldDoS_id: number;
  readonly status: 'active';
  readonly connectionType: string;
  readonly name: null;
  readonly payloadType: string | null;
  readonly payloadMimeType: string | null;
  readonly businessScenario: string;
  readonly address: string;
  readonly managedByOrganisation: string;
  readonly service: null;
  readonly order: number;
  readonly isCompressionEnabled: boolean;
  readonly comment: string | null;
};

/** Undefined: a format nobody knows. */
function mimeTypeOf(format: string | null): string | null | undefined {
  if (format === null) return null;
  return MIME_TYPES.get(format) ?? (KNOWN_MIME_TYPES.has(format) ? format : undefined);
}

/** Throws a Rejection that names every field that does not fit. */
export function endpointOf(row: RowOf<'serviceendpoints'>, organisation: string): Endpoint {
  const isPhone = row.transport === 'telno';
  const mimeType = isPhone ? null : mimeTypeOf(row.format);
  const { transport, businessscenario, address, endpointorder } = row;
  const bad = [
    ...(transport === null || !CONNECTION_TYPES.includes(transport) ? ['connectionType'] : []),
    ...(mimeType === undefined ? ['payloadMimeType'] : []),
    ...(businessscenario === null || !SCENARIOS.includes(businessscenario) ? ['businessScenario'] : []),
    ...(address === null ? ['address'] : []),
    ...(endpointorder === null ? ['order'] : []),
  ];
  if (bad.length > 0 || transport === null || businessscenario === null || address === null || endpointorder === null)
    throw unfit('Endpoint', ...bad);
  return {
    id: endpointId(row.id),
    identifier_oldDoS_id: row.id,
    status: 'active',
    connectionType: transport,
    name: null,
    payloadType: isPhone ? null : row.interaction,
    payloadMimeType: mimeType ?? null,
    businessScenario: businessscenario,
    address,
    managedByOrganisation: organisation,
    service: null,
    order: endpointorder,
    isCompressionEnabled: row.iscompressionenabled === 'compressed',
    comment: row.comment,
  };
}
