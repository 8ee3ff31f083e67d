import type { DynamoDbTarget } from '../../core/index.ts';
import { type ItemWrite, journalOf, STATE_ENTITY, TABLE_TARGETS } from '../../migrations/dos/index.ts';
import { createGuardedItems, type GuardedItems, type ItemPut } from '../../sinks/dynamodb/index.ts';
import type { DynamoDbPlace } from '../dynamodb.ts';
import { type HeldItem, type ItemKey, type ItemStore, nameOf, noSetbacks, WRITTEN } from './items.ts';

const TARGETS: ReadonlyMap<string, DynamoDbTarget> = new Map(
  Object.values(TABLE_TARGETS).map((target) => [target.table, target]),
);

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
  const setbacks = noSetbacks();
  const onSetback = (why: keyof typeof setbacks): void => {
    setbacks[why] += 1;
  };
  const items = createGuardedItems({ ...place, onSetback });
  return {
    setbacks,
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

/** The puts of one write: the item, and the entry that tells of it. */
export function putsOf(write: ItemWrite, seen: ReadonlyMap<string, HeldItem>, at: string): readonly ItemPut[] {
  const { entity, before, after } = write;
  const target = targetOf(entity);
  const held = seen.get(nameOf(write));
  const over = held === undefined ? null : { revision: held.revision };
  const put = { target, id: idOf(target, write.id), item: after, revision: WRITTEN, over };
  if (entity === STATE_ENTITY)
    return [before === null ? put : { ...put, lock: { name: 'version', value: Number(before.version) } }];
  const told = journalOf(target, before, after, at);
  if (told === null) return [put];
  const id = JSON.stringify(told.target.key.map((attribute) => told.content[attribute] ?? null));
  return [put, { target: told.target, id, item: told.content, revision: WRITTEN, over: null }];
}
