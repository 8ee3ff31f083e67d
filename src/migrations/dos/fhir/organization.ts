import type { JsonObject } from '../../../core/index.ts';
import type { Organisation } from '../documents/organisation.ts';
import { identifier, reference, resource, said } from './elements.ts';
import { endpointResource } from './endpoint.ts';

export function organizationResource(organisation: Organisation): JsonObject {
  const called = [...organisation.endpoints].sort((x, y) => x.order - y.order);
  return resource({
    resourceType: 'Organization',
    id: organisation.id,
    identifier: [
      identifier('odsCode', organisation.identifier_ODS_ODSCode),
      identifier('dosUid', organisation.identifier_oldDoS_uid),
    ],
    active: organisation.active,
    type: [{ text: organisation.type }],
    name: said(organisation.name),
    // the order in which they are tried
    endpoint: called.filter((one) => endpointResource(one) !== null).map(({ id }) => reference('Endpoint', id)),
  });
}
