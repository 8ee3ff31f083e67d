import type { JsonObject } from '../../core/index.ts';
import { TABLE_TARGETS } from '../../migrations/dos/index.ts';
import { indexable } from '../../sinks/dynamodb/index.ts';

type TableTarget = (typeof TABLE_TARGETS)[keyof typeof TABLE_TARGETS];

const TARGETS = new Map<string, TableTarget>(Object.values(TABLE_TARGETS).map((target) => [target.table, target]));

/** An item as its table would hold it: DynamoDB takes no null for the key of an index. */
export function storedForm(entity: string, item: JsonObject): JsonObject {
  const target = TARGETS.get(entity);
  return target ? indexable(target, item) : item;
}
