import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Image, Json } from '../../src/core/index.ts';
import { validateResource } from '../../src/sinks/fhir/validate/index.ts';
import {
  checkin,
  form,
  label,
  order,
  orderEvent,
  payout,
  plan,
  reading,
  request,
  Story,
  stock,
  task,
  visit,
} from './supabase-story.ts';

interface Column {
  readonly name: string;
  readonly type: string;
  readonly nullable: boolean;
}

/** The columns of the twelve tables as the source declares them, but keys and references. */
function columnsOf(table: string): readonly Column[] {
  const sql = readFileSync(new URL('../../src/rehearsal/supabase/source.sql', import.meta.url), 'utf8');
  const body = new RegExp(`create table if not exists public\\.${table} \\(\\n(.*?)\\n\\);`, 's').exec(sql)?.[1] ?? '';
  return body.split('\n').flatMap((line) => {
    const [, name, type] =
      /^ {2}(\w+) +(uuid|text\[\]|text|timestamptz|date|numeric|integer|boolean|jsonb)\b/.exec(line) ?? [];
    if (!name || !type || type === 'uuid') return [];
    return [{ name, type: line.includes('text[]') ? 'text[]' : type, nullable: !line.includes('not null') }];
  });
}

const TABLES = {
  submissions: { row: form(1), target: 'intake.submission' },
  appointments: { row: visit(1), target: 'scheduling.appointment' },
  appointment_requests: { row: request(1), target: 'scheduling.request_queue' },
  lab_orders: { row: order(1), target: 'diagnostics.lab_order' },
  lab_order_events: { row: orderEvent(1), target: 'diagnostics.lab_order_event' },
  action_plans: { row: plan(1), target: 'careplan.action_plan' },
  compliance_tasks: { row: task(1), target: 'compliance.task' },
  partner_checkins: { row: checkin(1), target: 'partnerops.checkin' },
  partner_label_queue: { row: label(1), target: 'partnerops.label_queue' },
  partner_stock_levels: { row: stock(1), target: 'partnerops.stock_item' },
  partner_payouts: { row: payout(1), target: 'finance.payout' },
  partner_temperature_logs: { row: reading(1), target: 'compliance.temperature_reading' },
} as const;
type Table = keyof typeof TABLES;

/** Values of a type that are legal at the source and that nobody thinks of; as the decoders hand them over. */
const EDGES: Readonly<Record<string, Readonly<Record<string, Json>>>> = {
  text: {
    empty: '',
    blank: ' \t\u00a0\u2003\u200b',
    huge: 'long '.repeat(12_000),
    'control characters': 'a\u0001\u0008\u000b\u001f\u007f\u0085b',
    'another script': 'Ünïçødé 名前 שם 👩‍👩‍👧‍👦 \u202eright',
    'an unknown word': 'nobody-knows-this',
    markup: '<script>&amp;]]></div>',
    'no character': '\ufffe\uffff',
  },
  timestamptz: {
    'the first': '0001-01-01T00:00:00Z',
    'the last': '9999-12-31T23:59:59.999999Z',
    'before Christ': '-0043-03-15T00:00:00Z',
    'after the year 9999': '+10000-01-01T00:00:00Z',
    endless: 'infinity',
    'a leap second': '2016-12-31T23:59:60Z',
  },
  date: {
    'the first': -719_162,
    'the last': 2_932_896,
    'after the last': 2_932_897,
    'before Christ': -735_000,
    endless: 2_147_483_647,
    'a leap day': '2024-02-29',
    'no day': '2023-02-29',
  },
  numeric: { nought: '0', greatest: '9999999999.99', least: '-999.999', 'not a number': 'NaN', endless: 'Infinity' },
  integer: { nought: 0, greatest: 2_147_483_647, 'below nought': -1 },
  boolean: { yes: true, no: false },
  'text[]': { empty: [], blanks: ['', ' '], nulls: [null, 'peanut', null], huge: Array(3_000).fill('peanut') },
  jsonb: {
    null: null,
    text: 'text',
    number: 1e300,
    yes: true,
    'an empty object': {},
    'an empty list': [],
    'lists of lists': [[[[null]]], { a: [{}] }],
    'an object for a list': { name: 'Brid', '': null, severity: { deep: ['overdue'] }, notes: 7 },
    'odd members': [null, 1, 'text', { name: ['Brid'], phone: 7, email: {}, relationship: null }],
    'a text of JSON': '[{"name":"Brid"}]',
    huge: { notes: 'x'.repeat(60_000) },
  },
};

/** What hangs on others has them. */
function storyFor(table: Table): Story {
  const story = new Story();
  if (table !== 'submissions') story.form(form(1));
  if (table === 'lab_order_events') story.order(order(1));
  if (table === 'partner_temperature_logs') story.tell('partner_stock_levels', 'c', stock(1));
  expect(story.troubles()).toEqual([]);
  return story;
}

const REASON = / parked: (\w+: these columns do not fit: [\w, ]+|no row of this patient fits its declaration)$/;

/** A document, or parked with a reason that names a column; never both, never neither. */
function fate(table: Table, row: Image): 'document' | 'parked' {
  const story = storyFor(table);
  story.tell(table, 'c', row);
  const troubles = story.troubles();
  const documents = story.documents(TABLES[table].target).length;
  for (const [target, held] of story.session.model.documents())
    for (const { content } of target.startsWith('fhir.') ? held.values() : [])
      expect(validateResource(content), target).toEqual([]);
  if (troubles.length === 0) {
    expect(documents).toBe(1);
    return 'document';
  }
  for (const trouble of troubles) expect(trouble).toMatch(REASON);
  expect(documents).toBe(0);
  return 'parked';
}

describe.each(Object.keys(TABLES) as Table[])('a row of %s', (table) => {
  const columns = columnsOf(table);
  const { row } = TABLES[table];

  test('has columns to try', () => {
    expect(columns.length).toBeGreaterThan(3);
    for (const { name } of columns)
      expect(Object.keys({ ...row, updated_at: null, document_references: null })).toContain(name);
  });

  test('is a document with nothing in all columns that may be empty', () => {
    const empty = Object.fromEntries(columns.filter(({ nullable }) => nullable).map(({ name }) => [name, null]));
    expect(fate(table, { ...row, ...empty })).toBe('document');
  });

  test('ends as a document or as a parked row with its reason, whatever one column holds', () => {
    for (const { name, type } of columns)
      for (const [kind, value] of Object.entries(EDGES[type] ?? {})) {
        const end = fate(table, { ...row, [name]: value });
        // of text and JSON nothing is ever refused, nor of what is an instant FHIR can say
        const fits = ['text', 'jsonb', 'boolean'].includes(type) || kind === 'the first' || kind === 'the last';
        if (fits && type !== 'jsonb') expect(`${name} ${kind}: ${end}`).toBe(`${name} ${kind}: document`);
      }
  }, 60_000);

  test('does so too when all columns of a kind are at the same edge', () => {
    for (const type of new Set(columns.map((column) => column.type)))
      for (const value of Object.values(EDGES[type] ?? {})) {
        const edge = Object.fromEntries(
          columns.filter((column) => column.type === type).map(({ name }) => [name, value]),
        );
        fate(table, { ...row, ...edge });
      }
  }, 60_000);
});
