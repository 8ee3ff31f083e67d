import type { JsonObject } from '../../../core/index.ts';
import { concept, type Loose, metaOf, narrative, practitioner, reference, resource } from '../fhir/elements.ts';
import { type Names, nameKey } from '../names.ts';
import { said } from '../text.ts';
import { type LabOrderRow, ORDER_STATUS, orderStatus, priorityOf } from './row.ts';

export const serviceRequestId = (names: Names, orderId: string): string =>
  names.resource('ServiceRequest', 'lab-order', orderId);

/** The source has no coded test, so the words are the code. */
export const testName = (row: LabOrderRow): string => said(row.order_type) ?? 'Laboratory order';

export const requesterOf = (names: Names, row: LabOrderRow): JsonObject | null =>
  practitioner(names, row.ordering_clinician_id, said(row.ordering_clinician_email));

export function serviceRequest(names: Names, row: LabOrderRow, patientId: string, deleted: boolean): JsonObject {
  const external = said(row.external_order_id);
  const note = notesOf(row);
  return resource({
    resourceType: 'ServiceRequest',
    id: serviceRequestId(names, row.id),
    meta: metaOf(names, 'ServiceRequest'),
    identifier: [
      { system: names.system('lab-order'), value: row.id },
      external === null
        ? {}
        : {
            type: concept('http://terminology.hl7.org/CodeSystem/v2-0203', 'FILL'),
            system: names.system('vendor-order'),
            value: external,
          },
    ],
    text: narrative(testName(row)),
    status: deleted ? 'entered-in-error' : (ORDER_STATUS[orderStatus(row)] ?? 'unknown'),
    intent: 'order',
    category: [concept('http://snomed.info/sct', '108252007', 'Laboratory procedure')],
    priority: priorityOf(row) ?? 'routine',
    code: { text: testName(row) },
    subject: reference('Patient', patientId),
    authoredOn: row.ordered_at ?? row.created_at,
    requester: requesterOf(names, row),
    performer: [laboratory(names, row)],
    note: note === null ? [] : [{ text: note }],
  });
}

function laboratory(names: Names, row: LabOrderRow): Loose {
  const key = nameKey(row.vendor);
  if (key === null) return {};
  return {
    type: 'Organization',
    identifier: { system: names.system('lab-vendor'), value: key },
    display: said(row.vendor),
  };
}

function notesOf(row: LabOrderRow): string | null {
  const metadata = row.metadata;
  if (metadata === null || typeof metadata !== 'object' || Array.isArray(metadata)) return null;
  const notes = (metadata as JsonObject)['notes'];
  return typeof notes === 'string' ? said(notes) : null;
}
