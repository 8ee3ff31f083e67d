import { z } from 'zod';
import { json, requiredInstant, requiredUuid, text } from '../columns.ts';

export const LAB_ORDER_EVENT = z.object({
  id: requiredUuid,
  lab_order_id: requiredUuid,
  event_type: text,
  event_status: text,
  external_event_id: text,
  payload: json,
  occurred_at: requiredInstant,
  actor_email: text,
  note: text,
  created_at: requiredInstant,
});

export type LabOrderEventRow = z.output<typeof LAB_ORDER_EVENT>;
