import type pg from 'pg';
import type { Chance } from '../../chance.ts';
import { type Reservoir, reservoir } from './reservoir.ts';

export interface KnownSubmission {
  id: string;
  /** holds a text large enough to be stored out of line */
  large: boolean;
  /** holds some NHS number */
  numbered: boolean;
}
export interface KnownStatus {
  id: string;
  status: string;
}
export interface KnownRow {
  id: string;
}

export interface Known {
  readonly submissions: Reservoir<KnownSubmission>;
  readonly appointments: Reservoir<KnownStatus>;
  readonly requests: Reservoir<KnownRow & { appointment_id: string | null }>;
  readonly orders: Reservoir<KnownStatus>;
  readonly events: Reservoir<KnownRow>;
  readonly plans: Reservoir<KnownRow>;
  readonly tasks: Reservoir<KnownRow>;
  readonly checkins: Reservoir<KnownRow>;
  readonly labels: Reservoir<KnownRow>;
  readonly stock: Reservoir<KnownRow>;
  readonly payouts: Reservoir<KnownRow>;
  readonly temperatures: Reservoir<KnownRow>;
}

const CAPACITY = 20_000;
const LOADED = 2_000;

/** What to know of each table, and which of its rows are worth knowing. */
const LOADS: Readonly<Record<keyof Known, string>> = {
  submissions: `select id, coalesce(octet_length(patient_notes), 0) > 8000 or coalesce(octet_length(clinician_notes), 0) > 8000
                as large, coalesce(nhs_number, '') <> '' as numbered from public.submissions where true`,
  appointments: 'select id, status from public.appointments where true',
  requests: "select id, appointment_id from public.appointment_requests where status <> 'resolved'",
  orders: 'select id, order_status as status from public.lab_orders where true',
  events: 'select id from public.lab_order_events where true',
  plans: 'select id from public.action_plans where true',
  tasks: "select id from public.compliance_tasks where status <> 'resolved'",
  checkins: 'select id from public.partner_checkins where true',
  labels: 'select id from public.partner_label_queue where printed_at is null',
  stock: 'select id from public.partner_stock_levels where true',
  payouts: 'select id from public.partner_payouts where true',
  temperatures: 'select id from public.partner_temperature_logs where is_excursion and resolved_at is null',
};

/**
 * Loads a stretch of each table in key order from a drawn place on. Keys are random, so a stretch is a fair sample,
 * and the primary key's index gives it without reading the table.
 */
export async function loadKnown(client: pg.ClientBase, chance: Chance): Promise<Known> {
  const load = async <Row extends pg.QueryResultRow>(name: keyof Known): Promise<Reservoir<Row>> => {
    const rows = reservoir<Row>(CAPACITY);
    const from = chance.uuid();
    const above = await client.query<Row>(`${LOADS[name]} and id >= $1 order by id limit ${LOADED}`, [from]);
    for (const row of above.rows) rows.put(row);
    if (rows.size < LOADED) {
      const rest = LOADED - rows.size;
      const below = await client.query<Row>(`${LOADS[name]} and id < $1 order by id limit ${rest}`, [from]);
      for (const row of below.rows) rows.put(row);
    }
    return rows;
  };
  return {
    submissions: await load('submissions'),
    appointments: await load('appointments'),
    requests: await load('requests'),
    orders: await load('orders'),
    events: await load('events'),
    plans: await load('plans'),
    tasks: await load('tasks'),
    checkins: await load('checkins'),
    labels: await load('labels'),
    stock: await load('stock'),
    payouts: await load('payouts'),
    temperatures: await load('temperatures'),
  };
}
