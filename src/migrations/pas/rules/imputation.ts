import type { TablePlan } from '../contract/model.ts';
import type { TargetColumn } from '../engine/shape.ts';

/** Words of columns that say who somebody is or how to reach them, whatever the table. */
const IDENTITY = /name|number|_no$|_id$|code|address|phone|email|birth|gmc|date|time|sex|title|user|password/;

/**
 * What development data may be filled up with where the source has nothing: switches and short texts of reference
 * tables, nothing else. Identity, contact, clinical and dated content is never made up, and no patient's row is touched.
 */
export function imputedValue(domain: TablePlan['domain'], { name, type, length }: TargetColumn): string | null {
  if (domain !== 'REFERENCE' || IDENTITY.test(name)) return null;
  if (type === 'flag' || (type === 'code' && length === 1)) return 'N';
  return type === 'text' && (length === null || length >= 7) ? 'IMPUTED' : null;
}
