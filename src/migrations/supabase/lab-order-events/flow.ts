import type {
  Aggregate,
  Derivation,
  Document,
  Flow,
  JsonObject,
  PostgresTarget,
  RecordedChange,
} from '../../../core/index.ts';
import { parseRow, readRow, rowHash } from '../columns.ts';
import { type ChangeFacts, factsOf, isNews } from '../fhir/change-provenance.ts';
import { Findings } from '../issues.ts';
import { serviceRequestId } from '../lab-orders/service-request.ts';
import { fhirDocument, type Names, refTo } from '../names.ts';
import { DELETED_UNREAD } from '../submissions/flow.ts';
import { said } from '../text.ts';
import { type EventKind, eventAudit, eventProvenance } from './papers.ts';
import { LAB_ORDER_EVENT, type LabOrderEventRow } from './row.ts';

const table = (name: string, ...key: string[]): PostgresTarget => ({
  kind: 'postgres',
  name: `diagnostics.${name}`,
  key,
  mode: 'append',
});

/** History through and through: nothing here is ever changed, so an order need not have come before its events. */
export const labOrderEventsFlow = (names: Names): Flow => ({
  name: 'lab_order_events',
  root: { table: 'public.lab_order_events' },
  parts: [],
  targets: [
    table('lab_order_event', 'id'),
    table('lab_order_event_amendment', 'legacy_id', 'entry'),
    table('lab_order_event_tombstone', 'legacy_id', 'entry'),
    { kind: 'fhir', name: 'fhir.Provenance', resourceType: 'Provenance', mode: 'append' },
    { kind: 'fhir', name: 'fhir.AuditEvent', resourceType: 'AuditEvent', mode: 'append' },
  ],
  transform: checkEvent,
  history: (change) => eventHistory(names, change),
});

/** Makes nothing; says what is odd, and parks a row that does not fit. */
function checkEvent(aggregate: Aggregate): Derivation {
  const landed = aggregate.root;
  if (landed === null) return { documents: [], issues: [] };
  if (landed.deleted && readRow(LAB_ORDER_EVENT, landed.image) === null) {
    return { documents: [], issues: [DELETED_UNREAD] };
  }
  const row = parseRow(LAB_ORDER_EVENT, 'lab_order_events', landed.image);
  const found = new Findings();
  found.add(said(row.event_type) === null, 'warning', 'EVENT_TYPE_BLANK', 'event_type', 'no type; kept without a code');
  found.illegalText(row);
  return { documents: [], issues: found.all };
}

/**
 * What one change adds. The event itself is written the first time its row can be read, whatever the change was called;
 * a later change is an amendment. An image that does not fit adds nothing: the row is parked as long as it is the
 * newest, and its successor must not wait for it for ever.
 */
function eventHistory(names: Names, change: RecordedChange): readonly Document[] {
  const row = readRow(LAB_ORDER_EVENT, change.after);
  if (row === null || !isNews(change)) return [];
  const facts = factsOf(names, change);
  const isKnown = change.before !== null && readRow(LAB_ORDER_EVENT, change.before) !== null;
  const kind: EventKind = change.op === 'd' ? 'deletion' : isKnown ? 'amendment' : 'event';
  const order = serviceRequestId(names, row.lab_order_id);
  const papers = [eventProvenance(names, row, facts, kind), eventAudit(names, row, facts, kind)];
  return [
    eventRow(names, row, facts, change.entry, kind),
    ...papers.map((paper) => fhirDocument(paper, order, [refTo('ServiceRequest', order)])),
  ];
}

function eventRow(names: Names, row: LabOrderEventRow, facts: ChangeFacts, entry: string, kind: EventKind): Document {
  const stamps = { source_ts: facts.at, correlation_id: facts.correlationId };
  const origin: JsonObject = { legacy_id: row.id, lab_order_legacy_id: row.lab_order_id };
  const columns: JsonObject = {
    ...origin,
    event_type: row.event_type ?? '',
    event_status: row.event_status,
    external_event_id: row.external_event_id,
    payload: row.payload,
    occurred_at: row.occurred_at,
    actor_email: row.actor_email,
    note: row.note,
    created_at: row.created_at,
    row_hash: rowHash(row),
  };
  if (kind === 'event') {
    const id = names.uuid(`lab_order_event|${row.id}`);
    return { target: 'diagnostics.lab_order_event', id, content: { id, ...columns }, stamps };
  }
  const id = JSON.stringify([row.id, entry]);
  return kind === 'amendment'
    ? { target: 'diagnostics.lab_order_event_amendment', id, content: { entry, ...columns }, stamps }
    : {
        target: 'diagnostics.lab_order_event_tombstone',
        id,
        content: { entry, ...origin, deleted_at: facts.at },
        stamps,
      };
}
