import { type AgeRange, readAges } from '../fields/ages.ts';
import type { Contacts } from '../fields/contacts.ts';
import { healthcareServiceId } from '../ids.ts';
import { etl, type Note } from '../notes.ts';
import type { SourceService } from '../services/source.ts';
import { type OpeningTime, openingTimesOf } from './opening-times.ts';

/** Item of the table healthcare-service, without its audit fields. A null index key is absent. */
export type HealthcareService = {
  readonly id: string;
  readonly identifier_oldDoS_uid: string;
  readonly status: 'active' | 'inactive';
  readonly category: string;
  readonly type: string;
  readonly providedBy?: string;
  readonly location?: string;
  readonly name: string;
  readonly telecom: {
    readonly phone_public: string | null;
    readonly phone_private: string | null;
    readonly email: string | null;
    readonly web: string | null;
  };
  readonly openingTime: readonly OpeningTime[];
  readonly symptomGroupSymptomDiscriminators: readonly { readonly sg: number; readonly sd: number }[];
  readonly dispositions: readonly string[];
  readonly ageEligibilityCriteria: readonly { readonly [field in keyof AgeRange]: AgeRange[field] }[] | null;
};

export interface ServiceFacts {
  readonly category: string;
  readonly type: string;
  /** null: the service stands by itself */
  readonly at: { readonly organisation: string; readonly location: string } | null;
  readonly contacts: Contacts;
}

export function healthcareServiceOf(source: SourceService, facts: ServiceFacts, notes: Note[]): HealthcareService {
  const { row } = source;
  const { phonePublic, phonePrivate, email } = facts.contacts;
  return {
    id: healthcareServiceId(row.id),
    identifier_oldDoS_uid: row.uid,
    status: row.statusid === 1 ? 'active' : 'inactive',
    category: facts.category,
    type: facts.type,
    ...(facts.at === null ? {} : { providedBy: facts.at.organisation, location: facts.at.location }),
    name: row.name,
    telecom: { phone_public: phonePublic, phone_private: phonePrivate, email, web: row.web },
    openingTime: openingTimesOf(source),
    symptomGroupSymptomDiscriminators: source.sgsds.map(({ sgid, sdid }) => ({ sg: sgid, sd: sdid })),
    dispositions: dispositionCodes(source, notes),
    ageEligibilityCriteria: ages(source, notes),
  };
}

/** A disposition nobody knows is left out with a warning: it says nothing against the rest of the service. */
function dispositionCodes(source: SourceService, notes: Note[]): readonly string[] {
  const known = new Map(source.dispositions.map((disposition) => [disposition.id, disposition.dxcode]));
  return source.serviceDispositions.flatMap(({ dispositionid }) => {
    if (!known.has(dispositionid)) notes.push(etl('018', { service_id: source.row.id, disposition_id: dispositionid }));
    return known.get(dispositionid) ?? [];
  });
}

function ages(source: SourceService, notes: Note[]): HealthcareService['ageEligibilityCriteria'] {
  const ranges = readAges(source.ages);
  if (ranges === null) notes.push(etl('017', { service_id: source.row.id }));
  return ranges?.map((range) => ({ ...range })) ?? null;
}
