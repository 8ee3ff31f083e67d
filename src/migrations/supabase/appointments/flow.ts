import type {
  Aggregate,
  Derivation,
  Document,
  Flow,
  JsonObject,
  LandedRow,
  RecordedChange,
} from '../../../core/index.ts';
import { isGrantedCancellation } from '../appointment-requests/row.ts';
import { originOf, sourceInstant, stampsOf } from '../audit.ts';
import { type Clinician, clinicianKey, clinicianOf } from '../clinician.ts';
import { parseRow, readRow, rowHash } from '../columns.ts';
import { changePapers, factsOf } from '../fhir/change-provenance.ts';
import { Findings } from '../issues.ts';
import { fhirDocument, type Names, nameKey, refTo } from '../names.ts';
import { matchSubmission } from '../patients/match.ts';
import { DELETED_UNREAD } from '../submissions/flow.ts';
import { compareInstants } from '../time.ts';
import { appointmentId, appointmentResource } from './appointment.ts';
import { APPOINTMENT, type AppointmentRow, statusOf } from './row.ts';

export const appointmentsFlow = (names: Names): Flow => ({
  name: 'appointments',
  root: { table: 'public.appointments' },
  parts: [
    // the clinician and the patient are on the form, not on the appointment
    { name: 'submission', table: 'public.submissions', link: 'key', from: { part: 'root', link: 'submission' } },
    // who cancelled is told by the patient's own request
    {
      name: 'requests',
      table: 'public.appointment_requests',
      link: 'appointment',
      from: { part: 'root', link: 'key' },
    },
  ],
  targets: [
    { kind: 'postgres', name: 'scheduling.appointment', key: ['id'], mode: 'state' },
    {
      kind: 'postgres',
      name: 'scheduling.appointment_status_event',
      key: ['appointment_id', 'entry'],
      mode: 'append',
    },
    { kind: 'fhir', name: 'fhir.Appointment', resourceType: 'Appointment', mode: 'state' },
    { kind: 'fhir', name: 'fhir.Provenance', resourceType: 'Provenance', mode: 'append' },
    { kind: 'fhir', name: 'fhir.AuditEvent', resourceType: 'AuditEvent', mode: 'append' },
  ],
  transform: (aggregate) => transformAppointment(names, aggregate),
  history: (change) => appointmentHistory(names, change),
  // app-4: a reason for cancelling belongs to a cancelled appointment only
  retire: (_target, { cancelationReason: _reason, ...last }) => ({ ...last, status: 'entered-in-error' }),
});

function transformAppointment(names: Names, aggregate: Aggregate): Derivation {
  const landed = aggregate.root;
  if (landed === null) return { documents: [], issues: [] };
  if (landed.deleted && readRow(APPOINTMENT, landed.image) === null) {
    return { documents: [], issues: [DELETED_UNREAD] };
  }
  const row = parseRow(APPOINTMENT, 'appointments', landed.image);
  const submission = aggregate.parts['submission']?.[0];
  if (!submission) return { documents: [], issues: [], waitingFor: 'submission' };
  const patientId = names.patient(matchSubmission(submission.image) ?? `submission:${row.submission_id}`);
  const clinician = clinicianOf(submission.image);
  const byPatient = (aggregate.parts['requests'] ?? []).some(isGrantedCancellation);
  const content = appointmentResource(names, { row, patientId, clinician, byPatient, deleted: landed.deleted });
  return {
    documents: [
      appointmentRow(names, landed, row, patientId, clinician),
      fhirDocument(content, patientId, [refTo('Patient', patientId)]),
    ],
    issues: findingsOf(row),
  };
}

function appointmentRow(
  names: Names,
  landed: LandedRow,
  row: AppointmentRow,
  patientId: string,
  clinician: Clinician,
): Document {
  const room = nameKey(row.location);
  const location = room === null ? null : names.location(room);
  const id = appointmentId(names, row.id);
  const backwards = compareInstants(row.end_at, row.start_at) < 0;
  const content: JsonObject = {
    id,
    patient_id: patientId,
    submission_legacy_id: row.submission_id,
    clinician_key: clinicianKey(clinician),
    location_id: location,
    status: statusOf(row.status) ?? 'UNKNOWN',
    status_raw: row.status,
    resource_type: row.resource_type,
    start_at: row.start_at,
    // an end before the start is kept where no rule asks sense of it
    end_at: backwards ? null : row.end_at,
    end_at_raw: row.end_at,
    notes: row.notes,
    created_at: row.created_at,
    source_updated_at: row.updated_at,
    ...originOf(row.id, landed),
    row_hash: rowHash(row),
  };
  const needs = location === null ? {} : { needs: [{ target: 'scheduling.location', id: location }] };
  return { target: 'scheduling.appointment', id, content, stamps: stampsOf(names, landed), ...needs };
}

function findingsOf(row: AppointmentRow) {
  const found = new Findings();
  const length = compareInstants(row.end_at, row.start_at);
  found.add(length === 0, 'info', 'APPOINTMENT_ZERO_LENGTH', 'end_at', 'ends as it begins; kept');
  found.add(
    length < 0,
    'warning',
    'APPOINTMENT_ENDS_BEFORE_START',
    'end_at',
    'ends before it begins; kept as end_at_raw',
  );
  found.add(
    statusOf(row.status) === null,
    'warning',
    'STATUS_UNKNOWN',
    'status',
    'not a known status; stored as UNKNOWN, the text beside it, in FHIR as booked',
  );
  found.illegalText(row);
  return found.all;
}

/** Papers of a change, and an entry for each change of status: in the source's words, first and last included. */
function appointmentHistory(names: Names, change: RecordedChange): readonly Document[] {
  const id = change.after['id'];
  if (typeof id !== 'string') return [];
  const appointment = appointmentId(names, id.toLowerCase());
  const papers = changePapers(names, change, [refTo('Appointment', appointment)], appointment);
  const from = change.before === null ? null : statusWord(change.before['status']);
  const to = change.op === 'd' ? 'DELETED' : statusWord(change.after['status']);
  if (from === to) return papers;
  const event: Document = {
    target: 'scheduling.appointment_status_event',
    id: JSON.stringify([appointment, change.entry]),
    content: {
      appointment_id: appointment,
      entry: change.entry,
      from_status: from,
      to_status: to,
      at: sourceInstant(change),
      source_lsn: change.lsn,
    },
    stamps: { correlation_id: factsOf(names, change).correlationId },
  };
  return [...papers, event];
}

function statusWord(value: unknown): string {
  const text = typeof value === 'string' ? value : 'CONFIRMED';
  return statusOf(text) ?? text;
}
