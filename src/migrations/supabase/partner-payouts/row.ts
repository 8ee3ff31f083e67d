import { z } from 'zod';
import { date, requiredDecimal, requiredUuid, text } from '../columns.ts';

export const PARTNER_PAYOUT = z.object({
  id: requiredUuid,
  occurred_on: date.refine((day) => day !== null),
  amount: requiredDecimal(12, 2),
  partner_email: text,
  notes: text,
});

export type PartnerPayoutRow = z.output<typeof PARTNER_PAYOUT>;
