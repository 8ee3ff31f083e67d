import type { Json, JsonObject } from '../../../core/index.ts';
import { changedText, firstStamps } from '../documents/audit.ts';
import { deltaOf } from './delta.ts';

export interface ItemChange {
  /** `organisation`, `location` or `healthcare-service` */
  readonly entity: string;
  readonly before: JsonObject | null;
  readonly after: JsonObject | null;
  /** ISO UTC */
  readonly at: string;
}

const NOT_TOLD = new Set(['id', 'field', 'created', 'createdBy', 'lastUpdated', 'lastUpdatedBy']);

/** What is compared of an item: of a document all that is not audit, of anything else the attribute it is named after. */
function toldOf(item: JsonObject | null): Json {
  if (item === null) return null;
  const field = String(item.field);
  if (field !== 'document') return item[field] ?? null;
  return Object.fromEntries(Object.entries(item).filter(([name]) => !NOT_TOLD.has(name)));
}

/** The entry of the version history for one change of an item; null when nothing has changed that it tells of. */
export function versionEntry({ entity, before, after, at }: ItemChange): JsonObject | null {
  const item = after ?? before;
  const delta = deltaOf(toldOf(before), toldOf(after));
  if (item === null || delta === null) return null;
  const field = String(item.field);
  return {
    entity_id: `${entity}#${item.id}#${field}`,
    timestamp: changedText(at),
    change_type: before === null ? 'CREATE' : after === null ? 'DELETE' : 'UPDATE',
    changed_fields: { [field]: delta },
    changed_by: item.lastUpdatedBy ?? firstStamps(at).lastUpdatedBy ?? null,
  };
}
