import { z } from 'zod';
import { date, instant, json, requiredInstant, requiredUuid, text, uuid } from '../columns.ts';
import { said } from '../text.ts';

export const LAB_ORDER = z.object({
  id: requiredUuid,
  submission_id: uuid,
  patient_full_name: text,
  patient_email: text,
  patient_date_of_birth: date,
  ordering_clinician_id: uuid,
  ordering_clinician_email: text,
  order_type: text,
  priority: text,
  vendor: text,
  order_status: text,
  external_order_id: text,
  metadata: json,
  ordered_at: instant,
  result_received_at: instant,
  result_reviewed_at: instant,
  last_status_at: instant,
  created_at: requiredInstant,
  updated_at: instant,
});

export type LabOrderRow = z.output<typeof LAB_ORDER>;

/** Order status and the status of its ServiceRequest. */
export const ORDER_STATUS: Readonly<Record<string, string>> = {
  draft: 'draft',
  submitted: 'active',
  in_transit: 'active',
  results_received: 'active',
  results_reviewed: 'completed',
  retransmit_requested: 'active',
  cancelled: 'revoked',
};

const wordOf = (text: string | null): string => (said(text) ?? '').toLowerCase();

export function orderStatus(row: LabOrderRow): string {
  const word = wordOf(row.order_status);
  return Object.hasOwn(ORDER_STATUS, word) ? word : 'unknown';
}

const PRIORITIES = ['routine', 'urgent', 'asap', 'stat'];

/** The priority, null when what is written is none. Nothing written is routine: the column's default. */
export function priorityOf(row: LabOrderRow): string | null {
  const word = wordOf(row.priority) || 'routine';
  return PRIORITIES.includes(word) ? word : null;
}
