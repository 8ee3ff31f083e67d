import type { Chance } from '../chance.ts';
import { CLINICIANS } from './names.ts';
import type { LabOrder, LabOrderEvent, Submission } from './rows.ts';
import { staffEmail, staffId } from './staff.ts';
import { DAY_MS, instant, type MakeContext } from './submission.ts';
import * as words from './words.ts';

/** The statuses an order went through to be where it is; each after the first left an event. */
const WALKS: readonly (readonly [readonly string[], number])[] = [
  [['draft'], 12],
  [['draft', 'submitted'], 25],
  [['draft', 'submitted', 'in_transit'], 23],
  [['draft', 'submitted', 'in_transit', 'results_received'], 15],
  [['draft', 'submitted', 'in_transit', 'results_received', 'results_reviewed'], 12],
  [['draft', 'submitted', 'retransmit_requested', 'in_transit'], 3],
  [['draft', 'submitted', 'in_transit', 'retransmit_requested'], 3],
  [['draft', 'submitted', 'cancelled'], 5],
  [['draft', 'cancelled'], 2],
];

/** What follows a status in the normal course of things. */
export const NEXT_STATUSES: Readonly<Record<string, readonly string[]>> = {
  draft: ['submitted', 'submitted', 'cancelled'],
  submitted: ['in_transit', 'in_transit', 'retransmit_requested', 'cancelled'],
  retransmit_requested: ['in_transit'],
  in_transit: ['results_received', 'results_received', 'retransmit_requested'],
  results_received: ['results_reviewed'],
};

export function makeEvent(
  chance: Chance,
  order: Pick<LabOrder, 'id' | 'ordering_clinician_email'>,
  status: string,
  at: string,
): LabOrderEvent {
  const machine = status === 'in_transit' || status === 'results_received';
  const kind =
    status === 'submitted' || status === 'retransmit_requested'
      ? status
      : machine && chance.yes(0.5)
        ? 'connector_ack'
        : chance.weighted<string>([
            ['status_update', 97],
            ['manual_correction', 3],
          ]);
  return {
    id: chance.uuid(),
    lab_order_id: order.id,
    event_type: kind,
    event_status: chance.yes(0.95) ? status : null,
    external_event_id: machine ? `EV-${chance.below(0x7fffffff).toString(16).toUpperCase()}` : null,
    payload: machine ? { status, attempt: chance.between(1, 3), details: null } : {},
    occurred_at: at,
    actor_email: machine ? null : order.ordering_clinician_email,
    note: chance.yes(0.1)
      ? chance.pick(['rang the lab', '', 'sample haemolysed; repeat', 'vendor said "resend"'])
      : null,
    created_at: at,
  };
}

function priority(chance: Chance, context: MakeContext): string | null {
  if (context.odd.is('priority-shouted')) return 'STAT';
  if (context.odd.is('priority-free-text')) return 'whenever';
  if (context.odd.is('no-priority')) return null;
  return chance.weighted<string>([
    ['routine', 75],
    ['urgent', 20],
    ['stat', 5],
  ]);
}

export function makeOrder(
  chance: Chance,
  submission: Submission,
  context: MakeContext,
): { order: LabOrder; events: LabOrderEvent[] } {
  const walk = chance.weighted(WALKS);
  const status = walk[walk.length - 1] as string;
  const alone = context.odd.is('order-alone');
  const nameless = alone && chance.yes(0.25);
  const orderer = chance.yes(0.9) ? chance.pick(CLINICIANS) : null;
  const created = Date.parse(submission.created_at) + chance.below(60 * DAY_MS);
  const sent = walk.includes('submitted');
  const vendorId = `${chance.pick(['SIM', 'NP', 'SVL'])}-${chance.below(0x7fffffff).toString(16).toUpperCase()}`;
  const order: LabOrder = {
    id: chance.uuid(),
    submission_id: alone ? null : submission.id,
    patient_full_name: nameless ? null : `${submission.first_name ?? ''} ${submission.surname ?? ''}`.trim(),
    patient_email: nameless ? null : submission.email,
    patient_date_of_birth: nameless ? null : submission.date_of_birth,
    ordering_clinician_id: orderer === null ? null : staffId(orderer),
    ordering_clinician_email: orderer === null ? null : staffEmail(orderer),
    order_type: chance.yes(0.95) ? chance.pick(words.ORDER_TYPES) : chance.pick([null, '']),
    priority: priority(chance, context),
    vendor: chance.yes(0.93) ? chance.pick(words.VENDORS) : null,
    order_status: status,
    external_order_id: !sent ? null : context.odd.is('vendor-id-again') ? 'SIM-00000001' : vendorId,
    metadata: chance.yes(0.3) ? { notes: 'Nut panel; fasting not needed', copies: chance.between(1, 2) } : {},
    ordered_at: chance.yes(0.95) ? instant(chance, created) : null,
    result_received_at: null,
    result_reviewed_at: null,
    last_status_at: instant(chance, created),
    created_at: instant(chance, created),
    updated_at: instant(chance, created),
  };
  const events: LabOrderEvent[] = [];
  let at = created;
  for (const step of walk.slice(1)) {
    // an acknowledgement and the request it answers may bear the same time
    at += step === 'retransmit_requested' || chance.yes(0.05) ? 0 : chance.between(1, 4 * DAY_MS);
    const time = new Date(at).toISOString();
    if (step === 'results_received') order.result_received_at = time;
    if (step === 'results_reviewed') order.result_reviewed_at = time;
    order.last_status_at = time;
    order.updated_at = time;
    events.push(makeEvent(chance, order, step, time));
  }
  return { order, events };
}
