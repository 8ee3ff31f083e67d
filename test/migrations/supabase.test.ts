import { describe, expect, test } from 'vitest';
import type { Image, Json, JsonObject } from '../../src/core/index.ts';
import { supabase } from '../../src/migrations/supabase/index.ts';
import {
  at,
  form,
  id,
  later,
  leaving,
  NHS,
  order,
  orderEvent,
  Story,
  stranger,
  subjects,
  visit,
} from './supabase-story.ts';

const [number, other] = NHS;

const byMatch = (story: Story, key: string): JsonObject | undefined =>
  story.held('intake.patient').find((row) => row.match_key === key);

const patientOf = (story: Story, row: JsonObject | undefined): JsonObject =>
  story.held('fhir.Patient').find((patient) => patient.id === row?.id) ?? {};

describe('whose form it is', () => {
  test('given blanks and hyphens in a valid NHS number, then the patient has it in one piece, as not traced', () => {
    const story = new Story();
    story.form(form(1, { nhs_number: ' 999-000 1111' }));
    expect(story.one('intake.patient')).toMatchObject({ match_rule: 'nhs', nhs_number: number });
    const patient = story.one('fhir.Patient');
    expect(at(patient, 'identifier.value')).toEqual([number, patient.id]);
    expect(at(patient, 'identifier.extension.valueCodeableConcept.coding.code')).toEqual(['02']);
    expect(patient).not.toHaveProperty('gender');
  });

  test('given two forms with one NHS number and different names, then there is one patient: as the newer form says', () => {
    const story = new Story();
    story.form(form(1, { nhs_number: number, updated_at: later, first_name: 'Otti' }));
    story.form(form(2, { nhs_number: '999 000 1111' }));
    expect(at(story.one('fhir.Patient'), 'name.given')).toEqual(['Otti']);
    const subject = `Patient/${story.one('fhir.Patient').id}`;
    expect(subjects(story, 'QuestionnaireResponse')).toEqual([subject, subject]);
  });

  test.each([
    ['a wrong check digit', '9990001112'],
    ['a digit too few', '999000111'],
    ['words', 'not known'],
    ['one digit ten times', '9999999999'],
  ])('given %s, then the number is noted, not sent and not matched by', (_what, bad) => {
    const story = new Story();
    story.form(form(1, { nhs_number: bad }));
    expect(story.issues()).toEqual(['NHS_NUMBER_INVALID nhs_number']);
    expect(story.one('intake.patient')).toMatchObject({ match_rule: 'demographic', nhs_number: null });
    expect(at(story.one('fhir.Patient'), 'identifier')).toHaveLength(1);
    expect(leaving(story, [])).not.toContain(bad);
  });

  test('given the same name, birth date and address in another spelling, then it is one patient', () => {
    const story = new Story();
    story.form(form(1));
    story.form(form(2, { surname: ' FENNIMORE-QUILL ', first_name: 'Ｏttilie', email: 'Quill.Family@Example.org' }));
    expect(story.one('intake.patient').match_rule).toBe('demographic');
  });

  test.each([
    ['a sister at the same address', { first_name: 'Hedda' }],
    ['another birth date', { date_of_birth: '2015-07-01' }],
    ['no address', { email: null }],
    ['a blank surname', { surname: ' \t' }],
    ['no birth date', { date_of_birth: null }],
  ] as [string, Image][])('given %s, then it is somebody else', (_what, over) => {
    const story = new Story();
    story.form(form(1));
    story.form(form(2, over));
    expect(story.held('fhir.Patient')).toHaveLength(2);
  });

  test('given a form that gains an NHS number, then its old patient is replaced, and all that was hers follows', () => {
    const story = new Story();
    story.form(stranger(1));
    story.visit(visit(1));
    story.order(order(1));
    const step = story.form(stranger(1, { nhs_number: number }), 'u');
    const old = byMatch(story, `submission:${id.form(1)}`);
    const now = byMatch(story, `nhs:${number}`);
    expect(old).toMatchObject({ superseded_by: now?.id, nhs_number: null });
    expect(patientOf(story, old)).toMatchObject({
      active: false,
      link: [{ type: 'replaced-by', other: { reference: `Patient/${now?.id}` } }],
    });
    expect(patientOf(story, now)).toMatchObject({
      active: true,
      link: [{ type: 'replaces', other: { identifier: { value: old?.id } } }],
    });
    const subject = `Patient/${now?.id}`;
    expect(subjects(story, 'QuestionnaireResponse')).toEqual([subject]);
    expect(subjects(story, 'ServiceRequest')).toEqual([subject]);
    expect(at(story.one('fhir.Appointment'), 'participant.actor.reference')[0]).toBe(subject);
    expect(story.one('scheduling.appointment').patient_id).toBe(now?.id);
    expect(at(step.bundles[0]?.bundle, 'entry.resource.resourceType')).toContain('Appointment');
  });

  test('given two strangers who turn out to be one, then both old patients are replaced by the same', () => {
    const story = new Story();
    story.form(stranger(1));
    story.form(stranger(2));
    story.form(stranger(1, { nhs_number: number }), 'u');
    story.form(stranger(2, { nhs_number: number }), 'u');
    const now = byMatch(story, `nhs:${number}`);
    const old = [1, 2].map((n) => byMatch(story, `submission:${id.form(n)}`));
    expect(old.map((row) => row?.superseded_by)).toEqual([now?.id, now?.id]);
    expect(at(patientOf(story, now), 'link.type')).toEqual(['replaces', 'replaces']);
  });

  test('given one of two forms that leaves, then the patient of the other stays as it was', () => {
    const story = new Story();
    story.form(form(1));
    story.form(form(2));
    const before = story.one('fhir.Patient');
    story.form(form(2, { nhs_number: number }), 'u');
    expect(patientOf(story, before)).toEqual(before);
    expect(at(patientOf(story, byMatch(story, `nhs:${number}`)), 'link')).toEqual([]);
  });

  test('given a number that was wrong and is taken back, then the old patient lives again and replaces the wrong one', () => {
    const story = new Story();
    story.form(stranger(1));
    story.form(stranger(1, { nhs_number: other }), 'u');
    story.form(stranger(1), 'u');
    const [back, wrong] = [byMatch(story, `submission:${id.form(1)}`), byMatch(story, `nhs:${other}`)];
    expect(patientOf(story, back)).toMatchObject({ active: true, link: [{ type: 'replaces' }] });
    expect(patientOf(story, wrong)).toMatchObject({ active: false, link: [{ type: 'replaced-by' }] });
  });
});

describe('what never leaves', () => {
  test('given staff notes, flags and a laboratory payload, then no resource, bundle or issue holds them', () => {
    const story = new Story();
    const secret = {
      safeguarding_notes: 'secret-of-safeguarding',
      clinician_notes: 'secret-of-clinician',
      flags: ['secret-of-flags'],
      safeguarding_follow_up_at: '2031-11-11T11:11:11.000Z',
    };
    const steps = [
      story.form(form(1, { ...secret, consent_signed_at: later, guardian_contacts: [{ name: 'Gran' }] })),
      story.visit(visit(1)),
      story.order(order(1, { order_status: 'results_received', result_received_at: later })),
      story.event(orderEvent(1)),
      story.event(orderEvent(1, { event_status: 'late' }), 'u'),
      story.event(orderEvent(1), 'd'),
      story.form(form(1, secret), 'd'),
    ];
    expect(leaving(story, steps)).not.toMatch(/secret-of|2031-11-11/);
    expect(JSON.stringify(steps.map((step) => step.issues))).not.toContain('secret-of');
    // they are kept, under grants of their own
    expect(story.one('intake.safeguarding')).toMatchObject({
      notes: 'secret-of-safeguarding',
      clinician_notes: 'secret-of-clinician',
    });
    expect(story.one('intake.submission_flag').flag).toBe('secret-of-flags');
    expect(JSON.stringify(story.held('intake.submission'))).not.toContain('secret-of');
    expect(JSON.stringify(story.one('diagnostics.lab_order_event').payload)).toContain('secret-of-the-payload');
  });
});

describe('consent', () => {
  const signed = { consent_signed_at: '2026-02-01T09:00:00.000Z', consent_expires_at: '2026-06-01T00:00:00.000Z' };

  test('given no signature, then there is none', () => {
    const story = new Story();
    story.form(form(1));
    expect([...story.held('fhir.Consent'), ...story.held('intake.consent')]).toEqual([]);
  });

  test('given one that runs, when time passes its end, then it is inactive without any change at the source', () => {
    const story = new Story();
    story.form(form(1, signed));
    expect(story.one('fhir.Consent')).toMatchObject({
      status: 'active',
      provision: { type: 'permit', period: { start: signed.consent_signed_at, end: signed.consent_expires_at } },
    });
    const response = story.one('fhir.QuestionnaireResponse');
    story.wait('2026-05-31T23:59:59.999Z');
    expect(story.one('fhir.Consent').status).toBe('active');
    story.wait('2026-06-01T00:00:00.000Z');
    expect(story.one('fhir.Consent').status).toBe('inactive');
    expect(story.one('fhir.QuestionnaireResponse')).toEqual(response);
  });

  test('given one that runs, then the transformer asks to be woken at its end, and never again after it', () => {
    const flow = supabase().flows.find(({ name }) => name === 'submissions');
    const image = form(1, signed);
    const root = { table: 'public.submissions', key: id.form(1), image, deleted: false, sourceTime: later, lsn: '1' };
    const wakeAt = (asOf: string, over = {}): string | undefined =>
      flow?.transform({ key: root.key, root: { ...root, ...over }, parts: {} }, { asOf }).wakeAt;
    expect(wakeAt(later)).toBe(signed.consent_expires_at);
    expect(wakeAt('2026-06-01T00:00:00.000Z')).toBeUndefined();
    expect(wakeAt(later, { deleted: true })).toBeUndefined();
    expect(wakeAt(later, { image: form(1, { ...signed, consent_expires_at: null }) })).toBeUndefined();
  });

  test('given one that is renewed after its end, then it is active again', () => {
    const story = new Story();
    story.form(form(1, signed), 'c', '2026-07-01T00:00:00.000Z');
    expect(story.one('fhir.Consent').status).toBe('inactive');
    story.form(form(1, { ...signed, consent_expires_at: '2027-06-01T00:00:00.000Z' }), 'u', '2026-07-02T00:00:00.000Z');
    expect(story.one('fhir.Consent').status).toBe('active');
  });

  test('given a signature that is withdrawn, then the consent stays, inactive, and its row goes', () => {
    const story = new Story();
    story.form(form(1, signed));
    story.form(form(1), 'u');
    expect(story.one('fhir.Consent').status).toBe('inactive');
    expect(story.held('intake.consent')).toEqual([]);
  });

  test('given an end before the beginning, then it does not hold, states no end, and the end is kept as written', () => {
    const story = new Story();
    story.form(form(1, { ...signed, consent_expires_at: '2026-01-01T00:00:00.000Z' }));
    expect(story.one('fhir.Consent')).toMatchObject({
      status: 'inactive',
      provision: { period: { start: signed.consent_signed_at } },
    });
    expect(at(story.one('fhir.Consent'), 'provision.period.end')).toEqual([]);
    expect(story.one('intake.consent')).toMatchObject({ expires_at: null, expires_at_raw: '2026-01-01T00:00:00.000Z' });
    expect(story.issues()).toEqual(['CONSENT_ENDS_BEFORE_START consent_expires_at']);
  });
});

describe('guardians', () => {
  const mother = { name: 'Brid Quill', relationship: ' MOTHER ', phone: '07700 900221', email: null };
  const minder = { name: 'P. Oakes', relationship: 'childminder', phone: null, email: 'oakes@example.org' };
  const activity = (story: Story): Record<string, Json> =>
    Object.fromEntries(
      story.held('fhir.RelatedPerson').map((one) => [String(at(one, 'name.text')[0]), one.active ?? null]),
    );

  test('given a known relationship, then it is coded; another stays in words', () => {
    const story = new Story();
    story.form(form(1, { guardian_contacts: [mother, minder] }));
    const [first, second] = story.held('fhir.RelatedPerson');
    expect(at(first, 'relationship.coding.code')).toEqual(['MTH']);
    expect(at(first, 'telecom')).toEqual([{ system: 'phone', value: '07700 900221' }]);
    expect(at(second, 'relationship')).toEqual([{ text: 'childminder' }]);
  });

  test('given one struck off the list, then she is inactive at the FHIR server, and her row goes', () => {
    const story = new Story();
    story.form(form(1, { guardian_contacts: [mother, minder] }));
    story.form(form(1, { guardian_contacts: [minder] }), 'u');
    expect(activity(story)).toEqual({ 'Brid Quill': false, 'P. Oakes': true });
    expect(story.held('intake.guardian').map((row) => row.name)).toEqual(['P. Oakes']);
    story.form(form(1, { guardian_contacts: [minder, mother] }), 'u');
    expect(activity(story)).toEqual({ 'Brid Quill': true, 'P. Oakes': true });
  });

  test('given another order in the list, then nobody is new', () => {
    const story = new Story();
    story.form(form(1, { guardian_contacts: [mother, minder] }));
    const before = story.held('fhir.RelatedPerson');
    story.form(form(1, { guardian_contacts: [minder, mother] }), 'u');
    expect(new Set(story.held('fhir.RelatedPerson'))).toEqual(new Set(before));
  });

  test('given the same mother on two forms, then she is one person, active as long as one form names her', () => {
    const story = new Story();
    story.form(form(1, { guardian_contacts: [mother] }));
    story.form(form(2, { guardian_contacts: [mother] }));
    story.form(form(1), 'u');
    expect(activity(story)).toEqual({ 'Brid Quill': true });
    story.form(form(2), 'u');
    expect(activity(story)).toEqual({ 'Brid Quill': false });
  });

  test('given entries that say nothing or say it twice, then they are noted and left out', () => {
    const story = new Story();
    story.form(
      form(1, { guardian_contacts: JSON.stringify([mother, { ...mother }, {}, null, 'Gran', { name: ' ' }]) }),
    );
    expect(activity(story)).toEqual({ 'Brid Quill': true });
    expect(story.issues()).toEqual(['GUARDIAN_REPEATED guardian_contacts', 'GUARDIAN_UNREADABLE guardian_contacts']);
  });
});

describe('deleted rows', () => {
  test('given a form deleted, then what it left is kept as entered in error, and the deletion is on record', () => {
    const story = new Story();
    const row = form(1, { consent_signed_at: later, guardian_contacts: [{ name: 'Gran' }] });
    story.form(row);
    const { bundle } = story.form(row, 'd', '2026-03-05T00:00:00.000Z').bundles[0] ?? {};
    expect(story.one('intake.submission').deleted_at).toBe('2026-03-05T00:00:00.000Z');
    expect(story.one('fhir.QuestionnaireResponse').status).toBe('entered-in-error');
    expect(story.one('fhir.Consent').status).toBe('entered-in-error');
    expect(story.one('fhir.Patient').active).toBe(false);
    expect(story.one('fhir.RelatedPerson').active).toBe(false);
    expect(at(bundle, 'entry.resource.action')).toEqual(['D']);
    expect(at(bundle, 'entry.resource.activity.coding.code')).toEqual(['NULLIFY']);
    expect(at(bundle, 'entry.request.method')).not.toContain('DELETE');
  });

  test('given an order or an appointment deleted, then its resources are entered in error', () => {
    const story = new Story();
    story.form(form(1));
    const cancelled = visit(1, { status: 'CANCELLED' });
    const received = order(1, { order_status: 'results_received', result_received_at: later });
    story.visit(cancelled);
    story.visit(cancelled, 'd');
    story.order(received);
    story.order(received, 'd');
    for (const type of ['Appointment', 'ServiceRequest', 'DiagnosticReport'])
      expect(story.one(`fhir.${type}`).status, type).toBe('entered-in-error');
    expect(story.one('fhir.Appointment')).not.toHaveProperty('cancelationReason');
  });

  test('given a row that comes back under its key, then it is alive again', () => {
    const story = new Story();
    story.form(form(1));
    story.form(form(1), 'd');
    story.form(form(1));
    expect(story.one('intake.submission').deleted_at).toBeNull();
    expect(story.one('fhir.Patient').active).toBe(true);
    expect(story.one('fhir.QuestionnaireResponse').status).toBe('completed');
  });

  test('given a key that is changed, then the old form is in error, the new one holds, and the patient stays', () => {
    const story = new Story();
    story.form(form(1, { nhs_number: number }));
    // how the stream tells of it: the old key goes, the new one comes
    story.form(form(1, { nhs_number: number }), 'd');
    story.form(form(2, { nhs_number: number }));
    expect(story.held('fhir.QuestionnaireResponse').map((one) => one.status)).toEqual([
      'entered-in-error',
      'completed',
    ]);
    expect(story.one('fhir.Patient').active).toBe(true);
  });

  test('given a deleted form, then its order, which the source lets go of, has a patient of its own', () => {
    const story = new Story();
    story.form(form(1));
    story.order(order(1));
    story.order(order(1, { submission_id: null }), 'u');
    story.form(form(1), 'd');
    const own = byMatch(story, `lab:${id.order(1)}`);
    expect(subjects(story, 'ServiceRequest')).toEqual([`Patient/${own?.id}`]);
    expect(patientOf(story, own)).toMatchObject({ active: true, name: [{ text: 'Ottilie Fennimore-Quill' }] });
  });
});

describe('blank and odd values', () => {
  const blanks = (row: Image): Image =>
    Object.fromEntries(
      Object.entries(row).map(([key, value]) => [key, /id|_at|last_/.test(key) ? value : blank(value)]),
    );
  const blank = (value: Json): Json => (Array.isArray(value) ? [' ', ''] : typeof value === 'string' ? ' \t' : null);

  function empties(value: Json | undefined): boolean {
    if (value === null || value === undefined || value === '') return true;
    if (typeof value === 'string') return value.trim() === '';
    if (typeof value !== 'object') return false;
    const members = Array.isArray(value) ? (value as readonly Json[]) : Object.values(value);
    return members.length === 0 || members.some(empties);
  }

  test('given blanks wherever the source allows them, then nothing empty is in any resource', () => {
    const story = new Story();
    story.form({ ...blanks(form(1)), date_of_birth: null });
    story.visit(blanks(visit(1)));
    story.order({ ...blanks(order(1)), patient_date_of_birth: null });
    story.event(blanks(orderEvent(1)));
    expect(story.troubles()).toEqual([]);
    for (const [target, held] of story.session.model.documents()) {
      if (!target.startsWith('fhir.')) continue;
      for (const document of held.values()) expect(empties(document.content), target).toBe(false);
    }
    const patient = story.one('fhir.Patient');
    for (const element of ['name', 'telecom', 'birthDate']) expect(patient).not.toHaveProperty(element);
  });

  test('given marks and control characters, then the narrative is legal and the columns are as written', () => {
    const story = new Story();
    const surname = 'A<b>&\u0007 Quill \u{1F600}';
    story.form(form(1, { surname, patient_notes: 'line one\r\nline two\u001b[0m' }));
    expect(at(story.one('fhir.Patient'), 'name.family')).toEqual(['A<b>& Quill \u{1F600}']);
    expect(at(story.one('fhir.Patient'), 'text.div')[0]).toContain('Ottilie A&lt;b&gt;&amp; Quill');
    expect(story.one('intake.submission').patient_notes).toBe('line one\r\nline two\u001b[0m');
    expect(story.issues()).toEqual(['TEXT_ILLEGAL_CHARACTERS patient_notes', 'TEXT_ILLEGAL_CHARACTERS surname']);
  });

  test('given an answer nobody gave, then it is no in the table and not said in FHIR; a no is said', () => {
    const story = new Story();
    story.form(form(1, { eczema: null, hay_fever: false }));
    expect(story.one('intake.submission').eczema).toBe(false);
    const asked = at(story.one('fhir.QuestionnaireResponse'), 'item.item.linkId');
    expect(asked).toContain('hay_fever');
    expect(asked).not.toContain('eczema');
    expect(story.issues()).toEqual(['FLAG_EMPTY eczema']);
  });

  test('given words outside the lists, then they are noted and kept beside "unknown"', () => {
    const story = new Story();
    story.form(form(1, { status: 'frozen', asthma_control: 'so-so', email: 'ask mum', phone: 'none' }));
    expect(story.one('intake.submission')).toMatchObject({
      status: 'unknown',
      status_raw: 'frozen',
      asthma_control: 'unknown',
      asthma_control_raw: 'so-so',
    });
    expect(story.issues()).toEqual([
      'ASTHMA_CONTROL_UNKNOWN asthma_control',
      'EMAIL_ODD email',
      'PHONE_ODD phone',
      'STATUS_UNKNOWN status',
    ]);
  });

  test('given a row that does not fit, then it is parked by the names of its columns; mended, it goes on', () => {
    const story = new Story();
    story.form(form(1, { created_at: 'yesterday-ish', eczema: 'perhaps' }));
    const said = story.troubles().join();
    expect(said).toContain('submissions parked: submissions: these columns do not fit: created_at, eczema');
    expect(said).not.toMatch(/yesterday|perhaps/);
    story.form(form(1), 'u');
    expect(story.troubles()).toEqual([]);
    expect(story.held('fhir.QuestionnaireResponse')).toHaveLength(1);
  });

  test('given nothing but an old line end where a type of event should be, then there is no code', () => {
    const story = new Story();
    story.event(orderEvent(1, { event_type: '\u0085', actor_email: '\u0085' }));
    expect(at(story.one('fhir.Provenance'), 'activity.coding.code')).toEqual(['UPDATE']);
    expect(at(story.one('fhir.AuditEvent'), 'agent.who.display')).toEqual(['lab-order-connector']);
    expect(story.issues()).toEqual(['EVENT_TYPE_BLANK event_type']);
  });

  test('given an instant with another zone or with microseconds, then it is the same instant in UTC, exactly', () => {
    const story = new Story();
    story.form(form(1, { created_at: '2026-07-01 00:30:00.123456+01' }));
    expect(story.one('fhir.QuestionnaireResponse').authored).toBe('2026-06-30T23:30:00.123456Z');
  });

  test('given a date as days or as text, then it is the same day, in years far from ours, too', () => {
    const story = new Story();
    story.form(form(1, { date_of_birth: 16_616 }));
    story.form(form(2));
    expect(story.one('fhir.Patient').birthDate).toBe('2015-06-30');
    story.form(stranger(3, { date_of_birth: -25_567 }));
    expect(patientOf(story, byMatch(story, `submission:${id.form(3)}`)).birthDate).toBe('1900-01-01');
  });
});
