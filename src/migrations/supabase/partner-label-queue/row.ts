import { z } from 'zod';
import { instant, requiredInstant, requiredUuid, text } from '../columns.ts';

export const PARTNER_LABEL = z.object({
  id: requiredUuid,
  label_code: text,
  patient_name: text,
  request_type: text,
  priority: text,
  created_at: requiredInstant,
  // the portal writes it, and no migration of the source makes it
  printed_at: instant,
});
