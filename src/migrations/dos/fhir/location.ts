import type { JsonObject } from '../../../core/index.ts';
import type { Location } from '../documents/location.ts';
import { identifier, reference, resource, said } from './elements.ts';

export function locationResource(location: Location): JsonObject {
  const { address, positionGCS } = location;
  return resource({
    resourceType: 'Location',
    id: location.id,
    identifier: [identifier('dosUid', location.identifier_oldDoS_uid)],
    status: 'active',
    mode: 'instance',
    address: {
      use: 'work',
      type: 'physical',
      line: [said(address.line1), said(address.line2)],
      city: said(address.town),
      district: said(address.county),
      postalCode: said(address.postcode),
    },
    position: positionGCS && {
      longitude: Number(positionGCS.longitude),
      latitude: Number(positionGCS.latitude),
    },
    managingOrganization: reference('Organization', location.managingOrganisation),
  });
}
