import type { JsonObject } from '../../../core/index.ts';
import { concept, metaOf, narrative, reference, resource } from '../fhir/elements.ts';
import type { Names } from '../names.ts';
import { type LabOrderRow, orderStatus } from './row.ts';
import { requesterOf, serviceRequestId, testName } from './service-request.ts';

/**
 * Status of an order's report, null when the row knows of none. A report the row no longer tells of, though there was
 * one, is the business of `retire`.
 */
export function reportStatus(row: LabOrderRow, deleted: boolean): string | null {
  const status = statusOfLiving(row);
  return status !== null && deleted ? 'entered-in-error' : status;
}

function statusOfLiving(row: LabOrderRow): string | null {
  const hasResult = row.result_received_at !== null || row.result_reviewed_at !== null;
  switch (orderStatus(row)) {
    case 'results_received':
      return 'preliminary';
    case 'results_reviewed':
      return 'final';
    case 'retransmit_requested':
      // asked for again: what had come stands as it stood
      return hasResult ? (row.result_reviewed_at === null ? 'preliminary' : 'final') : null;
    case 'cancelled':
      return hasResult ? 'cancelled' : null;
    default:
      return null;
  }
}

export const diagnosticReportId = (names: Names, orderId: string): string =>
  names.resource('DiagnosticReport', 'lab-report', orderId);

export function diagnosticReport(names: Names, row: LabOrderRow, patientId: string, status: string): JsonObject {
  const interpreter = row.result_reviewed_at === null ? null : requesterOf(names, row);
  return resource({
    resourceType: 'DiagnosticReport',
    id: diagnosticReportId(names, row.id),
    meta: metaOf(names, 'DiagnosticReport'),
    identifier: [{ system: names.system('lab-report'), value: row.id }],
    text: narrative('Laboratory report'),
    basedOn: [reference('ServiceRequest', serviceRequestId(names, row.id))],
    status,
    category: [concept('http://terminology.hl7.org/CodeSystem/v2-0074', 'LAB', 'Laboratory')],
    code: { text: testName(row) },
    subject: reference('Patient', patientId),
    effectiveDateTime: row.result_received_at ?? row.last_status_at,
    issued: row.result_reviewed_at ?? row.result_received_at,
    resultsInterpreter: interpreter === null ? [] : [interpreter],
  });
}
