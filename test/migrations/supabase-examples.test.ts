import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { PreviewSession } from '../../src/cli/commands/preview-session.ts';
import type { Image, JsonObject } from '../../src/core/index.ts';
import { DEFAULTS, Names, questionnaire } from '../../src/migrations/supabase/index.ts';
import { validateResource } from '../../src/sinks/fhir/validate/index.ts';
import { at, form, order, orderEvent, plan, reading, Story, stock, task, visit } from './supabase-story.ts';

interface Example {
  readonly event: {
    readonly table: string;
    readonly op: 'c';
    readonly lsn: string;
    readonly ts: string;
    readonly correlation_id: string;
  };
  readonly source_row: Image;
  readonly lookups?: { readonly submission?: Image; readonly stock?: Image };
  readonly bundle: JsonObject;
}

// the work order's own examples, where they are at hand
const folder = '../shared/supabase/examples';

const read = (table: string): Example => JSON.parse(readFileSync(`${folder}/${table}.json`, 'utf8')) as Example;

/** The rows an example takes for granted, told before it. */
function toldBefore({ event, lookups }: Example): readonly (readonly [table: string, row: Image])[] {
  const { submission, stock } = lookups ?? {};
  return [
    ...(submission ? [['submissions', submission] as const] : []),
    ...(stock ? [['partner_stock_levels', stock] as const] : []),
    // the plan its task is about is the example of another table
    ...(event.table === 'compliance_tasks' ? [['action_plans', read('action_plans').source_row] as const] : []),
  ];
}

/** The bundle of the last event. */
function bundleOf(example: Example): JsonObject | undefined {
  const session = new PreviewSession('supabase');
  const { table, op, lsn, ts, correlation_id: correlationId } = example.event;
  for (const [n, [name, row]] of toldBefore(example).entries())
    session.step({ table: name, op: 'c', row, lsn: String(n + 1), ts, correlationId: null });
  const step = session.step({ table, op, row: example.source_row, lsn, ts, correlationId });
  expect(step.bundles).toHaveLength(1);
  return step.bundles[0]?.bundle;
}

describe.skipIf(!existsSync('../shared'))('the examples of the work order', () => {
  test.each([
    'submissions',
    'appointments',
    'lab_orders',
    'lab_order_events',
    'action_plans',
    'compliance_tasks',
    'partner_temperature_logs',
  ])('%s', (table) => {
    const example = read(table);
    expect(bundleOf(example)).toEqual(example.bundle);
  });
});

describe('each event of a table with FHIR', () => {
  const rows: readonly (readonly [table: string, row: Image, changed: Image])[] = [
    ['submissions', form(1), { patient_notes: 'prefers evenings' }],
    ['appointments', visit(1), { notes: 'moved' }],
    ['lab_orders', order(1), { order_status: 'submitted' }],
    ['lab_order_events', orderEvent(1), { note: 'seen' }],
    ['action_plans', plan(1), { category: 'travel' }],
    ['compliance_tasks', task(1), { title: 'Consent has run out' }],
    ['partner_temperature_logs', reading(1), { notes: 'door was open' }],
  ];

  test.each(rows)('%s: one transaction bundle when it comes, changes, ends and comes again', (table, row, changed) => {
    const story = new Story();
    if (table !== 'submissions') story.form(form(1));
    if (table === 'lab_order_events') story.order(order(1));
    story.tell('partner_stock_levels', 'c', stock(1));
    const after = { ...row, ...changed };
    const told = [['c', row] as const, ['u', after] as const, ['d', after] as const];
    // an append-only log has no second word on one id
    for (const [op, image] of table === 'lab_order_events' ? told : [...told, ['c', row] as const]) {
      const { bundles } = story.tell(table, op, image);
      expect(
        bundles.map(({ facts, bundle }) => [facts.table.replace('public.', ''), facts.op, bundle['type']]),
      ).toEqual([[table, op, 'transaction']]);
      for (const { bundle } of bundles) expect(validateResource(bundle)).toEqual([]);
      const types = bundles.flatMap(({ bundle }) => at(bundle, 'entry.resource.resourceType'));
      expect(types).toContain('Provenance');
      if (op === 'd') expect(types).toContain('AuditEvent');
    }
  });
});

test('the form that responses name is a legal Questionnaire, with the questions they answer', () => {
  const shipped = questionnaire(new Names(DEFAULTS));
  expect(validateResource(shipped)).toEqual([]);
  const story = new Story();
  story.form(form(1));
  const response = story.one('fhir.QuestionnaireResponse');
  expect(response['questionnaire']).toBe(`${shipped['url']}|${shipped['version']}`);
  const linkIds = (one: JsonObject, path: string): readonly string[] => at(one, path).map(String);
  expect(linkIds(response, 'item.linkId')).toEqual(linkIds(shipped, 'item.linkId'));
  const asked = new Map<string, string>();
  for (const one of at(shipped, 'item.item') as readonly JsonObject[])
    asked.set(String(one['linkId']), String(one['type']));
  expect(asked.size).toBe(19);
  const kinds: Readonly<Record<string, string>> = {
    text: 'valueString',
    boolean: 'valueBoolean',
    dateTime: 'valueDateTime',
  };
  for (const one of at(response, 'item.item') as readonly JsonObject[])
    for (const answer of at(one, 'answer') as readonly JsonObject[])
      expect(Object.keys(answer), String(one['linkId'])).toEqual([kinds[asked.get(String(one['linkId'])) ?? '']]);
});
