import type { Json, JsonObject } from '../../../core/index.ts';
import { metaOf, narrative, reference, resource } from '../fhir/elements.ts';
import type { Names } from '../names.ts';
import { alike, said } from '../text.ts';

const ROLE_CODE = 'http://terminology.hl7.org/CodeSystem/v3-RoleCode';

/** Words the form's users write, as codes of v3 RoleCode. Other words stay words. */
const ROLES: Readonly<Record<string, string>> = {
  mother: 'MTH',
  father: 'FTH',
  parent: 'PRN',
  guardian: 'GUARD',
  grandmother: 'GRMTH',
  grandfather: 'GRFTH',
  sister: 'SIS',
  brother: 'BRO',
  aunt: 'AUNT',
  uncle: 'UNCLE',
  spouse: 'SPS',
};

export interface Guardian {
  /** place in the list, from 1 */
  readonly ordinal: number;
  /** from what is said of the person, so that a re-ordered list makes nobody new */
  readonly identity: string;
  readonly name: string | null;
  readonly relationship: string | null;
  readonly relationshipCode: string | null;
  readonly phone: string | null;
  readonly email: string | null;
}

export interface GuardianList {
  readonly guardians: readonly Guardian[];
  /** members of the list that say nothing, or nothing readable */
  readonly unreadable: number;
  /** members that say what another one says already */
  readonly repeated: number;
}

export function readGuardians(names: Names, contacts: Json): GuardianList {
  const list = Array.isArray(contacts) ? (contacts as readonly Json[]) : contacts === null ? [] : [contacts];
  const guardians = new Map<string, Guardian>();
  let unreadable = 0;
  let repeated = 0;
  for (const [index, member] of list.entries()) {
    const guardian = readGuardian(names, member, index + 1);
    if (guardian === null) unreadable += 1;
    else if (guardians.has(guardian.identity)) repeated += 1;
    else guardians.set(guardian.identity, guardian);
  }
  return { guardians: [...guardians.values()], unreadable, repeated };
}

function readGuardian(names: Names, member: Json, ordinal: number): Guardian | null {
  if (member === null || typeof member !== 'object' || Array.isArray(member)) return null;
  const contact = member as JsonObject;
  const word = (key: string): string | null => {
    const value = contact[key];
    return typeof value === 'string' ? said(value) : typeof value === 'number' ? String(value) : null;
  };
  const [name, relationship, phone, email] = [word('name'), word('relationship'), word('phone'), word('email')];
  if (name === null && relationship === null && phone === null && email === null) return null;
  const identity = names.uuid([name, relationship, email, phone].map(alike).join('|'));
  const role = alike(relationship);
  return {
    ordinal,
    identity,
    name,
    relationship,
    relationshipCode: Object.hasOwn(ROLES, role) ? (ROLES[role] ?? null) : null,
    phone,
    email,
  };
}

const identifierValue = (patientId: string, guardian: Guardian): string => `${patientId}:${guardian.identity}`;

export const relatedPersonId = (names: Names, patientId: string, guardian: Guardian): string =>
  names.resource('RelatedPerson', 'guardian', identifierValue(patientId, guardian));

export function relatedPerson(names: Names, patientId: string, guardian: Guardian, active: boolean): JsonObject {
  const { name, relationship, relationshipCode: code, phone, email } = guardian;
  return resource({
    resourceType: 'RelatedPerson',
    id: relatedPersonId(names, patientId, guardian),
    meta: metaOf(names, 'RelatedPerson'),
    identifier: [{ system: names.system('guardian'), value: identifierValue(patientId, guardian) }],
    text: narrative(name ?? 'Related person'),
    active,
    patient: reference('Patient', patientId),
    relationship: [
      {
        coding: code === null ? [] : [{ system: ROLE_CODE, code, display: alike(relationship) }],
        text: relationship,
      },
    ],
    name: [{ text: name }],
    telecom: [contactPoint('phone', phone), contactPoint('email', email)],
  });
}

/** `system` must be there whenever a value is (cpt-2), and nothing at all when there is none. */
const contactPoint = (system: string, value: string | null): JsonObject => (value === null ? {} : { system, value });
