/** The twelve tables' rows as the generator writes them: JSON that PostgreSQL itself turns into the column types. */
type Text = string | null;
/** `YYYY-MM-DD` */
type Day = string;
/** ISO instant in UTC */
type Instant = string;

export interface Submission {
  id: string;
  created_at: Instant;
  updated_at: Instant;
  first_name: Text;
  surname: Text;
  email: Text;
  phone: Text;
  date_of_birth: Day | null;
  nhs_number: Text;
  /** an array of objects as the form sends it; dirty rows hold other JSON */
  guardian_contacts: unknown;
  symptoms: string[];
  onset_time: Text;
  reaction_frequency: Text;
  most_severe_reaction: Text;
  food_triggers: string[];
  other_triggers: Text;
  can_eat_baked_egg: boolean;
  can_eat_baked_milk: boolean;
  asthma_control: Text;
  eczema: boolean;
  hay_fever: boolean;
  other_conditions: Text;
  last_antihistamine: Instant | null;
  taking_beta_blocker: boolean;
  taking_ace_inhibitor: boolean;
  pregnant: boolean;
  has_auto_injector: boolean;
  carries_auto_injector: boolean;
  attachments: string[];
  document_references: string[];
  consent_signed_at: Instant | null;
  consent_expires_at: Instant | null;
  safeguarding_notes: Text;
  safeguarding_follow_up_at: Instant | null;
  patient_notes: Text;
  status: string;
  spt_ready: boolean;
  high_risk: boolean;
  flags: string[];
  clinician_notes: Text;
  clinician_id: Text;
  clinician_email: Text;
}

export interface Appointment {
  id: string;
  submission_id: string;
  start_at: Instant;
  end_at: Instant;
  location: Text;
  notes: Text;
  created_at: Instant;
  status: string;
  resource_type: string;
  updated_at: Instant;
}

export interface AppointmentRequest {
  id: string;
  submission_id: string;
  appointment_id: Text;
  patient_email: Text;
  request_type: string;
  message: Text;
  status: string;
  handled_at: Instant | null;
  created_at: Instant;
}

export interface LabOrder {
  id: string;
  submission_id: Text;
  patient_full_name: Text;
  patient_email: Text;
  patient_date_of_birth: Day | null;
  ordering_clinician_id: Text;
  ordering_clinician_email: Text;
  order_type: Text;
  priority: Text;
  vendor: Text;
  order_status: string;
  external_order_id: Text;
  metadata: Record<string, unknown>;
  ordered_at: Instant | null;
  result_received_at: Instant | null;
  result_reviewed_at: Instant | null;
  last_status_at: Instant | null;
  created_at: Instant;
  updated_at: Instant;
}

export interface LabOrderEvent {
  id: string;
  lab_order_id: string;
  event_type: string;
  event_status: Text;
  external_event_id: Text;
  payload: Record<string, unknown>;
  occurred_at: Instant;
  actor_email: Text;
  note: Text;
  created_at: Instant;
}

export interface ActionPlan {
  id: string;
  submission_id: string;
  category: string;
  storage_path: string;
  uploaded_by: Text;
  uploaded_email: Text;
  created_at: Instant;
}

export interface ComplianceTask {
  id: string;
  submission_id: Text;
  task_type: string;
  title: string;
  details: Text;
  due_at: Instant | null;
  status: string;
  metadata: Record<string, unknown>;
  resolution_notes: Text;
  resolved_at: Instant | null;
  resolved_by: Text;
  created_at: Instant;
  updated_at: Instant;
}

export interface PartnerCheckin {
  id: string;
  patient_name: string;
  status: string;
  arrived_at: Instant;
  updated_at: Instant;
  ready_at: Instant | null;
}

export interface PartnerLabel {
  id: string;
  label_code: string;
  patient_name: string;
  request_type: string;
  priority: string;
  created_at: Instant;
  printed_at: Instant | null;
}

export interface PartnerStock {
  id: string;
  item_name: string;
  quantity: number;
  unit: string;
  status: string;
  updated_at: Instant;
  lot_number: Text;
  expiry_date: Day | null;
  manufacturer: Text;
  storage_location: Text;
  /** decimal text */
  min_temp: Text;
  max_temp: Text;
}

export interface PartnerPayout {
  id: string;
  occurred_on: Day;
  /** decimal text */
  amount: string;
  partner_email: Text;
  notes: Text;
}

export interface PartnerTemperature {
  id: string;
  stock_id: Text;
  storage_location: string;
  recorded_at: Instant;
  /** decimal text */
  temperature_c: string;
  is_excursion: boolean;
  excursion_reason: Text;
  resolved_at: Instant | null;
  notes: Text;
  created_at: Instant;
}

export interface StaffMember {
  id: string;
  email: string;
}

export interface RosterEntry {
  email: string;
  role: string;
}

/** Row type by table, parents first: the order in which rows can be inserted. */
export interface Tables {
  'auth.users': StaffMember;
  'public.clinician_emails': RosterEntry;
  'public.submissions': Submission;
  'public.appointments': Appointment;
  'public.appointment_requests': AppointmentRequest;
  'public.lab_orders': LabOrder;
  'public.lab_order_events': LabOrderEvent;
  'public.action_plans': ActionPlan;
  'public.compliance_tasks': ComplianceTask;
  'public.partner_checkins': PartnerCheckin;
  'public.partner_label_queue': PartnerLabel;
  'public.partner_stock_levels': PartnerStock;
  'public.partner_payouts': PartnerPayout;
  'public.partner_temperature_logs': PartnerTemperature;
}

export type TableName = keyof Tables;

export const TABLE_NAMES: readonly TableName[] = [
  'auth.users',
  'public.clinician_emails',
  'public.submissions',
  'public.appointments',
  'public.appointment_requests',
  'public.lab_orders',
  'public.lab_order_events',
  'public.action_plans',
  'public.compliance_tasks',
  'public.partner_checkins',
  'public.partner_label_queue',
  'public.partner_stock_levels',
  'public.partner_payouts',
  'public.partner_temperature_logs',
];

/** Some rows of some tables. */
export type RowSet = { [T in TableName]?: Tables[T][] };
