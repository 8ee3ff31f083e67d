import { describe, expect, test } from 'vitest';
import type { Image, JsonObject } from '../../src/core/index.ts';
import { actionPlansFlow } from '../../src/migrations/supabase/action-plans/flow.ts';
import { DEFAULTS, Names } from '../../src/migrations/supabase/index.ts';
import { validateResource } from '../../src/sinks/fhir/validate/index.ts';
import { at, form, id, later, leaving, NHS, plan, request, Story, task, visit } from './supabase-story.ts';

/** A story with a form in it, for what hangs on one. */
function withForm(over: Image = {}): Story {
  const story = new Story();
  story.form(form(1, over));
  return story;
}

describe('requests about appointments', () => {
  const queued = (story: Story) => story.one('scheduling.request_queue');

  test('given one before its form, then it waits; when the form comes, then it is queued for its patient, without FHIR', () => {
    const story = new Story();
    expect(story.tell('appointment_requests', 'c', request(1)).bundles).toEqual([]);
    expect(story.troubles()).toEqual(['appointment_requests waiting: submission']);
    const step = story.form(form(1));
    expect(step.bundles.map(({ facts }) => facts.table)).toEqual(['submissions']);
    expect(queued(story)).toMatchObject({
      patient_id: story.one('intake.patient').id,
      source_state: 'pending',
      idempotency_key: id.request(1),
    });
    // what the queue writes of itself is never written by the stream
    for (const column of ['state', 'queue_state', 'attempts', 'lease_owner', 'lease_until'])
      expect(queued(story)).not.toHaveProperty(column);
  });

  test.each([
    ['pending', 'pending', []],
    [' Resolved ', 'resolved', []],
    ['on hold', 'pending', ['STATUS_UNKNOWN status']],
  ])('given status %j, then the source says %s', (status, told, issues) => {
    const story = withForm();
    story.tell('appointment_requests', 'c', request(1, { status }));
    expect(queued(story)).toMatchObject({ source_state: told, status_raw: status });
    expect(story.issues()).toEqual(issues);
  });

  test('given an appointment the source lets go of, then the queue still knows which it was', () => {
    const story = withForm();
    story.tell('appointment_requests', 'c', request(1));
    story.tell('appointment_requests', 'u', request(1, { appointment_id: null }));
    story.tell('appointment_requests', 'u', request(1, { appointment_id: null, status: 'resolved' }));
    expect(queued(story)).toMatchObject({ appointment_legacy_id: null, appointment_legacy_id_last: id.visit(1) });
    story.tell('appointment_requests', 'u', request(1, { appointment_id: id.visit(2) }));
    expect(queued(story).appointment_legacy_id_last).toBe(id.visit(2));
  });

  test('given one that never named an appointment, then none is made up', () => {
    const story = withForm();
    story.tell('appointment_requests', 'c', request(1, { appointment_id: null }));
    expect(queued(story).appointment_legacy_id_last).toBeNull();
  });

  test('given another patient on the form, then the request is hers', () => {
    const story = withForm();
    story.tell('appointment_requests', 'c', request(1));
    const before = queued(story).patient_id;
    story.form(form(1, { nhs_number: NHS[0] }), 'u');
    expect(queued(story).patient_id).not.toBe(before);
  });

  test('given a granted request to cancel, then the cancelled appointment says it was the patient', () => {
    const story = withForm();
    const reason = () => at(story.one('fhir.Appointment'), 'cancelationReason.coding.code');
    story.visit(visit(1, { status: 'CANCELLED' }));
    story.tell('appointment_requests', 'c', request(1, { request_type: 'cancel' }));
    expect(reason()).toEqual(['other']);
    const granted = request(1, { request_type: 'cancel', status: 'resolved' });
    const { bundle } = story.tell('appointment_requests', 'u', granted).bundles[0] ?? {};
    expect(reason()).toEqual(['pat']);
    // a request is no resource; what it changed is told all the same
    expect(at(bundle, 'entry.resource.resourceType')).toEqual(['Appointment', 'Provenance']);
    expect(validateResource(bundle ?? {})).toEqual([]);
    story.tell('appointment_requests', 'u', request(1, { request_type: 'reschedule', status: 'resolved' }));
    expect(reason()).toEqual(['other']);
  });
});

describe('action plans', () => {
  test('given one before its form, then it waits; when the form comes, then its bundle does, too', () => {
    const story = new Story();
    expect(story.tell('action_plans', 'c', plan(1)).bundles).toEqual([]);
    expect(story.troubles()).toEqual(['action_plans waiting: submission']);
    const step = story.form(form(1));
    expect(step.bundles.map(({ facts }) => facts.table)).toEqual(['action_plans', 'submissions']);
    const types = at(step.bundles[0]?.bundle, 'entry.resource.resourceType');
    expect(types).toEqual(['Patient', 'DocumentReference', 'CarePlan', 'Provenance']);
  });

  test.each([
    ['school', 'school', 'school', []],
    ['ANAPHYLAXIS ', 'anaphylaxis', 'anaphylaxis', []],
    ['camp', 'other', 'camp', ['CATEGORY_UNKNOWN category']],
  ])('given category %j, then it is %s', (category, told, spoken, issues) => {
    const story = withForm();
    story.tell('action_plans', 'c', plan(1, { category }));
    expect(story.one('careplan.action_plan')).toMatchObject({ category: told, category_raw: category });
    const carePlan = story.one('fhir.CarePlan');
    expect(carePlan.title).toBe(`Allergy action plan: ${spoken}`);
    expect(at(carePlan, 'category.coding.code')).toEqual([told]);
    expect(at(carePlan, 'category.text')).toEqual(told === 'other' ? [spoken] : []);
    expect(story.issues()).toEqual(issues);
  });

  test.each([
    ['plan.PDF', 'application/pdf'],
    ['scan.jpeg', 'image/jpeg'],
    ['plan', undefined],
    ['plan.constructor', undefined],
  ])('given a file %s, then its type is %s', (file, type) => {
    const story = withForm();
    story.tell('action_plans', 'c', plan(1, { storage_path: `submissions/7/${file}` }));
    expect(at(story.one('fhir.DocumentReference'), 'content.attachment.contentType')).toEqual(type ? [type] : []);
    expect(story.one('careplan.action_plan').content_type).toBe(type ?? null);
  });

  test('given blanks and accents in a path, then the address is legal, and the name is as people read it', () => {
    const story = withForm();
    story.tell('action_plans', 'c', plan(1, { storage_path: 'a b/école & 50%?#.docx' }));
    expect(at(story.one('fhir.DocumentReference'), 'content.attachment')).toMatchObject([
      {
        url: 'https://files.allergypath.example/action-plans/a%20b/%C3%A9cole%20%26%2050%25%3F%23.docx',
        title: 'école & 50%?#.docx',
      },
    ]);
  });

  test.each([
    ['the file of this path', { path: 'a/b.pdf', bytes: 7, sha1: 'aGFzaA==' }, { size: 7, hash: 'aGFzaA==' }],
    ['a file of another path', { path: 'a/c.pdf', bytes: 7, sha1: 'aGFzaA==' }, {}],
    ['more than FHIR can count', { path: 'a/b.pdf', bytes: 2 ** 31, sha1: 'aGFzaA==' }, { hash: 'aGFzaA==' }],
    ['no copy any more', {}, {}],
    ['nothing', null, {}],
  ])('given that %s was copied, then the attachment tells of that copy only', (_, image, told) => {
    const root = { key: 'p1', deleted: false, sourceTime: '2026-03-01T08:00:00.000000Z', lsn: '7' };
    const landed = { ...root, table: 'public.action_plans', image: plan(1, { storage_path: 'a/b.pdf' }) };
    const copy = image === null ? [] : [{ ...root, table: 'facts:public.action_plans:copy', image }];
    const submission = [{ ...root, table: 'public.submissions', image: {} }];
    const { documents } = actionPlansFlow(new Names(DEFAULTS)).transform(
      { key: 'p1', root: landed, parts: { submission, copy } },
      { asOf: root.sourceTime },
    );
    const file = documents.find(({ target }) => target === 'fhir.DocumentReference')?.content ?? {};
    const [attachment] = at(file, 'content.attachment') as JsonObject[];
    const { size, hash } = attachment ?? {};
    expect({ size, hash }).toEqual(told);
  });

  test('given no path, then there is a plan without a file, and that is noted', () => {
    const story = withForm();
    story.tell('action_plans', 'c', plan(1, { storage_path: ' ', category: ' ' }));
    expect(story.issues()).toEqual(['CATEGORY_UNKNOWN category', 'FILE_MISSING storage_path']);
    const file = story.one('fhir.DocumentReference');
    expect(validateResource(file)).toEqual([]);
    expect(at(file, 'content.attachment')).toEqual([{ creation: plan(1).created_at }]);
    expect(story.one('fhir.CarePlan').title).toBe('Allergy action plan');
  });

  test('given what copies the file, then the stream never writes of the copy', () => {
    const story = withForm();
    story.tell('action_plans', 'c', plan(1));
    for (const column of ['object_key', 'sha256', 'size_bytes', 'copy_state'])
      expect(story.one('careplan.action_plan')).not.toHaveProperty(column);
  });

  test('given one deleted, then plan and file are entered in error, and the deletion is on record', () => {
    const story = withForm();
    story.tell('action_plans', 'c', plan(1));
    const { bundle } = story.tell('action_plans', 'd', plan(1)).bundles[0] ?? {};
    expect(story.one('fhir.CarePlan').status).toBe('entered-in-error');
    expect(story.one('fhir.DocumentReference').status).toBe('entered-in-error');
    expect(story.one('careplan.action_plan').deleted_at).not.toBeNull();
    expect(at(bundle, 'entry.resource.action')).toEqual(['D']);
    expect(at(bundle, 'entry.request.method')).toEqual(['POST', 'PUT', 'PUT', 'PUT', 'PUT']);
  });
});

describe('compliance tasks', () => {
  test.each([
    ['open', 'open', 'requested', []],
    ['pending', 'pending', 'in-progress', []],
    ['resolved', 'resolved', 'completed', []],
    ['parked', 'unknown', 'requested', ['STATUS_UNKNOWN status']],
  ])('given status %s, then it is %s in the table and %s in FHIR', (status, stored, told, issues) => {
    const story = withForm();
    story.tell('compliance_tasks', 'c', task(1, { status }));
    expect(story.one('compliance.task')).toMatchObject({ status: stored, status_raw: status });
    expect(story.one('fhir.Task').status).toBe(told);
    expect(at(story.one('fhir.Task'), 'businessStatus.text')).toEqual(stored === 'unknown' ? [status] : []);
    expect(story.issues()).toEqual(issues);
  });

  test.each([
    [{ severity: 'overdue' }, 'overdue', 'urgent', []],
    [{ severity: 'Due soon' }, 'due_soon', 'asap', []],
    ['{"severity":"upcoming"}', 'upcoming', 'routine', []],
    [{}, null, 'routine', []],
    [['overdue'], null, 'routine', []],
    [{ severity: 7 }, null, 'routine', ['SEVERITY_UNKNOWN metadata']],
  ])('given metadata %j, then the severity is %s and the priority %s', (metadata, severity, priority, issues) => {
    const story = withForm();
    story.tell('compliance_tasks', 'c', task(1, { metadata }));
    expect(story.one('compliance.task').severity).toBe(severity);
    expect(story.one('fhir.Task').priority).toBe(priority);
    expect(at(story.one('fhir.Task'), 'businessStatus.coding.code')).toEqual(severity === null ? [] : [severity]);
    expect(story.issues()).toEqual(issues);
  });

  test('given a task of the whole clinic, then it is for nobody and waits for nobody', () => {
    const story = new Story();
    const { bundle } = story.tell('compliance_tasks', 'c', task(1, { submission_id: null })).bundles[0] ?? {};
    expect(at(bundle, 'entry.resource.resourceType')).toEqual(['Task', 'Provenance']);
    expect(story.one('fhir.Task')).not.toHaveProperty('for');
    expect(story.one('compliance.task')).toMatchObject({ patient_id: null, submission_legacy_id: null });
  });

  test('given a task of a form that is not there, then it waits', () => {
    const story = new Story();
    story.tell('compliance_tasks', 'c', task(1));
    expect(story.troubles()).toEqual(['compliance_tasks waiting: submission']);
  });

  test('given plans of the same form, then the task is about the newest living one', () => {
    const story = withForm();
    const focus = () => at(story.one('fhir.Task'), 'focus.reference');
    const planIds = () => story.documents('fhir.CarePlan').map((one) => one.id);
    story.tell('compliance_tasks', 'c', task(1));
    expect(focus()).toEqual([]);
    story.tell('action_plans', 'c', plan(1));
    expect(focus()).toEqual([`CarePlan/${planIds()[0]}`]);
    const step = story.tell('action_plans', 'c', plan(2, { created_at: later }));
    expect(focus()).toEqual([`CarePlan/${planIds()[1]}`]);
    // the task changed with the plan, so it is in the plan's bundle, and refers to it there
    const inBundle = at(step.bundles[0]?.bundle, 'entry.resource').find((one) => at(one, 'resourceType')[0] === 'Task');
    expect(at(inBundle, 'focus.reference')).toEqual([`urn:uuid:${planIds()[1]}`]);
    story.tell('action_plans', 'd', plan(2, { created_at: later }));
    expect(focus()).toEqual([`CarePlan/${planIds()[0]}`]);
    story.tell('action_plans', 'd', plan(1));
    expect(focus()).toEqual([]);
  });

  test('given one resolved, then FHIR says when, by whom and how; taken up again, when is said no more', () => {
    const story = withForm();
    const over = { resolved_at: later, resolved_by: id.form(8), resolution_notes: 'rang, renewed' };
    story.tell('compliance_tasks', 'c', task(1, { status: 'resolved', ...over }));
    expect(story.one('fhir.Task')).toMatchObject({
      executionPeriod: { end: later },
      owner: { type: 'Practitioner', identifier: { value: id.form(8) } },
      note: [{ text: 'rang, renewed' }],
    });
    story.tell('compliance_tasks', 'u', task(1, over));
    expect(story.one('fhir.Task')).not.toHaveProperty('executionPeriod');
  });

  test('given a change that is older than the task itself, then it was last changed when it was made', () => {
    const story = withForm();
    story.tell('compliance_tasks', 'c', task(1, { updated_at: '2026-01-01T00:00:00.000Z' }));
    expect(story.one('fhir.Task').lastModified).toBe(task(1).created_at);
    expect(validateResource(story.one('fhir.Task'))).toEqual([]);
  });

  test('given changes of status, then each is one entry and none is ever altered or added by other changes', () => {
    const story = withForm();
    story.tell('compliance_tasks', 'c', task(1));
    const before = story.documents('compliance.task_event');
    story.tell('compliance_tasks', 'u', task(1, { metadata: { severity: 'overdue' } }));
    story.tell('compliance_tasks', 'u', task(1, { status: 'parked' }));
    story.tell('compliance_tasks', 'd', task(1, { status: 'parked' }));
    const walk = story.held('compliance.task_event').map((one) => [one.from_status, one.to_status]);
    expect(walk).toEqual([
      [null, 'open'],
      ['open', 'parked'],
      ['parked', 'deleted'],
    ]);
    expect(story.documents('compliance.task_event').slice(0, 1)).toEqual(before);
    expect(story.one('fhir.Task').status).toBe('entered-in-error');
  });

  test('given metadata and a request, then neither is in any resource or bundle', () => {
    const story = withForm();
    const steps = [
      story.tell('compliance_tasks', 'c', task(1, { metadata: { severity: 'overdue', who: 'secret-of-metadata' } })),
      story.tell('appointment_requests', 'c', request(1, { message: 'secret-of-message' })),
    ];
    expect(leaving(story, steps)).not.toContain('secret-of');
    expect(JSON.stringify(story.held('compliance.task'))).toContain('secret-of-metadata');
  });
});
