import { describe, expect, test } from 'vitest';
import type { Image, Json } from '../../src/core/index.ts';
import { at, form, id, later, order, orderEvent, Story, visit } from './supabase-story.ts';

describe('appointments', () => {
  test('given one before its form, then nothing is written; when the form comes, then its bundle does, too', () => {
    const story = new Story();
    expect(story.visit(visit(1)).bundles).toEqual([]);
    expect(story.troubles()).toEqual(['appointments waiting: submission']);
    expect([...story.held('fhir.Appointment'), ...story.held('scheduling.appointment_status_event')]).toEqual([]);
    const step = story.form(form(1));
    expect(step.bundles.map(({ event, facts }) => [event, facts.table])).toEqual([
      [2, 'appointments'],
      [2, 'submissions'],
    ]);
    expect(story.troubles()).toEqual([]);
    expect(story.held('scheduling.appointment_status_event')).toHaveLength(1);
  });

  test.each([
    ['REQUESTED', 'proposed', 'needs-action'],
    ['CONFIRMED', 'booked', 'accepted'],
    ['CHECKED_IN', 'checked-in', 'accepted'],
    ['COMPLETED', 'fulfilled', 'accepted'],
    ['CANCELLED', 'cancelled', 'declined'],
    ['NO_SHOW', 'noshow', 'accepted'],
    [undefined, 'booked', 'accepted'],
  ])('given status %s, then it is %s and the patient %s', (status, told, answer) => {
    const story = new Story();
    story.form(form(1));
    const { status: _status, ...row } = visit(1);
    story.visit(status === undefined ? row : { ...row, status });
    const appointment = story.one('fhir.Appointment');
    expect(appointment.status).toBe(told);
    expect(at(appointment, 'participant.status')).toEqual([answer, 'accepted', 'accepted']);
    // app-4 as it is published lets no other status have one, a no-show included
    const reasons = told === 'cancelled' ? ['other'] : [];
    expect(at(appointment, 'cancelationReason.coding.code')).toEqual(reasons);
    expect(story.issues()).toEqual([]);
  });

  test('given a status nobody knows, then it is noted, kept as written, and told as booked', () => {
    const story = new Story();
    story.form(form(1));
    story.visit(visit(1, { status: 'POSTPONED' }));
    expect(story.issues()).toEqual(['STATUS_UNKNOWN status']);
    expect(story.one('scheduling.appointment')).toMatchObject({ status: 'UNKNOWN', status_raw: 'POSTPONED' });
    expect(story.one('fhir.Appointment').status).toBe('booked');
  });

  test('given another clinician on the form, then the appointment has her', () => {
    const story = new Story();
    story.form(form(1));
    story.visit(visit(1));
    story.form(form(1, { clinician_id: null, clinician_email: 'dr.holt@example.org' }), 'u');
    expect(at(story.one('fhir.Appointment'), 'participant.actor.identifier.value')[0]).toBe('dr.holt@example.org');
    expect(story.one('scheduling.appointment').clinician_key).toBe('dr.holt@example.org');
  });

  test('given two spellings of a room, then it is one place, as the older row spells it; given none, then there is none', () => {
    const story = new Story();
    story.form(form(1));
    story.visit(visit(1));
    story.visit(visit(2, { location: ' ROOM  4', resource_type: 'TELEHEALTH', created_at: later }));
    story.visit(visit(3, { location: ' ', notes: ' ' }));
    expect(story.one('scheduling.location').name).toBe('Room 4');
    const [first, second, third] = story.held('fhir.Appointment');
    expect(at(first, 'extension.valueCodeableConcept.coding.code')).toEqual(['In-person']);
    expect(at(second, 'extension.valueCodeableConcept.coding.code')).toEqual(['Video']);
    expect(at(third, 'participant')).toHaveLength(2);
    expect(third).toMatchObject({ description: 'Consultation' });
    expect(third).not.toHaveProperty('comment');
  });

  test('given one without length, or one that ends before it begins, then it is kept and noted', () => {
    const story = new Story();
    story.form(form(1));
    story.visit(visit(1, { end_at: visit(1).start_at as string }));
    story.visit(visit(2, { end_at: later }));
    expect(story.issues()).toEqual(['APPOINTMENT_ENDS_BEFORE_START end_at', 'APPOINTMENT_ZERO_LENGTH end_at']);
    expect(story.held('scheduling.appointment').map((row) => row.end_at)).toEqual([visit(1).start_at, null]);
  });

  test('given changes of status, then each is one entry and none is ever altered or added by other changes', () => {
    const story = new Story();
    const walk = (): readonly Json[] =>
      story
        .held('scheduling.appointment_status_event')
        .map((entry) => [entry.from_status ?? null, entry.to_status ?? null]);
    story.form(form(1));
    story.visit(visit(1, { status: 'REQUESTED' }));
    story.visit(visit(1, { status: 'CONFIRMED' }), 'u');
    const before = story.documents('scheduling.appointment_status_event');
    story.visit(visit(1, { status: 'CONFIRMED', notes: 'moved' }), 'u');
    story.visit(visit(1, { status: 'CANCELLED' }), 'u');
    story.visit(visit(1, { status: 'CANCELLED' }), 'd');
    expect(walk()).toEqual([
      [null, 'REQUESTED'],
      ['REQUESTED', 'CONFIRMED'],
      ['CONFIRMED', 'CANCELLED'],
      ['CANCELLED', 'DELETED'],
    ]);
    expect(story.documents('scheduling.appointment_status_event').slice(0, 2)).toEqual(before);
  });
});

describe('laboratory orders', () => {
  const received = { result_received_at: '2026-02-10T09:00:00.000Z' };
  const reviewed = { ...received, result_reviewed_at: '2026-02-11T09:00:00.000Z' };

  test('given an order on its way, then the report appears with the results and is final when read', () => {
    const story = new Story();
    story.form(form(1));
    const walk: readonly (readonly [string, Image, string, string | null])[] = [
      ['draft', {}, 'draft', null],
      ['submitted', {}, 'active', null],
      ['in_transit', {}, 'active', null],
      ['results_received', received, 'active', 'preliminary'],
      ['results_reviewed', reviewed, 'completed', 'final'],
      ['retransmit_requested', reviewed, 'active', 'final'],
      ['cancelled', reviewed, 'revoked', 'cancelled'],
    ];
    for (const [status, times, request, report] of walk) {
      story.order(order(1, { order_status: status, ...times }), status === 'draft' ? 'c' : 'u');
      expect(story.one('fhir.ServiceRequest').status, status).toBe(request);
      expect(story.held('fhir.DiagnosticReport')[0]?.status ?? null, status).toBe(report);
    }
    expect(story.one('fhir.DiagnosticReport')).toMatchObject({
      effectiveDateTime: received.result_received_at,
      issued: reviewed.result_reviewed_at,
      basedOn: [{ reference: `ServiceRequest/${story.one('fhir.ServiceRequest').id}` }],
    });
  });

  test('given an order cancelled before any result, then there is no report', () => {
    const story = new Story();
    story.form(form(1));
    story.order(order(1, { order_status: 'cancelled' }));
    expect(story.held('fhir.DiagnosticReport')).toEqual([]);
  });

  test('given a report whose order no longer tells of results, then it is cancelled, never taken away', () => {
    const story = new Story();
    story.form(form(1));
    story.order(order(1, { order_status: 'results_received', ...received }));
    story.order(order(1, { order_status: 'submitted' }), 'u');
    expect(story.one('fhir.DiagnosticReport').status).toBe('cancelled');
  });

  test.each([
    ['STAT', 'stat', []],
    [null, 'routine', []],
    ['', 'routine', []],
    ['whenever', 'routine', ['PRIORITY_UNKNOWN priority']],
  ] as [string | null, string, string[]][])('given priority %j, then it is %s', (priority, told, issues) => {
    const story = new Story();
    story.form(form(1));
    story.order(order(1, { priority }));
    expect(story.one('fhir.ServiceRequest').priority).toBe(told);
    expect(story.one('diagnostics.lab_order')).toMatchObject({ priority: told, priority_raw: priority });
    expect(story.issues()).toEqual(issues);
  });

  test('given a vendor number, notes and no test named, then they are told; the vendor is one in any spelling', () => {
    const story = new Story();
    story.form(form(1));
    story.order(order(1, { external_order_id: ' NL-9 ', order_type: ' ' }));
    story.order(order(2, { vendor: ' northLAB' }));
    const [request] = story.held('fhir.ServiceRequest');
    expect(at(request, 'identifier.value')).toEqual([id.order(1), 'NL-9']);
    expect(at(request, 'note.text')).toEqual(['nuts']);
    expect(request).toMatchObject({ code: { text: 'Laboratory order' }, performer: [{ display: 'Northlab' }] });
    expect(story.one('diagnostics.vendor')).toMatchObject({ name: 'Northlab', name_norm: 'northlab' });
  });

  test('given an order without a form and without a name, then its patient is nameless, and that is noted', () => {
    const story = new Story();
    story.order(order(1, { submission_id: null, patient_full_name: ' ', patient_date_of_birth: null }));
    expect(story.one('intake.patient')).toMatchObject({ match_rule: 'lab', full_name: null });
    expect(story.one('fhir.Patient')).not.toHaveProperty('name');
    expect(story.issues()).toEqual(['PATIENT_NAMELESS patient_full_name']);
  });

  test('given an order before its form, then it waits', () => {
    const story = new Story();
    story.order(order(1));
    expect(story.troubles()).toEqual(['lab_orders waiting: submission']);
    story.form(form(1));
    expect(story.held('fhir.ServiceRequest')).toHaveLength(1);
  });
});

describe('events of laboratory orders', () => {
  test('given one before its order, then it is written at once, and names the order by its identifier', () => {
    const story = new Story();
    const { bundle } = story.event(orderEvent(1)).bundles[0] ?? {};
    expect(at(bundle, 'entry.resource.target.reference')[0]).toMatch(
      new RegExp(`^ServiceRequest\\?identifier=.*lab-order\\|${id.order(1)}$`),
    );
    expect(at(bundle, 'entry.resource.action')).toEqual(['C']);
    expect(story.troubles()).toEqual([]);
  });

  test('given a change and a deletion of one, then the event stays as it was; both are entries of their own', () => {
    const story = new Story();
    story.event(orderEvent(1));
    const before = story.documents('diagnostics.lab_order_event');
    story.event(orderEvent(1, { event_status: 'in_transit' }), 'u');
    story.event(orderEvent(1, { event_status: 'in_transit' }), 'd');
    expect(story.documents('diagnostics.lab_order_event')).toEqual(before);
    expect(story.one('diagnostics.lab_order_event_amendment').event_status).toBe('in_transit');
    expect(story.one('diagnostics.lab_order_event_tombstone')).toHaveProperty('deleted_at');
    expect(story.held('fhir.AuditEvent').map((one) => one.action)).toEqual(['C', 'U', 'D']);
    expect(story.held('fhir.Provenance')).toHaveLength(3);
  });

  test('given a machine and a type nobody knows, then both are told as they are', () => {
    const story = new Story();
    story.event(orderEvent(1, { event_type: 'robot  jammed', actor_email: ' ', external_event_id: null }));
    const paper = story.one('fhir.Provenance');
    expect(at(paper, 'activity.coding.code')).toEqual(['robot jammed', 'UPDATE']);
    expect(at(paper, 'agent.type.coding.code')).toEqual(['assembler']);
    expect(at(paper, 'agent.who.display')).toEqual(['lab-order-connector']);
    expect(paper).not.toHaveProperty('entity');
  });
});
