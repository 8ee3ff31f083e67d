import type { Document, DocumentRef, Image, JsonObject } from '../../core/index.ts';
import { appointmentId } from './appointments/appointment.ts';
import { readRow } from './columns.ts';
import type { ChangeFacts } from './fhir/change-provenance.ts';
import { diagnosticReportId } from './lab-orders/diagnostic-report.ts';
import { serviceRequestId } from './lab-orders/service-request.ts';
import { type Names, refTo } from './names.ts';
import { readGuardians, relatedPersonId } from './patients/guardians.ts';
import { matchSubmission } from './patients/match.ts';
import { questionnaireResponseId } from './submissions/questionnaire-response.ts';
import { SUBMISSION } from './submissions/row.ts';

export interface OwnResources {
  /** in the bundle's order */
  readonly resources: readonly Document[];
  /** id of the resource the row itself is */
  readonly main: string;
  /** id of a patient that is somebody else's to write: it is only made when it is not there */
  readonly stub: string | null;
}

type Find = (ref: DocumentRef) => Document | undefined;

/** The resources a changed row stands for, as they are now. Null: none yet, it waits or is parked, or none at all. */
export function ownResources(names: Names, facts: ChangeFacts, image: Image, find: Find): OwnResources | null {
  switch (facts.table) {
    case 'submissions':
      return submissionResources(names, image, find);
    case 'appointments': {
      const appointment = find(refTo('Appointment', appointmentId(names, facts.key)));
      const patient = appointment && find(refTo('Patient', patientOfAppointment(appointment.content)));
      if (!appointment || !patient) return null;
      return { resources: [patient, appointment], main: appointment.id, stub: patient.id };
    }
    case 'lab_orders':
      return labOrderResources(names, facts.key, image, find);
    default:
      return null;
  }
}

function submissionResources(names: Names, image: Image, find: Find): OwnResources | null {
  const row = readRow(SUBMISSION, image);
  if (row === null) return null;
  const patientId = names.patient(matchSubmission(image) ?? `submission:${row.id}`);
  const patient = find(refTo('Patient', patientId));
  const response = find(refTo('QuestionnaireResponse', questionnaireResponseId(names, row.id)));
  if (!patient || !response) return null;
  const { guardians } = readGuardians(names, row.guardian_contacts);
  const people = guardians.flatMap((one) => find(refTo('RelatedPerson', relatedPersonId(names, patientId, one))) ?? []);
  const consent = find(refTo('Consent', names.resource('Consent', 'consent', row.id)));
  const resources = [patient, response, ...people, ...(consent ? [consent] : [])];
  return { resources, main: response.id, stub: null };
}

function labOrderResources(names: Names, key: string, image: Image, find: Find): OwnResources | null {
  const request = find(refTo('ServiceRequest', serviceRequestId(names, key)));
  const patient = request && find(refTo('Patient', idIn(request.content['subject'])));
  if (!request || !patient) return null;
  const report = find(refTo('DiagnosticReport', diagnosticReportId(names, key)));
  const ownsPatient = typeof image['submission_id'] !== 'string';
  return {
    resources: [patient, request, ...(report ? [report] : [])],
    main: request.id,
    stub: ownsPatient ? null : patient.id,
  };
}

const idIn = (reference: unknown): string =>
  String((reference as JsonObject | undefined)?.['reference'] ?? '').replace(/^[A-Za-z]+\//, '');

function patientOfAppointment(content: JsonObject): string {
  const participants = (content['participant'] ?? []) as readonly JsonObject[];
  return idIn(participants[0]?.['actor']);
}
