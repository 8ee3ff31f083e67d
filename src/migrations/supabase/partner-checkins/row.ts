import { z } from 'zod';
import { instant, requiredInstant, requiredUuid, text } from '../columns.ts';
import { known } from '../submissions/tables.ts';

export const PARTNER_CHECKIN = z.object({
  id: requiredUuid,
  patient_name: text,
  status: text,
  arrived_at: requiredInstant,
  updated_at: instant,
  // the portal writes it, and no migration of the source makes it
  ready_at: instant,
});

const STATUSES = ['waiting', 'vitals_complete', 'roomed', 'ready'];

/** The status in its known spelling, else 'unknown'. */
export const checkinStatus = (raw: string | null): string => known(raw, STATUSES, '_');
