import { z } from 'zod';
import type { JsonObject, LandedRow } from '../../../core/index.ts';
import type { ActionPlanRow } from './row.ts';

export const ACTION_PLANS = 'public.action_plans';

/** The fact that a plan's file lies in the new store; told by whoever copied it and read it back. */
export const COPY = 'copy';

const COPIED = z.object({
  /** the plan's path when it was copied: another path is another file */
  path: z.string(),
  bytes: z.number().int().nonnegative(),
  /** base64, as FHIR R4 has it */
  sha1: z.string(),
});

export type CopiedFile = z.output<typeof COPIED>;

/** FHIR's unsignedInt ends here. */
const MOST = 2_147_483_647;

/** What is known of the copy of the file that the plan names now, as an attachment tells it. */
export function copyOfFile(row: ActionPlanRow, facts: readonly LandedRow[]): JsonObject {
  const copied = COPIED.safeParse(facts[0]?.image);
  if (!copied.success || copied.data.path !== row.storage_path) return {};
  const { bytes, sha1 } = copied.data;
  return { size: bytes <= MOST ? bytes : null, hash: sha1 };
}
