import type { JsonObject } from '../../../core/index.ts';
import type { ChangeFacts } from '../fhir/change-provenance.ts';
import { concept, correlationMeta, type Loose, narrative, resource, service } from '../fhir/elements.ts';
import { serviceRequestId } from '../lab-orders/service-request.ts';
import type { Names } from '../names.ts';
import { codeOf, said } from '../text.ts';
import type { LabOrderEventRow } from './row.ts';

/** The event itself, a later change of its row, or the deletion of it. */
export type EventKind = 'event' | 'amendment' | 'deletion';

/** The papers of the event keep its row's name; those of what is done to the row afterwards need one for each change. */
const paperId = (names: Names, type: string, facts: ChangeFacts, kind: EventKind): string =>
  names.uuid(`${type}|${facts.table}|${facts.key}${kind === 'event' ? '' : `|${facts.lsn}`}`);

const isFirst = (row: LabOrderEventRow): boolean => codeOf(row.event_type) === 'submitted';

const eventCoding = (names: Names, row: LabOrderEventRow): Loose => {
  const code = codeOf(row.event_type);
  return code === null ? {} : { system: names.site('CodeSystem/lab-event-type'), code };
};

const actorOf = (names: Names, row: LabOrderEventRow): { readonly person: boolean; readonly who: JsonObject } => {
  const email = said(row.actor_email);
  return email === null
    ? { person: false, who: service(names, 'lab-order-connector') }
    : { person: true, who: { identifier: { system: names.system('staff-email'), value: email } } };
};

const orderOf = (names: Names, row: LabOrderEventRow): JsonObject => ({
  reference: `ServiceRequest/${serviceRequestId(names, row.lab_order_id)}`,
});

const OPERATION: Readonly<Record<EventKind, (row: LabOrderEventRow) => string>> = {
  event: (row) => (isFirst(row) ? 'CREATE' : 'UPDATE'),
  amendment: () => 'UPDATE',
  deletion: () => 'NULLIFY',
};

export function eventProvenance(names: Names, row: LabOrderEventRow, facts: ChangeFacts, kind: EventKind): JsonObject {
  const { person, who } = actorOf(names, row);
  const external = said(row.external_event_id);
  return resource({
    resourceType: 'Provenance',
    id: paperId(names, 'Provenance', facts, kind),
    meta: correlationMeta(names, facts.correlationId),
    text: narrative(
      [said(row.event_type), said(row.event_status)].filter(Boolean).join(' ') || 'Laboratory order event',
    ),
    target: [orderOf(names, row)],
    occurredDateTime: row.occurred_at,
    recorded: kind === 'event' ? row.created_at : facts.at,
    activity: {
      coding: [
        eventCoding(names, row),
        { system: 'http://terminology.hl7.org/CodeSystem/v3-DataOperation', code: OPERATION[kind](row) },
      ],
    },
    agent: [
      {
        type: concept(
          'http://terminology.hl7.org/CodeSystem/provenance-participant-type',
          person ? 'author' : 'assembler',
        ),
        who,
      },
    ],
    entity:
      external === null
        ? []
        : [{ role: 'source', what: { identifier: { system: names.system('vendor-event'), value: external } } }],
  });
}

const ACTION: Readonly<Record<EventKind, (row: LabOrderEventRow) => string>> = {
  event: (row) => (isFirst(row) ? 'C' : 'U'),
  amendment: () => 'U',
  deletion: () => 'D',
};

/** The payload is not copied: it may hold results. */
export function eventAudit(names: Names, row: LabOrderEventRow, facts: ChangeFacts, kind: EventKind): JsonObject {
  const status = said(row.event_status);
  return resource({
    resourceType: 'AuditEvent',
    id: paperId(names, 'AuditEvent', facts, kind),
    meta: correlationMeta(names, facts.correlationId),
    text: narrative(said(row.event_type) ?? 'Laboratory order event'),
    type: { system: 'http://dicom.nema.org/resources/ontology/DCM', code: '110100', display: 'Application Activity' },
    subtype: [eventCoding(names, row)],
    action: ACTION[kind](row),
    recorded: kind === 'event' ? row.occurred_at : facts.at,
    outcome: '0',
    outcomeDesc: status,
    agent: [{ who: actorOf(names, row).who, requestor: true }],
    source: { site: 'allergypath', observer: { identifier: service(names, 'fhir-sync')['identifier'] as JsonObject } },
    entity: [
      {
        what: orderOf(names, row),
        type: { system: 'http://terminology.hl7.org/CodeSystem/audit-entity-type', code: '2' },
        detail: [
          status === null ? {} : { type: 'event_status', valueString: status },
          { type: 'correlation_id', valueString: facts.correlationId },
        ],
      },
    ],
  });
}
