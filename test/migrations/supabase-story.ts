import { type PreviewEvent, PreviewSession, type PreviewStep } from '../../src/cli/commands/preview-session.ts';
import type { Document, Image, Json, JsonObject } from '../../src/core/index.ts';

/** Valid numbers of the range that is kept for tests; nobody has one. */
export const NHS = ['9990001111', '9995550121', '9992003006', '9990404046'] as const;

/** A time after all that the rows below tell of. */
export const later = '2026-02-20T12:00:00.000Z';

const uuid =
  (family: string) =>
  (n: number): string =>
    `${family}0000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

/** Ids of source rows, one family a table. */
export const id = {
  form: uuid('a'),
  visit: uuid('b'),
  order: uuid('c'),
  event: uuid('d'),
  request: uuid('e'),
  plan: uuid('f'),
  task: uuid('1'),
  checkin: uuid('2'),
  label: uuid('3'),
  stock: uuid('4'),
  payout: uuid('5'),
  reading: uuid('6'),
};

/** A form with an answer to everything. Nobody of that name exists. */
export const form = (n: number, over: Image = {}): Image => ({
  id: id.form(n),
  created_at: '2026-02-01T09:00:00.000Z',
  updated_at: '2026-02-01T09:30:00.000Z',
  first_name: 'Ottilie',
  surname: 'Fennimore-Quill',
  email: 'quill.family@example.org',
  phone: '07700 900118',
  date_of_birth: '2015-06-30',
  nhs_number: null,
  guardian_contacts: [],
  symptoms: ['hives', 'wheeze'],
  onset_time: 'minutes',
  reaction_frequency: 'monthly',
  most_severe_reaction: 'swollen lip',
  food_triggers: ['egg'],
  other_triggers: 'kiwi skin',
  can_eat_baked_egg: false,
  can_eat_baked_milk: true,
  asthma_control: 'Well controlled',
  eczema: true,
  hay_fever: false,
  other_conditions: 'none known',
  last_antihistamine: '2026-01-30T20:00:00.000Z',
  taking_beta_blocker: false,
  taking_ace_inhibitor: false,
  pregnant: false,
  has_auto_injector: true,
  carries_auto_injector: false,
  attachments: [],
  document_references: [],
  consent_signed_at: null,
  consent_expires_at: null,
  safeguarding_notes: null,
  safeguarding_follow_up_at: null,
  patient_notes: 'prefers mornings',
  status: 'new',
  spt_ready: false,
  high_risk: false,
  flags: [],
  clinician_notes: null,
  clinician_id: '0c11c1a0-0000-4000-8000-000000000001',
  clinician_email: 'dr.marsh@example.org',
  ...over,
});

/** A form that can be matched by nothing but its own id. */
export const stranger = (n: number, over: Image = {}): Image => form(n, { email: null, ...over });

export const visit = (n: number, over: Image = {}): Image => ({
  id: id.visit(n),
  submission_id: id.form(1),
  start_at: '2026-03-02T10:00:00.000Z',
  end_at: '2026-03-02T10:30:00.000Z',
  location: 'Room 4',
  notes: 'Skin test',
  created_at: '2026-02-02T08:00:00.000Z',
  status: 'CONFIRMED',
  resource_type: 'IN_PERSON',
  updated_at: '2026-02-02T08:00:00.000Z',
  ...over,
});

export const order = (n: number, over: Image = {}): Image => ({
  id: id.order(n),
  submission_id: id.form(1),
  patient_full_name: 'Ottilie Fennimore-Quill',
  patient_email: 'quill.family@example.org',
  patient_date_of_birth: '2015-06-30',
  ordering_clinician_id: null,
  ordering_clinician_email: 'dr.marsh@example.org',
  order_type: 'Allergen Panel',
  priority: 'routine',
  vendor: 'Northlab',
  order_status: 'draft',
  external_order_id: null,
  metadata: { notes: 'nuts' },
  ordered_at: '2026-02-03T09:00:00.000Z',
  result_received_at: null,
  result_reviewed_at: null,
  last_status_at: '2026-02-03T09:00:00.000Z',
  created_at: '2026-02-03T09:00:00.000Z',
  updated_at: '2026-02-03T09:00:00.000Z',
  ...over,
});

export const orderEvent = (n: number, over: Image = {}): Image => ({
  id: id.event(n),
  lab_order_id: id.order(1),
  event_type: 'submitted',
  event_status: 'submitted',
  external_event_id: 'NL-77',
  payload: { analyte: 'secret-of-the-payload' },
  occurred_at: '2026-02-03T09:05:00.000Z',
  actor_email: 'dr.marsh@example.org',
  note: null,
  created_at: '2026-02-03T09:05:01.000Z',
  ...over,
});

export const request = (n: number, over: Image = {}): Image => ({
  id: id.request(n),
  submission_id: id.form(1),
  appointment_id: id.visit(1),
  patient_email: 'quill.family@example.org',
  request_type: 'reschedule',
  message: 'a later hour, please',
  status: 'pending',
  handled_at: null,
  created_at: '2026-02-04T09:00:00.000Z',
  ...over,
});

export const plan = (n: number, over: Image = {}): Image => ({
  id: id.plan(n),
  submission_id: id.form(1),
  category: 'school',
  storage_path: `submissions/${id.form(1)}/1770195600000_x1_plan.pdf`,
  uploaded_by: null,
  uploaded_email: 'dr.marsh@example.org',
  created_at: '2026-02-04T09:00:00.000Z',
  ...over,
});

export const task = (n: number, over: Image = {}): Image => ({
  id: id.task(n),
  submission_id: id.form(1),
  task_type: 'consent_expiry',
  title: 'Consent runs out',
  details: 'Ring the family',
  due_at: '2026-03-01T00:00:00.000Z',
  status: 'open',
  metadata: { severity: 'due_soon' },
  resolution_notes: null,
  resolved_at: null,
  resolved_by: null,
  created_at: '2026-02-05T09:00:00.000Z',
  updated_at: '2026-02-05T09:00:00.000Z',
  ...over,
});

export const checkin = (n: number, over: Image = {}): Image => ({
  id: id.checkin(n),
  patient_name: 'Ottilie Fennimore-Quill',
  status: 'Waiting',
  arrived_at: '2026-03-02T09:50:00.000Z',
  updated_at: '2026-03-02T09:50:00.000Z',
  ready_at: null,
  ...over,
});

export const label = (n: number, over: Image = {}): Image => ({
  id: id.label(n),
  label_code: `RX-${n}`,
  patient_name: 'Ottilie Fennimore-Quill',
  request_type: 'SPT tray',
  priority: 'normal',
  created_at: '2026-03-02T09:55:00.000Z',
  printed_at: null,
  ...over,
});

export const stock = (n: number, over: Image = {}): Image => ({
  id: id.stock(n),
  item_name: `Serum ${n}`,
  quantity: 40,
  unit: 'vial',
  status: 'Healthy',
  updated_at: '2026-02-01T09:00:00.000Z',
  lot_number: 'LOT7',
  expiry_date: '2027-01-31',
  manufacturer: null,
  storage_location: 'Fridge 1',
  min_temp: '2.00',
  max_temp: '8.00',
  ...over,
});

export const payout = (n: number, over: Image = {}): Image => ({
  id: id.payout(n),
  occurred_on: '2026-02-27',
  amount: '120.50',
  partner_email: 'locum@example.org',
  notes: null,
  ...over,
});

export const reading = (n: number, over: Image = {}): Image => ({
  id: id.reading(n),
  stock_id: id.stock(1),
  storage_location: 'Fridge 1',
  recorded_at: '2026-03-02T06:00:00.000Z',
  temperature_c: '4.500',
  is_excursion: false,
  excursion_reason: null,
  resolved_at: null,
  notes: null,
  created_at: '2026-03-02T06:00:05.000Z',
  ...over,
});

type Op = PreviewEvent['op'];

/** A run of changes, told one after the other, and what the targets hold then. */
export class Story {
  readonly session = new PreviewSession('supabase');
  #count = 0;

  tell(table: string, op: Op, row: Image, ts?: string): PreviewStep {
    this.#count += 1;
    const minute = new Date(Date.UTC(2026, 2, 1, 8, this.#count));
    const lsn = String(1000 + this.#count);
    return this.session.step({ table, op, row, lsn, ts: ts ?? minute.toISOString(), correlationId: null });
  }

  form(row: Image, op: Op = 'c', ts?: string): PreviewStep {
    return this.tell('submissions', op, row, ts);
  }

  visit(row: Image, op: Op = 'c'): PreviewStep {
    return this.tell('appointments', op, row);
  }

  order(row: Image, op: Op = 'c'): PreviewStep {
    return this.tell('lab_orders', op, row);
  }

  event(row: Image, op: Op = 'c'): PreviewStep {
    return this.tell('lab_order_events', op, row);
  }

  /** Lets time pass without a change. */
  wait(asOf: string): void {
    this.session.model.derive(asOf);
  }

  documents(target: string): readonly Document[] {
    return [...(this.session.model.documents().get(target)?.values() ?? [])];
  }

  /** Rows of a service table, or resources by `fhir.<Type>`. */
  held(target: string): readonly JsonObject[] {
    return this.documents(target).map((document) => document.content);
  }

  /** The only one there is. */
  one(target: string): JsonObject {
    const all = this.held(target);
    if (all.length !== 1) throw new Error(`${target} holds ${all.length}`);
    return all[0] as JsonObject;
  }

  /** Issues that stand now, as `CODE path`. */
  issues(): readonly string[] {
    return [...new Set(this.session.model.issues().map(({ issue }) => `${issue.code} ${issue.path}`))].sort();
  }

  troubles(): readonly string[] {
    return this.session.model.troubles().map(({ flow, state, reason }) => `${flow} ${state}: ${reason}`);
  }
}

/** Everything that leaves the clinic's own schemas: resources held, and bundles as they were written. */
export function leaving(story: Story, steps: readonly PreviewStep[]): string {
  const documents = [...story.session.model.documents()]
    .filter(([target]) => target.startsWith('fhir.'))
    .flatMap(([, held]) => [...held.values()].map((document) => document.content));
  return JSON.stringify([documents, steps.map((step) => step.bundles)]);
}

/** The values at a path of a resource; lists on the way are gone through. */
export function at(value: Json | undefined, path: string): readonly Json[] {
  let found: readonly Json[] = value === undefined ? [] : [value];
  for (const step of path.split('.')) {
    const next = found.flatMap((one) => (Array.isArray(one) ? (one as readonly Json[]) : [one]));
    found = next.flatMap((one) => (one as JsonObject | null)?.[step] ?? []);
  }
  return found.flat() as readonly Json[];
}

export const subjects = (story: Story, type: string): readonly Json[] =>
  story.held(`fhir.${type}`).flatMap((one) => at(one, 'subject.reference'));

/** Those with FHIR, each after those it refers to; stock has none, and readings are judged by it. */
export const FHIR_TABLES = [
  'submissions',
  'appointments',
  'lab_orders',
  'lab_order_events',
  'action_plans',
  'compliance_tasks',
  'partner_stock_levels',
  'partner_temperature_logs',
] as const;
