import { z } from 'zod';
import { instant, requiredInstant, requiredUuid, text, uuid } from '../columns.ts';

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
