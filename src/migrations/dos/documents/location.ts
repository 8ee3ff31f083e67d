import type { Address } from '../fields/address.ts';
import { readPosition } from '../fields/position.ts';
import { locationId, organisationId } from '../ids.ts';
import { unfit } from '../rejection.ts';
import type { ServiceRow } from '../rows.ts';

/** Item of the table location, without its audit fields. */
export type Location = {
  readonly id: string;
  readonly identifier_oldDoS_uid: string;
  readonly active: true;
  readonly managingOrganisation: string;
  readonly name: null;
  readonly primaryAddress: true;
  readonly partOf: null;
  readonly positionReferenceNumber_UPRN: null;
  readonly positionReferenceNumber_UBRN: null;
  readonly positionGCS: { readonly latitude: string; readonly longitude: string } | null;
  readonly address: {
    readonly line1: string | null;
    readonly line2: string | null;
    readonly county: string | null;
    readonly town: string | null;
    readonly postcode: string | null;
  };
};

export function locationOf(row: ServiceRow, address: Address | null): Location {
  if (address === null) throw unfit('Location', 'address');
  const position = readPosition(row.latitude, row.longitude);
  return {
    id: locationId(row.id),
    identifier_oldDoS_uid: row.uid,
    active: true,
    managingOrganisation: organisationId(row.id),
    name: null,
    primaryAddress: true,
    partOf: null,
    positionReferenceNumber_UPRN: null,
    positionReferenceNumber_UBRN: null,
    positionGCS: position && { ...position },
    address: { ...address },
  };
}
