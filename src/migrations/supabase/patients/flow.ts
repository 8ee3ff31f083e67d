import {
  type Aggregate,
  type Derivation,
  type Document,
  type Flow,
  type JsonObject,
  movesOf,
  SluiceError,
} from '../../../core/index.ts';
import { originOf, stampsOf } from '../audit.ts';
import { rowHash } from '../columns.ts';
import { fhirDocument, type Names, refTo } from '../names.ts';
import { e164Of, said } from '../text.ts';
import { readGuardians, relatedPerson } from './guardians.ts';
import { matchSubmission, nhsNumberOf, ruleOf } from './match.ts';
import { type Member, memberOfSubmission, membersOf, type Person } from './members.ts';
import { patientResource } from './patient.ts';
import { predecessorsOf, successorOf } from './succession.ts';

const SUBMISSIONS = 'public.submissions';
const MOVES = movesOf(SUBMISSIONS, 'patient');

/**
 * A patient is a root of its own: the group of all forms and orders with one match key. It owns the related persons
 * too, for two forms of a patient may name the same mother.
 */
export const patientsFlow = (names: Names): Flow => ({
  name: 'patients',
  root: { group: 'patient' },
  parts: [
    { name: 'members', table: SUBMISSIONS, link: 'patient', from: { part: 'root', link: 'key' } },
    { name: 'orders', table: 'public.lab_orders', link: 'patient', from: { part: 'root', link: 'key' } },
    { name: 'left', table: MOVES, link: 'from', from: { part: 'root', link: 'key' } },
    { name: 'leavers', table: SUBMISSIONS, link: 'key', from: { part: 'left', link: 'row' } },
    { name: 'arrived', table: MOVES, link: 'to', from: { part: 'root', link: 'key' } },
    { name: 'originMembers', table: SUBMISSIONS, link: 'patient', from: { part: 'arrived', link: 'from' } },
    { name: 'originMoves', table: MOVES, link: 'from', from: { part: 'arrived', link: 'from' } },
  ],
  targets: [
    { kind: 'postgres', name: 'intake.patient', key: ['id'], mode: 'state' },
    { kind: 'fhir', name: 'fhir.Patient', resourceType: 'Patient', mode: 'state' },
    { kind: 'fhir', name: 'fhir.RelatedPerson', resourceType: 'RelatedPerson', mode: 'state' },
  ],
  transform: (aggregate) => transformPatient(names, aggregate),
  // Somebody struck off a list, or a patient nobody speaks of any more, stays to be read.
  retire: (_target, last) => ({ ...last, active: false }),
});

function transformPatient(names: Names, aggregate: Aggregate): Derivation {
  const successor = successorOf(aggregate);
  if (successor) {
    const left = successor.row && memberOfSubmission(successor.row);
    return superseded(names, aggregate.key, successor.matchKey, left);
  }
  const members = membersOf(aggregate);
  const winner = members[0];
  if (!winner) {
    const rows = (aggregate.parts['members']?.length ?? 0) + (aggregate.parts['orders']?.length ?? 0);
    if (rows > 0) throw new SluiceError('ROW_INVALID', 'no row of this patient fits its declaration');
    return { documents: [], issues: [] };
  }
  const id = names.patient(aggregate.key);
  const replaces = predecessorsOf(aggregate, (row) => matchSubmission(row.image)).map((key) => names.patient(key));
  const facts = { matchKey: aggregate.key, active: !winner.row.deleted, replacedBy: null, replaces };
  const documents = [
    patientRow(names, aggregate.key, winner.person, null, winner),
    fhirDocument(patientResource(names, { ...facts, person: winner.person }), id),
    ...relatedPersons(names, id, members),
  ];
  return { documents, issues: [] };
}

/** A key all of whose forms have gone to another key. What is known of the person is what the last to leave says. */
function superseded(names: Names, matchKey: string, successorKey: string, left: Member | null): Derivation {
  const id = names.patient(matchKey);
  const replacedBy = names.patient(successorKey);
  const person = left?.person ?? null;
  const patient = patientResource(names, { matchKey, person, active: false, replacedBy, replaces: [] });
  const documents = [
    patientRow(names, matchKey, person, replacedBy, left),
    fhirDocument(patient, id, [refTo('Patient', replacedBy)]),
  ];
  return { documents, issues: [] };
}

function patientRow(
  names: Names,
  matchKey: string,
  person: Person | null,
  supersededBy: string | null,
  source: Member | null,
): Document {
  const id = names.patient(matchKey);
  return {
    target: 'intake.patient',
    id,
    content: {
      id,
      match_key: matchKey,
      match_rule: ruleOf(matchKey),
      nhs_number: nhsNumberOf(matchKey),
      given_name: said(person?.given),
      family_name: said(person?.family),
      full_name: said(person?.full),
      birth_date: person?.birthDate ?? null,
      email: said(person?.email),
      phone_e164: e164Of(person?.phone ?? null),
      phone_raw: person?.phone ?? null,
      superseded_by: supersededBy,
      ...(source === null ? { legacy_id: null, deleted_at: null, row_hash: null } : rowOrigin(source)),
    },
    ...(source === null ? {} : { stamps: stampsOf(names, source.row) }),
    ...(supersededBy === null ? {} : { needs: [{ target: 'intake.patient', id: supersededBy }] }),
  };
}

const rowOrigin = (source: Member): JsonObject => ({
  ...originOf(source.id, source.row),
  row_hash: rowHash({ ...source.person }),
});

/** Everybody any living form names; those only a deleted form names are no longer active. */
function relatedPersons(names: Names, patientId: string, members: readonly Member[]): readonly Document[] {
  const documents = new Map<string, Document>();
  for (const { row, guardians } of members) {
    for (const guardian of readGuardians(names, guardians).guardians) {
      if (documents.has(guardian.identity)) continue;
      const content = relatedPerson(names, patientId, guardian, !row.deleted);
      documents.set(guardian.identity, fhirDocument(content, patientId, [refTo('Patient', patientId)]));
    }
  }
  return [...documents.values()];
}
