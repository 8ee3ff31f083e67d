import type { Aggregate, Derivation, Document, Flow, LandedRow, RecordedChange } from '../../../core/index.ts';
import { originOf, stampsOf } from '../audit.ts';
import { clinicianKey } from '../clinician.ts';
import { parseRow, readRow, rowHash } from '../columns.ts';
import { changePapers } from '../fhir/change-provenance.ts';
import { Findings } from '../issues.ts';
import { fhirDocument, type Names, nameKey, refTo } from '../names.ts';
import { matchLabOrder, matchSubmission } from '../patients/match.ts';
import { DELETED_UNREAD } from '../submissions/flow.ts';
import { looksLikeEmail, said } from '../text.ts';
import { diagnosticReport, reportStatus } from './diagnostic-report.ts';
import { LAB_ORDER, type LabOrderRow, orderStatus, priorityOf } from './row.ts';
import { serviceRequest, serviceRequestId } from './service-request.ts';

export const labOrdersFlow = (names: Names): Flow => ({
  name: 'lab_orders',
  root: { table: 'public.lab_orders' },
  parts: [{ name: 'submission', table: 'public.submissions', link: 'key', from: { part: 'root', link: 'submission' } }],
  targets: [
    { kind: 'postgres', name: 'diagnostics.lab_order', key: ['id'], mode: 'state' },
    { kind: 'fhir', name: 'fhir.ServiceRequest', resourceType: 'ServiceRequest', mode: 'state' },
    { kind: 'fhir', name: 'fhir.DiagnosticReport', resourceType: 'DiagnosticReport', mode: 'state' },
    { kind: 'fhir', name: 'fhir.Provenance', resourceType: 'Provenance', mode: 'append' },
    { kind: 'fhir', name: 'fhir.AuditEvent', resourceType: 'AuditEvent', mode: 'append' },
  ],
  transform: (aggregate) => transformLabOrder(names, aggregate),
  history: (change) => labOrderPapers(names, change),
  // a report is never taken back: when its order no longer tells of one it is cancelled
  retire: (target, last) => ({
    ...last,
    status:
      target === 'fhir.DiagnosticReport' && last['status'] !== 'entered-in-error' ? 'cancelled' : 'entered-in-error',
  }),
});

function transformLabOrder(names: Names, aggregate: Aggregate): Derivation {
  const landed = aggregate.root;
  if (landed === null) return { documents: [], issues: [] };
  if (landed.deleted && readRow(LAB_ORDER, landed.image) === null) return { documents: [], issues: [DELETED_UNREAD] };
  const row = parseRow(LAB_ORDER, 'lab_orders', landed.image);
  const submission = aggregate.parts['submission']?.[0];
  if (row.submission_id !== null && !submission) return { documents: [], issues: [], waitingFor: 'submission' };
  const matchKey = submission ? matchSubmission(submission.image) : matchLabOrder(landed.image);
  const patientId = names.patient(matchKey ?? `lab:${row.id}`);
  const request = serviceRequest(names, row, patientId, landed.deleted);
  const needs = [refTo('Patient', patientId)];
  const documents = [labOrderRow(names, landed, row, patientId), fhirDocument(request, patientId, needs)];
  const status = reportStatus(row, landed.deleted);
  if (status !== null) {
    const report = diagnosticReport(names, row, patientId, status);
    documents.push(fhirDocument(report, patientId, [refTo('ServiceRequest', String(request['id'])), ...needs]));
  }
  return { documents, issues: findingsOf(row) };
}

function labOrderRow(names: Names, landed: LandedRow, row: LabOrderRow, patientId: string): Document {
  const vendorKey = nameKey(row.vendor);
  const vendor = vendorKey === null ? null : names.vendor(vendorKey);
  const id = serviceRequestId(names, row.id);
  const orderer = { userId: row.ordering_clinician_id, email: said(row.ordering_clinician_email) };
  return {
    target: 'diagnostics.lab_order',
    id,
    content: {
      id,
      patient_id: patientId,
      submission_legacy_id: row.submission_id,
      patient_snapshot: {
        full_name: row.patient_full_name,
        email: row.patient_email,
        birth_date: row.patient_date_of_birth,
      },
      orderer_key: clinicianKey(orderer),
      order_type: row.order_type,
      priority: priorityOf(row) ?? 'routine',
      priority_raw: row.priority,
      vendor_id: vendor,
      status: orderStatus(row),
      status_raw: row.order_status,
      external_order_id: row.external_order_id,
      metadata: row.metadata,
      ordered_at: row.ordered_at,
      result_received_at: row.result_received_at,
      result_reviewed_at: row.result_reviewed_at,
      last_status_at: row.last_status_at,
      created_at: row.created_at,
      source_updated_at: row.updated_at,
      ...originOf(row.id, landed),
      row_hash: rowHash(row),
    },
    stamps: stampsOf(names, landed),
    ...(vendor === null ? {} : { needs: [{ target: 'diagnostics.vendor', id: vendor }] }),
  };
}

function findingsOf(row: LabOrderRow) {
  const found = new Findings();
  const email = said(row.patient_email);
  found.add(
    email !== null && !looksLikeEmail(email),
    'warning',
    'EMAIL_ODD',
    'patient_email',
    'not an e-mail address; kept',
  );
  found.add(priorityOf(row) === null, 'info', 'PRIORITY_UNKNOWN', 'priority', 'not a known priority; sent as routine');
  found.add(
    orderStatus(row) === 'unknown',
    'warning',
    'STATUS_UNKNOWN',
    'order_status',
    'not a known status; stored as unknown, the text beside it',
  );
  found.add(
    row.submission_id === null && said(row.patient_full_name) === null,
    'info',
    'PATIENT_NAMELESS',
    'patient_full_name',
    'an order without a form and without a name; its patient has none',
  );
  found.illegalText(row);
  return found.all;
}

function labOrderPapers(names: Names, change: RecordedChange): readonly Document[] {
  const id = change.after['id'];
  if (typeof id !== 'string') return [];
  const request = serviceRequestId(names, id.toLowerCase());
  return changePapers(names, change, [refTo('ServiceRequest', request)], request);
}
