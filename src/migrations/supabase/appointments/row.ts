import { z } from 'zod';
import { instant, requiredInstant, requiredUuid, text } from '../columns.ts';
import { said } from '../text.ts';

export const APPOINTMENT = z.object({
  id: requiredUuid,
  submission_id: requiredUuid,
  start_at: requiredInstant,
  end_at: requiredInstant,
  location: text,
  notes: text,
  created_at: instant,
  // no client reads these, so a production table may lack them
  status: text.transform((value) => value ?? 'CONFIRMED'),
  resource_type: text.transform((value) => value ?? 'IN_PERSON'),
  updated_at: instant,
});

export type AppointmentRow = z.output<typeof APPOINTMENT>;

/** Legacy status and what FHIR calls it. */
export const APPOINTMENT_STATUS: Readonly<Record<string, string>> = {
  REQUESTED: 'proposed',
  CONFIRMED: 'booked',
  CHECKED_IN: 'checked-in',
  COMPLETED: 'fulfilled',
  CANCELLED: 'cancelled',
  NO_SHOW: 'noshow',
};

/** The status in its known spelling, null when it is none we know. */
export function statusOf(raw: string): string | null {
  const word = (said(raw) ?? '').toUpperCase();
  return Object.hasOwn(APPOINTMENT_STATUS, word) ? word : null;
}
