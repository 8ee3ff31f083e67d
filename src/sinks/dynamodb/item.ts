import { canonicalJson, type Delivery, type DynamoDbTarget, type Json, type JsonObject } from '../../core/index.ts';
import { type Item, marshalled } from './attributes.ts';

/** Our revision inside the item: it tells which of two writes is newer, and is what every write is guarded by. */
export const REVISION = 'sluice_revision';
/** What a removed item leaves, so that a late write of an older revision finds something newer than itself. */
const GONE = 'sluice_gone';

/** The stamps of a write: what the document says of them, after those of the item it replaces. */
export type Stamp = (
  target: DynamoDbTarget,
  stamps: JsonObject,
  stored: JsonObject | null,
  content: JsonObject,
) => JsonObject;

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
export const contentOf = (target: DynamoDbTarget, stored: JsonObject): JsonObject =>
  without(stored, [REVISION, ...(target.stamps ?? [])]);

/** An item as its readers see it; null for one that is removed. */
export const readable = (stored: JsonObject | null): JsonObject | null =>
  stored === null || isGone(stored) ? null : without(stored, [REVISION]);

/** The whole item to be put, after what is stored now. Equal content keeps its stamps: only the revision rises. */
export function itemOf(
  target: DynamoDbTarget,
  delivery: Delivery,
  stored: JsonObject | null,
  stamp: Stamp,
): { readonly item: Item; readonly plain: JsonObject | null } {
  const revision = { [REVISION]: { N: String(delivery.revision) } };
  const key = keyOf(target, delivery.id);
  if (delivery.content === null) return { item: { ...marshalled({ ...key, [GONE]: true }), ...revision }, plain: null };
  const content = indexable(target, delivery.content);
  const last = stored === null || isGone(stored) ? null : stored;
  const isSame = last !== null && canonicalJson(contentOf(target, last)) === canonicalJson(content);
  const stamps = isSame
    ? within(last, target.stamps ?? [])
    : stamp(target, delivery.stamps ?? {}, last, delivery.content);
  const plain = { ...merged(content, indexable(target, stamps)), ...key };
  return { item: { ...marshalled(plain), ...revision }, plain };
}

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Of `a.b` what is inside `a`. */
const inside = (name: string, paths: readonly string[]): readonly string[] =>
  paths.filter((path) => path.startsWith(`${name}.`)).map((path) => path.slice(name.length + 1));

function without(item: JsonObject, paths: readonly string[]): JsonObject {
  return Object.fromEntries(
    Object.entries(item).flatMap(([name, value]) => {
      if (paths.includes(name)) return [];
      const inner = inside(name, paths);
      return [[name, inner.length > 0 && isObject(value) ? without(value, inner) : value]];
    }),
  );
}

function within(item: JsonObject, paths: readonly string[]): JsonObject {
  return Object.fromEntries(
    Object.entries(item).flatMap(([name, value]) => {
      if (paths.includes(name)) return [[name, value]];
      const inner = inside(name, paths);
      return inner.length > 0 && isObject(value) ? [[name, within(value, inner)]] : [];
    }),
  );
}

/** Content with its stamps, those inside an attribute put into it. */
function merged(content: JsonObject, stamps: JsonObject): JsonObject {
  const put = Object.entries(stamps).map(([name, value]) => {
    const there = content[name];
    return [name, isObject(there) && isObject(value) ? { ...there, ...value } : value];
  });
  return { ...content, ...Object.fromEntries(put) };
}

/** DynamoDB takes no null for the key of an index: left out, the item is not in that index. */
export function indexable(target: DynamoDbTarget, content: JsonObject): JsonObject {
  const keys = new Set(Object.values(target.indexes).flat());
  return Object.fromEntries(Object.entries(content).filter(([name, value]) => value !== null || !keys.has(name)));
}
