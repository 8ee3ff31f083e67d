import { organisationId } from '../ids.ts';
import { unfit } from '../rejection.ts';
import type { SourceService } from '../services/source.ts';
import { type Endpoint, endpointOf } from './endpoint.ts';

/** Item of the table organisation, without its audit fields. */
export type Organisation = {
  readonly id: string;
  readonly identifier_oldDoS_uid: string;
  readonly identifier_ODS_ODSCode: string | null;
  readonly active: boolean;
  readonly name: string;
  readonly type: string;
  readonly telecom: readonly never[];
  readonly endpoints: readonly Endpoint[];
  readonly legalDates: null;
  readonly primary_role_code: null;
  readonly non_primary_role_codes: readonly never[];
};

export interface OrganisationFacts {
  readonly name: string | null;
  readonly type: string;
  readonly withEndpoints: boolean;
}

export function organisationOf(source: SourceService, facts: OrganisationFacts): Organisation {
  const { row } = source;
  const id = organisationId(row.id);
  // a pharmacy leaves its endpoints out, and one that does not fit stops it all the same
  const endpoints = source.endpoints.map((endpoint) => endpointOf(endpoint, id));
  if (facts.name === null) throw unfit('Organisation', 'name');
  return {
    id,
    identifier_oldDoS_uid: row.uid,
    identifier_ODS_ODSCode: row.odscode,
    active: row.statusid === 1,
    name: facts.name,
    type: facts.type,
    telecom: [],
    endpoints: facts.withEndpoints ? endpoints : [],
    legalDates: null,
    primary_role_code: null,
    non_primary_role_codes: [],
  };
}
