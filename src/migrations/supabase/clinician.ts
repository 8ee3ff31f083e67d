import type { Image } from '../../core/index.ts';
import { said } from './text.ts';

/** Who treats or orders: a login, else an address; either may be missing. */
export interface Clinician {
  readonly userId: string | null;
  readonly email: string | null;
}

const textOf = (value: unknown): string | null => (typeof value === 'string' ? said(value) : null);

/** Read from another root's row, so nothing here can fail. */
export const clinicianOf = (image: Image): Clinician => ({
  userId: textOf(image['clinician_id'])?.toLowerCase() ?? null,
  email: textOf(image['clinician_email']),
});

/** One key for a clinician in the service tables. */
export const clinicianKey = (clinician: Clinician): string | null =>
  clinician.userId ?? clinician.email?.toLowerCase() ?? null;
