import { type Aggregate, type Derivation, type Flow, type JsonObject, movesOf } from '../../../core/index.ts';
import { Findings } from '../issues.ts';
import { lastHeld } from '../moves.ts';
import type { Names } from '../names.ts';
import { matchSubmission } from '../patients/match.ts';
import { deriveRow, ownRow } from '../root-row.ts';
import { looksLikeEmail, said } from '../text.ts';
import { APPOINTMENT_REQUEST, type AppointmentRequestRow, requestStatus, requestType } from './row.ts';

const REQUESTS = 'public.appointment_requests';

/** A queue to work on: the source's word is in columns of its own, so that no change there takes back what was done here. */
export const appointmentRequestsFlow = (names: Names): Flow => ({
  name: 'appointment_requests',
  root: { table: REQUESTS },
  parts: [
    { name: 'submission', table: 'public.submissions', link: 'key', from: { part: 'root', link: 'submission' } },
    // which appointment it was about, after the source let go of it
    { name: 'released', table: movesOf(REQUESTS, 'appointment'), link: 'row', from: { part: 'root', link: 'key' } },
  ],
  targets: [{ kind: 'postgres', name: 'scheduling.request_queue', key: ['id'], mode: 'state' }],
  transform: (aggregate) => transformRequest(names, aggregate),
});

const transformRequest = (names: Names, aggregate: Aggregate): Derivation =>
  deriveRow(APPOINTMENT_REQUEST, 'appointment_requests', aggregate, (row, landed) => {
    const submission = aggregate.parts['submission']?.[0];
    if (!submission) return { documents: [], issues: [], waitingFor: 'submission' };
    const patientId = names.patient(matchSubmission(submission.image) ?? `submission:${row.submission_id}`);
    const type = requestType(row);
    const columns: JsonObject = {
      submission_legacy_id: row.submission_id,
      appointment_legacy_id: row.appointment_id,
      appointment_legacy_id_last: row.appointment_id ?? lastHeld(aggregate.parts['released'] ?? []),
      patient_id: patientId,
      request_type: type === 'unknown' ? 'other' : type,
      request_type_raw: row.request_type,
      message: row.message,
      patient_email: row.patient_email,
      source_state: requestStatus(row) === 'resolved' ? 'resolved' : 'pending',
      status_raw: row.status,
      handled_at: row.handled_at,
      created_at: row.created_at,
      idempotency_key: row.id,
    };
    const id = names.uuid(`request|${row.id}`);
    return {
      documents: [ownRow(names, { target: 'scheduling.request_queue', id, row, landed, columns })],
      issues: findingsOf(row),
    };
  });

function findingsOf(row: AppointmentRequestRow) {
  const found = new Findings();
  const email = said(row.patient_email);
  found.add(
    email !== null && !looksLikeEmail(email),
    'warning',
    'EMAIL_ODD',
    'patient_email',
    'not an e-mail address; kept',
  );
  found.add(
    requestType(row) === 'unknown',
    'warning',
    'REQUEST_TYPE_UNKNOWN',
    'request_type',
    'not a known type; queued as other, the text beside it',
  );
  found.add(
    requestStatus(row) === 'unknown',
    'warning',
    'STATUS_UNKNOWN',
    'status',
    'not a known status; queued as pending, the text beside it',
  );
  return found.all;
}
