import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ChangeEvent, canonicalJson, type Image, type Operation } from '../../src/core/index.ts';
import { supabase } from '../../src/migrations/supabase/index.ts';
import { createModel, type Model } from '../../src/pipeline/in-memory/index.ts';
import { validateResource } from '../../src/sinks/fhir/validate/index.ts';
import { ODD_TABLES, oddRows } from './supabase-odd-rows.ts';
import {
  checkin,
  form,
  id,
  NHS,
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

const migration = supabase();

/** One change of one of a few rows; which one it is and what it says are drawn. */
const move = fc.record({
  table: fc.constantFrom(
    ...['submissions', 'appointments', 'lab_orders', 'lab_order_events', 'appointment_requests', 'action_plans'],
    ...['compliance_tasks', 'partner_checkins', 'partner_stock_levels', 'partner_payouts', 'partner_temperature_logs'],
  ),
  n: fc.integer({ min: 1, max: 3 }),
  deletes: fc.boolean(),
  number: fc.constantFrom(null, NHS[0], NHS[1], 'not known'),
  email: fc.constantFrom(null, 'quill.family@example.org'),
  guardians: fc.subarray(['Brid', 'Oona', 'Piers']),
  expires: fc.constantFrom(null, '2026-03-01T08:05:00.000Z', '2031-01-01T00:00:00.000Z'),
  of: fc.integer({ min: 1, max: 3 }),
  visit: fc.constantFrom('REQUESTED', 'CONFIRMED', 'CANCELLED'),
  lab: fc.constantFrom('draft', 'results_received', 'results_reviewed', 'cancelled'),
});
type Move = typeof move extends fc.Arbitrary<infer T> ? T : never;

const times = { result_received_at: '2026-02-10T09:00:00.000Z', result_reviewed_at: '2026-02-11T09:00:00.000Z' };

function rowOf(drawn: Move): Image {
  const { n, of } = drawn;
  switch (drawn.table) {
    case 'submissions': {
      const guardians = drawn.guardians.map((name) => ({ name, relationship: 'aunt' }));
      const consent = { consent_signed_at: '2026-02-01T09:00:00.000Z', consent_expires_at: drawn.expires };
      const who = { nhs_number: drawn.number, email: drawn.email, guardian_contacts: guardians };
      return form(n, { ...who, ...(drawn.expires === null ? {} : consent) });
    }
    case 'appointments':
      return visit(n, { submission_id: id.form(of), status: drawn.visit, location: `Room ${of}` });
    case 'lab_orders':
      return order(n, { submission_id: drawn.deletes ? null : id.form(of), order_status: drawn.lab, ...times });
    case 'appointment_requests':
      return request(n, {
        submission_id: id.form(of),
        appointment_id: drawn.email === null ? null : id.visit(of),
        request_type: 'cancel',
        status: drawn.number === null ? 'pending' : 'resolved',
      });
    case 'action_plans':
      return plan(n, { submission_id: id.form(of), created_at: `2026-02-0${of}T09:00:00.000Z` });
    case 'compliance_tasks':
      return task(n, { submission_id: drawn.deletes ? null : id.form(of), status: drawn.lab });
    case 'partner_checkins':
      return checkin(n, { arrived_at: `2026-03-0${of}T09:00:00.000Z`, status: drawn.visit });
    case 'partner_stock_levels':
      return stock(n, { quantity: of, max_temp: drawn.email === null ? '8.00' : `${of}.00` });
    case 'partner_payouts':
      return payout(n, { amount: `${of}.10` });
    case 'partner_temperature_logs':
      return reading(n, {
        stock_id: drawn.email === null ? null : id.stock(of),
        storage_location: of === 1 ? 'Fridge 1' : drawn.deletes ? 'FRIDGE 1' : 'Cupboard B',
      });
    default:
      return orderEvent(n, { lab_order_id: id.order(of), event_status: drawn.lab });
  }
}

/** The moves as changes in the order of commit; every form is there before anything else is said. */
function changesOf(moves: readonly Move[]): readonly ChangeEvent[] {
  const alive = new Set<string>();
  const changes: ChangeEvent[] = [];
  const add = (table: string, op: Operation, row: Image): void => {
    const place = BigInt(changes.length + 1);
    changes.push({
      kind: 'change',
      table: `public.${table}`,
      key: String(row.id),
      op,
      before: op === 'd' ? row : null,
      after: op === 'd' ? null : row,
      unsent: [],
      position: { epoch: 1, phase: 1, a: place, b: place, txId: place, offset: place },
      sourceTime: new Date(Date.UTC(2026, 2, 1, 8, changes.length)).toISOString(),
      origin: null,
    });
    if (op === 'd') alive.delete(`${table}${row.id}`);
    else alive.add(`${table}${row.id}`);
  };
  for (const n of [1, 2, 3]) {
    add('submissions', 'c', form(n));
    add('partner_stock_levels', 'c', stock(n));
  }
  for (const one of moves) {
    const row = rowOf(one);
    const lives = alive.has(`${one.table}${row.id}`);
    // an event's papers keep its row's name, so that a key which came back would tell nothing new
    if (!lives && one.table === 'lab_order_events' && changes.some((change) => change.key === row.id)) continue;
    add(one.table, lives ? (one.deletes ? 'd' : 'u') : 'c', row);
  }
  return changes;
}

/**
 * Another legal delivery of the same changes: those of one row stay in their order, as one partition keeps them; for
 * the rest `picks` says whose turn it is, and after which change what came before is sent once more.
 */
function delivered(changes: readonly ChangeEvent[], picks: readonly number[]): readonly ChangeEvent[] {
  const queues = new Map<string, ChangeEvent[]>();
  for (const change of changes) queues.set(change.key, [...(queues.get(change.key) ?? []), change]);
  const sent: ChangeEvent[] = [];
  for (let turn = 0; queues.size > 0; turn++) {
    const pick = picks[turn % picks.length] ?? 0;
    const keys = [...queues.keys()];
    const key = keys[pick % keys.length] ?? '';
    const [next, ...rest] = queues.get(key) ?? [];
    if (rest.length > 0) queues.set(key, rest);
    else queues.delete(key);
    if (next) sent.push(next);
    if (pick % 3 === 0) sent.push(...sent.slice(-(pick % 7) - 1));
  }
  return sent;
}

const END = '2027-01-01T00:00:00.000Z';

/**
 * What the targets hold at the end. A document in its last form is left out: whether there ever was one may depend on
 * what came first, as with a report that was taken back while its order still waited.
 */
function outcome(changes: readonly ChangeEvent[], each: boolean): string {
  const model = createModel(migration);
  for (const change of changes) {
    model.apply(change);
    if (each) model.derive(change.sourceTime);
  }
  model.derive(END);
  return textOf(model);
}

function textOf(model: Model): string {
  expect(model.troubles()).toEqual([]);
  const lines: string[] = [];
  for (const [target, held] of model.documents()) {
    for (const [key, { content }] of held)
      if (!model.isRetired({ target, id: key })) lines.push(`${target} ${key} ${canonicalJson(content)}`);
  }
  return lines.sort().join('\n');
}

describe('the supabase migration', () => {
  test('comes to the same documents whatever table is read first, and however often a change is sent', () => {
    fc.assert(
      fc.property(
        fc.array(move, { minLength: 1, maxLength: 25 }),
        fc.array(fc.nat(1000), { minLength: 1, maxLength: 30 }),
        fc.boolean(),
        (moves, picks, each) => {
          const changes = changesOf(moves);
          expect(outcome(delivered(changes, picks), each).split('\n')).toEqual(outcome(changes, true).split('\n'));
        },
      ),
      { numRuns: 150 },
    );
  });

  test('makes legal FHIR of whatever the source may hold', { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(oddRows, (rows) => {
        const story = new Story();
        const told = Object.entries(ODD_TABLES).map(
          ([name, table]) => [table, rows[name as keyof typeof rows]] as const,
        );
        const steps = told.map(([table, row]) => story.tell(table, 'c', row));
        // an event of an order is never taken back by the source alone
        const taken = [...told].reverse().filter(([table]) => table !== 'lab_order_events');
        steps.push(...taken.map(([table, row]) => story.tell(table, 'd', row)));
        expect(story.troubles()).toEqual([]);
        for (const [target, held] of story.session.model.documents()) {
          if (!target.startsWith('fhir.')) continue;
          for (const { content } of held.values()) expect(validateResource(content), target).toEqual([]);
        }
        for (const { bundle } of steps.flatMap((step) => step.bundles)) expect(validateResource(bundle)).toEqual([]);
      }),
      { numRuns: 80 },
    );
  });
});
