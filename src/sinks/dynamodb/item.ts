import { canonicalJson, type Delivery, type DynamoDbTarget, type JsonObject } from '../../core/index.ts';
import { type Item, marshalled } from './attributes.ts';

/** Our revision inside the item: it tells which of two writes is newer, and is what every write is guarded by. */
export const REVISION = 'sluice_revision';
/** What a removed item leaves, so that a late write of an older revision finds something newer than itself. */
const GONE = 'sluice_gone';

export type Stamp = (target: DynamoDbTarget, stamps: JsonObject, stored: JsonObject | null) => JsonObject;

/** The values of the key as the id has them. Throws RangeError for an id that is no key of this target. */
export function keyOf({ key, name }: DynamoDbTarget, id: string): JsonObject {
  const values: unknown = key.length === 1 ? [id] : parsed(id);
  if (!Array.isArray(values) || values.length !== key.length || !values.every(isKeyValue))
    throw new RangeError(`not an id of ${name}`);
  return Object.fromEntries(key.map((attribute, i) => [attribute, values[i] as string]));
}

const isKeyValue = (value: unknown): boolean => typeof value === 'string' && value !== '';

function parsed(id: string): unknown {
  try {
    return JSON.parse(id);
  } catch {
    return null;
  }
}

/** null: not written by Sluice */
export function revisionOf(stored: JsonObject): bigint | null {
  const revision = stored[REVISION];
  return /^\d+$/.test(String(revision)) ? BigInt(String(revision)) : null;
}

export const isGone = (stored: JsonObject): boolean => stored[GONE] === true;

/** An item as its transformer made it: without what only a write knows. */
export function contentOf(target: DynamoDbTarget, stored: JsonObject): JsonObject {
  const left = new Set([REVISION, ...(target.stamps ?? [])]);
  return Object.fromEntries(Object.entries(stored).filter(([name]) => !left.has(name)));
}

/** The whole item to be put, after what is stored now. Equal content keeps its stamps: only the revision rises. */
export function itemOf(target: DynamoDbTarget, delivery: Delivery, stored: JsonObject | null, stamp: Stamp): Item {
  const revision = { [REVISION]: { N: String(delivery.revision) } };
  const key = keyOf(target, delivery.id);
  if (delivery.content === null) return { ...marshalled({ ...key, [GONE]: true }), ...revision };
  const content = indexable(target, delivery.content);
  const last = stored === null || isGone(stored) ? null : stored;
  const isSame = last !== null && canonicalJson(contentOf(target, last)) === canonicalJson(content);
  const stamps = isSame
    ? Object.fromEntries((target.stamps ?? []).flatMap((name) => (name in last ? [[name, last[name] ?? null]] : [])))
    : stamp(target, delivery.stamps ?? {}, last);
  return { ...marshalled({ ...content, ...indexable(target, stamps), ...key }), ...revision };
}

/** DynamoDB takes no null for the key of an index: left out, the item is not in that index. */
function indexable(target: DynamoDbTarget, content: JsonObject): JsonObject {
  const keys = new Set(Object.values(target.indexes).flat());
  return Object.fromEntries(Object.entries(content).filter(([name, value]) => value !== null || !keys.has(name)));
}
