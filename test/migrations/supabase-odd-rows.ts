import fc from 'fast-check';
import type { Image, Json } from '../../src/core/index.ts';
import {
  checkin,
  form,
  id,
  label,
  NHS,
  order,
  orderEvent,
  payout,
  plan,
  reading,
  request,
  stock,
  task,
  visit,
} from './supabase-story.ts';

/** Everything PostgreSQL text can hold: anything but NUL and halves of surrogate pairs. */
const anyText = fc
  .oneof(
    fc.string({ unit: 'binary', maxLength: 12 }),
    fc.string({ unit: 'grapheme', maxLength: 12 }),
    fc.constantFrom('', ' ', '\t', '\u00a0', '\u2003', '\u200b', '\u0085', '\ufeff', '\u3000x', 'a\u2028b'),
    fc.constantFrom('<b>&amp;</b>', ']]>', '\u0000'.padStart(2, '\u0007').slice(0, 1), '\ufffe', '\u{1fffe}', '--'),
  )
  .map((text) => text.replaceAll('\u0000', ''));

const orNull = <T>(some: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(some, { freq: 4 });

const digits = (value: number, width: number): string => String(value).padStart(width, '0');

/** Instants as the stream writes them, of all the years FHIR knows. */
const anyInstant = fc
  .record({
    at: fc.date({ min: new Date('0001-01-02T00:00:00Z'), max: new Date('9999-12-30T00:00:00Z'), noInvalidDate: true }),
    micros: fc.constantFrom('', '.5', '.123', '.123456'),
    zone: fc.constantFrom('Z', '+00:00', '+01', '-05:30'),
  })
  .map(({ at, micros, zone }) => `${at.toISOString().slice(0, 19)}${micros}${zone}`);

const anyDay = fc.oneof(
  fc.integer({ min: -719_000, max: 2_900_000 }),
  fc
    .tuple(fc.integer({ min: 1, max: 9999 }), fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 28 }))
    .map(([year, month, day]) => `${digits(year, 4)}-${digits(month, 2)}-${digits(day, 2)}`),
);

const texts = fc.array(anyText, { maxLength: 4 });
const contacts = fc.array(
  fc.oneof(
    fc.record(
      {
        name: orNull(anyText),
        relationship: orNull(fc.oneof(anyText, fc.constantFrom('Mother', 'GUARDIAN', 'uncle', 'childminder'))),
        phone: orNull(anyText),
        email: orNull(anyText),
      },
      { requiredKeys: [] },
    ),
    fc.constantFrom<Json>(null, 'Gran', 42, {}, []),
  ),
  { maxLength: 3 },
);

/** For each column of a row that is given here, any value of its kind. */
const odd = (row: Image, columns: Readonly<Record<string, fc.Arbitrary<unknown>>>): fc.Arbitrary<Image> =>
  fc.record(columns).map((some) => ({ ...row, ...(some as Image) }));

const textColumns = (...names: string[]): Record<string, fc.Arbitrary<string | null>> =>
  Object.fromEntries(names.map((name) => [name, orNull(anyText)]));

const oddForm = odd(form(1), {
  ...textColumns('first_name', 'surname', 'email', 'phone', 'onset_time', 'reaction_frequency', 'other_triggers'),
  ...textColumns('most_severe_reaction', 'asthma_control', 'other_conditions', 'safeguarding_notes', 'patient_notes'),
  ...textColumns('status', 'clinician_notes', 'clinician_email'),
  nhs_number: orNull(fc.oneof(anyText, fc.constantFrom(...NHS))),
  guardian_contacts: contacts,
  symptoms: texts,
  food_triggers: texts,
  attachments: texts,
  flags: texts,
  date_of_birth: orNull(anyDay),
  created_at: anyInstant,
  last_antihistamine: orNull(anyInstant),
  consent_signed_at: orNull(anyInstant),
  consent_expires_at: orNull(anyInstant),
  eczema: orNull(fc.boolean()),
  pregnant: orNull(fc.boolean()),
});

const oddVisit = odd(visit(1), {
  ...textColumns('location', 'notes', 'resource_type'),
  status: fc.oneof(anyText, fc.constantFrom('REQUESTED', 'CHECKED_IN', 'COMPLETED', 'CANCELLED', 'NO_SHOW')),
  start_at: anyInstant,
  end_at: anyInstant,
  created_at: orNull(anyInstant),
});

const oddOrder = odd(order(1), {
  ...textColumns('patient_full_name', 'patient_email', 'order_type', 'vendor', 'external_order_id'),
  ...textColumns('ordering_clinician_email'),
  submission_id: orNull(fc.constant(id.form(1))),
  patient_date_of_birth: orNull(anyDay),
  priority: orNull(fc.oneof(anyText, fc.constantFrom('URGENT', 'asap', 'Stat'))),
  order_status: fc.constantFrom(
    ...[
      'draft',
      'submitted',
      'in_transit',
      'results_received',
      'results_reviewed',
      'retransmit_requested',
      'cancelled',
    ],
  ),
  metadata: fc.oneof(
    fc.jsonValue(),
    orNull(anyText).map((notes) => ({ notes })),
  ) as fc.Arbitrary<unknown>,
  ordered_at: orNull(anyInstant),
  result_received_at: orNull(anyInstant),
  result_reviewed_at: orNull(anyInstant),
  last_status_at: orNull(anyInstant),
});

const oddEvent = odd(orderEvent(1), {
  ...textColumns('event_status', 'external_event_id', 'actor_email', 'note'),
  event_type: fc.oneof(anyText, fc.constantFrom('submitted', 'connector_ack', 'status_update')),
  occurred_at: anyInstant,
  created_at: anyInstant,
});

const oddRequest = odd(request(1), {
  ...textColumns('patient_email', 'message'),
  appointment_id: orNull(fc.constant(id.visit(1))),
  request_type: fc.constantFrom('reschedule', 'cancel', 'other'),
  status: fc.oneof(anyText, fc.constantFrom('pending', 'resolved')),
  handled_at: orNull(anyInstant),
  created_at: anyInstant,
});

const oddPlan = odd(plan(1), {
  ...textColumns('uploaded_email'),
  category: fc.oneof(anyText, fc.constantFrom('general', 'travel', 'camp')),
  storage_path: fc.oneof(
    anyText,
    fc.tuple(anyText, anyText).map(([folder, file]) => `${folder}/${file}.PdF`),
  ),
  uploaded_by: orNull(fc.constant(id.form(8))),
  created_at: anyInstant,
});

const oddTask = odd(task(1), {
  ...textColumns('details', 'resolution_notes'),
  submission_id: orNull(fc.constant(id.form(1))),
  task_type: anyText,
  title: anyText,
  status: fc.oneof(anyText, fc.constantFrom('open', 'pending', 'resolved')),
  metadata: fc.oneof(
    fc.jsonValue(),
    fc.oneof(anyText, fc.constantFrom('overdue', 'upcoming')).map((severity) => ({ severity })),
  ) as fc.Arbitrary<unknown>,
  due_at: orNull(anyInstant),
  resolved_at: orNull(anyInstant),
  resolved_by: orNull(fc.constant(id.form(8))),
  created_at: anyInstant,
  updated_at: orNull(anyInstant),
});

const oddCheckin = odd(checkin(1), {
  patient_name: anyText,
  status: fc.oneof(anyText, fc.constantFrom('Waiting', 'Roomed', 'ready')),
  arrived_at: anyInstant,
  ready_at: orNull(anyInstant),
});

const oddLabel = odd(label(1), {
  label_code: anyText,
  patient_name: anyText,
  request_type: anyText,
  priority: fc.oneof(anyText, fc.constantFrom('high', 'normal')),
  created_at: anyInstant,
  printed_at: orNull(anyInstant),
});

/** Every decimal of so many places, as the stream writes it. */
const decimals = (digitsInAll: number, places: number, least = -(10 ** digitsInAll) + 1): fc.Arbitrary<string> =>
  fc.bigInt({ min: BigInt(least), max: 10n ** BigInt(digitsInAll) - 1n }).map((value) => {
    const text = String(value < 0n ? -value : value).padStart(places + 1, '0');
    return `${value < 0n ? '-' : ''}${text.slice(0, -places)}.${text.slice(-places)}`;
  });

const oddStock = odd(stock(1), {
  ...textColumns('lot_number', 'manufacturer', 'storage_location'),
  item_name: anyText,
  unit: anyText,
  status: anyText,
  quantity: fc.integer({ min: 0, max: 2_147_483_647 }),
  expiry_date: orNull(anyDay),
  min_temp: orNull(decimals(5, 2)),
  max_temp: orNull(decimals(5, 2)),
});

const oddPayout = odd(payout(1), {
  ...textColumns('partner_email', 'notes'),
  occurred_on: anyDay,
  amount: decimals(12, 2, 0),
});

const oddReading = odd(reading(1), {
  ...textColumns('excursion_reason', 'notes'),
  stock_id: orNull(fc.constant(id.stock(1))),
  storage_location: anyText,
  recorded_at: anyInstant,
  temperature_c: decimals(6, 3),
  is_excursion: fc.boolean(),
  resolved_at: orNull(anyInstant),
  created_at: anyInstant,
});

/** One row of each table, legal at the source and as odd as it allows. */
export const oddRows = fc.record({
  form: oddForm,
  visit: oddVisit,
  order: oddOrder,
  event: oddEvent,
  request: oddRequest,
  plan: oddPlan,
  task: oddTask,
  checkin: oddCheckin,
  label: oddLabel,
  stock: oddStock,
  payout: oddPayout,
  reading: oddReading,
});

/** Which table a row of `oddRows` is of, in an order in which all they refer to comes first. */
export const ODD_TABLES: Readonly<Record<string, string>> = {
  form: 'submissions',
  visit: 'appointments',
  order: 'lab_orders',
  event: 'lab_order_events',
  request: 'appointment_requests',
  plan: 'action_plans',
  task: 'compliance_tasks',
  checkin: 'partner_checkins',
  label: 'partner_label_queue',
  stock: 'partner_stock_levels',
  payout: 'partner_payouts',
  reading: 'partner_temperature_logs',
};
