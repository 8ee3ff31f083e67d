import type { JsonObject } from '../../../core/index.ts';
import { concept, type Loose, metaOf, narrative, reference, resource } from '../fhir/elements.ts';
import type { Names } from '../names.ts';
import { said } from '../text.ts';
import { nhsNumberOf } from './match.ts';
import type { Person } from './members.ts';

const UK_CORE = 'https://fhir.hl7.org.uk';

export interface PatientFacts {
  readonly matchKey: string;
  readonly person: Person | null;
  readonly active: boolean;
  readonly replacedBy: string | null;
  readonly replaces: readonly string[];
}

export function patientResource(names: Names, facts: PatientFacts): JsonObject {
  const id = names.patient(facts.matchKey);
  const name = nameOf(facts.person);
  return resource({
    resourceType: 'Patient',
    id,
    meta: metaOf(names, 'Patient'),
    text: narrative(name?.spoken ?? 'Patient'),
    identifier: [nhsIdentifier(nhsNumberOf(facts.matchKey)), { system: names.system('patient'), value: id }],
    active: facts.active,
    name: name === null ? [] : [name.element],
    telecom: [
      // the form asks for a mobile number; what looks like another kind is still what the patient answers
      contactPoint('phone', facts.person?.phone ?? null, 'mobile'),
      contactPoint('email', facts.person?.email ?? null),
    ],
    birthDate: facts.person?.birthDate,
    link: [
      facts.replacedBy === null ? {} : { other: reference('Patient', facts.replacedBy), type: 'replaced-by' },
      // By identifier: each of the two referring to the other would leave neither a first chance at the server.
      ...facts.replaces.map((other) => ({
        other: { type: 'Patient', identifier: { system: names.system('patient'), value: other } },
        type: 'replaces',
      })),
    ],
  });
}

function nameOf(person: Person | null): { element: Loose; spoken: string } | null {
  const [given, family, full] = [said(person?.given), said(person?.family), said(person?.full)];
  const spoken = full ?? ([given, family].filter((part) => part !== null).join(' ') || null);
  if (spoken === null) return null;
  return { element: { use: 'official', text: full, family, given: [given] }, spoken };
}

const nhsIdentifier = (number: string | null): Loose =>
  number === null
    ? {}
    : {
        system: 'https://fhir.nhs.uk/Id/nhs-number',
        value: number,
        extension: [
          {
            url: `${UK_CORE}/StructureDefinition/Extension-UKCore-NHSNumberVerificationStatus`,
            valueCodeableConcept: concept(
              `${UK_CORE}/CodeSystem/UKCore-NHSNumberVerificationStatusEngland`,
              '02',
              'Number present but not traced',
            ),
          },
        ],
      };

function contactPoint(system: string, raw: string | null, use?: string): Loose {
  const value = said(raw);
  return value === null ? {} : { system, value, use };
}
