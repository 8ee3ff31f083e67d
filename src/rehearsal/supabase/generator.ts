import { chanceOf } from '../chance.ts';
import { makeOrder } from './lab.ts';
import { household, type Person } from './people.ts';
import type { RowSet } from './rows.ts';
import { oddities, type Tally } from './shares.ts';
import { type MakeContext, makeSubmission } from './submission.ts';
import { makeAppointment, makePlan, makeRequest, makeTask } from './visits.ts';

/**
 * Rows from a seed. What is odd and what is false among them, and how often, is the table in shares.ts.
 *
 * Submissions come in blocks of twenty neighbours. A block depends on the seed, its own number and the base date and
 * on nothing else, so a thousand rows are the first thousand of a million, and blocks may be made in any order.
 *
 * | for each submission   | on average |
 * | --------------------- | ---------- |
 * | appointments          | 1.5        |
 * | lab orders            | 0.6        |
 * | events of a lab order | 2          |
 * | appointment requests  | 0.1        |
 * | action plans          | 0.1        |
 * | compliance tasks      | 0.15       |
 */
export const BLOCK = 20;

export interface SeedPlan {
  readonly seed: bigint;
  /** submissions; the other tables follow */
  readonly rows: number;
  /** share of submissions with something false in them, 0 to 1 */
  readonly dirty: number;
  /** what counts as today, ISO */
  readonly base: string;
}

export interface Block {
  readonly rows: Required<
    Pick<
      RowSet,
      | 'public.submissions'
      | 'public.appointments'
      | 'public.appointment_requests'
      | 'public.lab_orders'
      | 'public.lab_order_events'
      | 'public.action_plans'
      | 'public.compliance_tasks'
    >
  >;
  readonly tally: Tally;
}

const VISITS = [
  [0, 20],
  [1, 35],
  [2, 25],
  [3, 15],
  [4, 5],
] as const;
const ORDERS = [
  [0, 55],
  [1, 32],
  [2, 11],
  [3, 2],
] as const;
const HOUSEHOLD_SIZES = [
  [1, 50],
  [2, 20],
  [3, 15],
  [4, 10],
  [5, 5],
] as const;

/** Who files the submissions of a block, in order: families together, some people twice. */
function filers(plan: SeedPlan, block: number, baseMs: number, tally: Tally): Person[] {
  const chance = chanceOf(plan.seed, 'households', block);
  const odd = oddities(chance, tally);
  const list: Person[] = [];
  while (list.length < BLOCK) {
    const first = block * BLOCK + list.length;
    for (const person of household(chance, first, chance.weighted<number>(HOUSEHOLD_SIZES), baseMs).people) {
      list.push(person);
      if (odd.is('files-again')) list.push(person);
    }
  }
  return list.slice(0, BLOCK);
}

export function makeBlock(plan: SeedPlan, block: number): Block {
  const baseMs = Date.parse(plan.base);
  const tally: Tally = {};
  const rows: Block['rows'] = {
    'public.submissions': [],
    'public.appointments': [],
    'public.appointment_requests': [],
    'public.lab_orders': [],
    'public.lab_order_events': [],
    'public.action_plans': [],
    'public.compliance_tasks': [],
  };
  const wanted = Math.min(BLOCK, plan.rows - block * BLOCK);
  for (const [i, person] of filers(plan, block, baseMs, tally).slice(0, wanted).entries()) {
    const chance = chanceOf(plan.seed, 'submission', block * BLOCK + i);
    const context: MakeContext = { baseMs, dirty: plan.dirty, odd: oddities(chance, tally) };
    const submission = makeSubmission(chance, person, context);
    rows['public.submissions'].push(submission);

    const visits = Array.from({ length: chance.weighted<number>(VISITS) }, () =>
      makeAppointment(chance, submission, context),
    );
    rows['public.appointments'].push(...visits);
    if (chance.yes(0.1)) rows['public.appointment_requests'].push(makeRequest(chance, submission, visits[0] ?? null));

    for (let n = chance.weighted<number>(ORDERS); n > 0; n--) {
      const { order, events } = makeOrder(chance, submission, context);
      rows['public.lab_orders'].push(order);
      rows['public.lab_order_events'].push(...events);
    }
    if (chance.yes(0.1)) rows['public.action_plans'].push(makePlan(chance, submission));
    if (chance.yes(0.1)) rows['public.compliance_tasks'].push(makeTask(chance, submission, 'consent_expiry', baseMs));
    if (submission.safeguarding_notes !== null)
      rows['public.compliance_tasks'].push(makeTask(chance, submission, 'safeguarding_follow_up', baseMs));
  }
  return { rows, tally };
}
