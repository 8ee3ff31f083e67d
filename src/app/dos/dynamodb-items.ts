import type { DynamoDbTarget } from '../../core/index.ts';
import { type ItemWrite, STATE_ENTITY, TABLE_TARGETS, versionEntry } from '../../migrations/dos/index.ts';
import { createGuardedItems, type GuardedItems, type ItemPut } from '../../sinks/dynamodb/index.ts';
import type { DynamoDbPlace } from '../dynamodb.ts';
import { type HeldItem, type ItemKey, type ItemStore, nameOf, WRITTEN } from './items.ts';

const TARGETS: ReadonlyMap<string, DynamoDbTarget> = new Map(
  Object.values(TABLE_TARGETS).map((target) => [target.table, target]),
);

/** Of these the version history tells. */
const TOLD: ReadonlySet<string> = new Set(['organisation', 'location', 'healthcare-service']);

function targetOf(entity: string): DynamoDbTarget {
  const target = TARGETS.get(entity);
  if (!target) throw new RangeError(`no table is for ${entity}`);
  return target;
}

/** An id of triage codes holds both attributes of their key; the other tables have documents only. */
const idOf = ({ name, key }: DynamoDbTarget, id: string): string =>
  key.length === 1 || name === TABLE_TARGETS.triageCode.name ? id : JSON.stringify([id, 'document']);

/** The tables of DynamoDB. A change and its entry in the version history are written together. */
export function openDynamoDbItems(place: DynamoDbPlace): ItemStore {
  const items = createGuardedItems(place);
  return {
    async read(keys) {
      const found = new Map<string, HeldItem>();
      const entities = [...new Set(keys.map(({ entity }) => entity))];
      await Promise.all(entities.map((entity) => readTable(items, entity, keys, found)));
      return found;
    },
    write: (writes, seen, at) => items.put(writes.flatMap((write) => putsOf(write, seen, at))),
  };
}

async function readTable(
  items: GuardedItems,
  entity: string,
  keys: readonly ItemKey[],
  found: Map<string, HeldItem>,
): Promise<void> {
  const target = targetOf(entity);
  const ids = new Map(keys.filter((key) => key.entity === entity).map(({ id }) => [idOf(target, id), id]));
  const held = await items.read(target, [...ids.keys()]);
  for (const [name, item] of held) found.set(nameOf({ entity, id: ids.get(name) ?? '' }), item);
}

function putsOf(write: ItemWrite, seen: ReadonlyMap<string, HeldItem>, at: string): readonly ItemPut[] {
  const { entity, before, after } = write;
  const target = targetOf(entity);
  const held = seen.get(nameOf(write));
  const over = held === undefined ? null : { revision: held.revision };
  const put = { target, id: idOf(target, write.id), item: after, revision: WRITTEN, over };
  if (entity === STATE_ENTITY)
    return [before === null ? put : { ...put, lock: { name: 'version', value: Number(before.version) } }];
  const entry = TOLD.has(entity) ? versionEntry({ entity, before, after, at }) : null;
  if (entry === null) return [put];
  const history = TABLE_TARGETS.versionHistory;
  const id = JSON.stringify(history.key.map((attribute) => entry[attribute] ?? null));
  return [put, { target: history, id, item: entry, revision: WRITTEN, over: null }];
}
