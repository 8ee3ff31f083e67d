import type { JsonObject } from '../../../core/index.ts';
import type { Endpoint } from '../documents/endpoint.ts';
import { coding, identifier, reference, resource, said } from './elements.ts';

const NOT_KNOWN = { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/data-absent-reason', code: 'unknown' }] };

/** The address as a URL: FHIR has no other kind. Undefined when there is nothing to call. */
function urlOf({ connectionType, address }: Endpoint): string | undefined {
  const plain = said(address)?.replace(/\s+/g, '%20');
  if (plain === undefined || /^[a-z][a-z0-9+.-]*:/i.test(plain)) return plain;
  if (connectionType === 'email') return `mailto:${plain}`;
  return connectionType === 'telno' ? `tel:${plain.replaceAll('%20', '-')}` : plain;
}

/** Null: without an address there is no endpoint to speak of. */
export function endpointResource(endpoint: Endpoint): JsonObject | null {
  const address = urlOf(endpoint);
  if (address === undefined) return null;
  const interaction = said(endpoint.payloadType);
  const { payloadMimeType } = endpoint;
  return resource({
    resourceType: 'Endpoint',
    id: endpoint.id,
    identifier: [identifier('dosEndpoint', String(endpoint.identifier_oldDoS_id))],
    status: endpoint.status,
    connectionType: coding('transport', endpoint.connectionType),
    name: `${endpoint.businessScenario} ${endpoint.order}`,
    managingOrganization: reference('Organization', endpoint.managedByOrganisation),
    payloadType: [interaction === undefined ? NOT_KNOWN : { text: interaction }],
    // `xml` of the source is no media type
    payloadMimeType: payloadMimeType?.includes('/') ? [payloadMimeType] : [],
    address,
  });
}
