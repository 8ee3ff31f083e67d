import { z } from 'zod';
import type { LandedRow } from '../../../core/index.ts';
import { instant, readRow, requiredInstant, requiredUuid, text, uuid } from '../columns.ts';
import { known } from '../submissions/tables.ts';

export const APPOINTMENT_REQUEST = z.object({
  id: requiredUuid,
  submission_id: requiredUuid,
  appointment_id: uuid,
  patient_email: text,
  request_type: text,
  message: text,
  status: text,
  handled_at: instant,
  created_at: requiredInstant,
});

export type AppointmentRequestRow = z.output<typeof APPOINTMENT_REQUEST>;

/** The type out of the list, else 'unknown'. */
export const requestType = (row: AppointmentRequestRow): string =>
  known(row.request_type, ['reschedule', 'cancel', 'other'], '_');

/** The status in its known spelling, else 'unknown'. */
export const requestStatus = (row: AppointmentRequestRow): string => known(row.status, ['pending', 'resolved'], '_');

/** Read from another root's row, so nothing here can fail. */
export function isGrantedCancellation({ image, deleted }: LandedRow): boolean {
  const row = readRow(APPOINTMENT_REQUEST, image);
  return !deleted && row !== null && requestType(row) === 'cancel' && requestStatus(row) === 'resolved';
}
