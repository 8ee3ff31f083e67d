import type { Document, DocumentRef, Image, JsonObject } from '../../core/index.ts';
import { carePlanId, documentReferenceId } from './action-plans/resources.ts';
import { appointmentId } from './appointments/appointment.ts';
import { readRow } from './columns.ts';
import { taskId } from './compliance-tasks/task.ts';
import type { ChangeFacts } from './fhir/change-provenance.ts';
import { diagnosticReportId } from './lab-orders/diagnostic-report.ts';
import { serviceRequestId } from './lab-orders/service-request.ts';
import { type Names, refTo } from './names.ts';
import { observationId } from './partner-temperature-logs/resources.ts';
import { readGuardians, relatedPersonId } from './patients/guardians.ts';
import { matchSubmission } from './patients/match.ts';
import { questionnaireResponseId } from './submissions/questionnaire-response.ts';
import { SUBMISSION } from './submissions/row.ts';

export interface OwnResources {
  /** in the bundle's order */
  readonly resources: readonly Document[];
  /** id of the resource the row itself is; null for a row of a table that is none */
  readonly main: string | null;
  /** id of a patient that is somebody else's to write: it is only made when it is not there */
  readonly stub: string | null;
}

/** Of a table without FHIR; a change of it may still change resources of other rows. */
export const NO_RESOURCES: OwnResources = { resources: [], main: null, stub: null };

const WITH_RESOURCES = new Set([
  'submissions',
  'appointments',
  'lab_orders',
  'action_plans',
  'compliance_tasks',
  'partner_temperature_logs',
]);

/** Whether a row of this table is a resource, once all it needs is there. */
export const hasOwnResources = (table: string): boolean => WITH_RESOURCES.has(table);

type Find = (ref: DocumentRef) => Document | undefined;

/** The resources a changed row stands for, as they are now. Null: none yet, it waits or is parked. */
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
    case 'action_plans':
      return actionPlanResources(names, facts.key, find);
    case 'compliance_tasks':
      return taskResources(names, facts.key, find);
    case 'partner_temperature_logs':
      return temperatureResources(names, facts.key, find);
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

function actionPlanResources(names: Names, key: string, find: Find): OwnResources | null {
  const plan = find(refTo('CarePlan', carePlanId(names, key)));
  const file = find(refTo('DocumentReference', documentReferenceId(names, key)));
  const patient = plan && find(refTo('Patient', idIn(plan.content['subject'])));
  if (!plan || !file || !patient) return null;
  return { resources: [patient, file, plan], main: plan.id, stub: patient.id };
}

function taskResources(names: Names, key: string, find: Find): OwnResources | null {
  const task = find(refTo('Task', taskId(names, key)));
  if (!task) return null;
  const subject = task.content['for'];
  const patient = subject && find(refTo('Patient', idIn(subject)));
  if (subject && !patient) return null;
  return { resources: [...(patient ? [patient] : []), task], main: task.id, stub: patient ? patient.id : null };
}

function temperatureResources(names: Names, key: string, find: Find): OwnResources | null {
  const reading = find(refTo('Observation', observationId(names, key)));
  if (!reading) return null;
  const place = find(refTo('Location', idIn(reading.content['subject'])));
  return { resources: [...(place ? [place] : []), reading], main: reading.id, stub: null };
}

const idIn = (reference: unknown): string =>
  String((reference as JsonObject | undefined)?.['reference'] ?? '').replace(/^[A-Za-z]+\//, '');

function patientOfAppointment(content: JsonObject): string {
  const participants = (content['participant'] ?? []) as readonly JsonObject[];
  return idIn(participants[0]?.['actor']);
}
