import {
  type Delivery,
  type DeliveryOutcome,
  type DynamoDbTarget,
  type SettledWrite,
  type Sink,
  SluiceError,
  type StoredDocument,
} from '../../core/index.ts';
import { createDynamoDbClient, type DynamoDbOptions } from './client.ts';
import { contentOf, isGone, keyOf, readable, revisionOf, type Stamp } from './item.ts';
import { probeGuards } from './probe.ts';
import { type Journal, park, type Sending, type SendingContext, sendTogether } from './sending.ts';
import { readStored } from './stored.ts';

export type { Setback } from '../aws/index.ts';
export { createTableDump, type RawItem, readableItem, type TableDump } from './dump.ts';
export { createGuardedItems, type GuardedItems, type ItemPut } from './guarded-items.ts';
export { indexable } from './item.ts';
export { createTables, describeTables, type TableState } from './tables.ts';

export interface DynamoDbSinkOptions extends DynamoDbOptions {
  readonly targets: readonly DynamoDbTarget[];
  readonly tableName: (target: DynamoDbTarget) => string;
  /** the stamps of a write, after those of the item it replaces; as they come unless told */
  readonly stamp?: Stamp;
  /** tells of each write in a table of its own; nothing is told unless given */
  readonly journal?: Journal;
  /** take over items that were written by somebody else; they park unless told */
  readonly adopt?: boolean;
  /** hears what was written, and what was refused for good, a transaction at a time */
  readonly onSettled?: (writes: readonly SettledWrite[]) => void;
  /** requests at a time; 16 unless told */
  readonly parallel?: number;
}

/** DynamoDB takes a hundred writes in a transaction, and each of ours may have an entry that tells of it. */
const MOST_TOGETHER = 50;

/**
 * DynamoDB as a sink: whole items, each put under the condition that the item still has the revision it replaces.
 * Deliveries of one order key go into one transaction. A removed document stays as its key and revision.
 */
export function createDynamoDbSink(options: DynamoDbSinkOptions): Sink {
  const { clock, tableName, stamp = (_, stamps) => stamps, journal = () => null } = options;
  const { adopt = false, parallel = 16, onSettled = () => undefined } = options;
  const client = createDynamoDbClient(options);
  const targets = new Map(options.targets.map((target) => [target.name, target]));
  const context: SendingContext = { client, clock, tableName, stamp, journal, adopt };
  const targetNamed = (name: string): DynamoDbTarget => {
    const target = targets.get(name);
    if (!target) throw new SluiceError('INTERNAL', `no DynamoDB target is named ${name}`);
    return target;
  };
  const stored = (target: DynamoDbTarget, ids: readonly string[]) =>
    readStored(client, clock, tableName(target), target, ids);

  /** Of those that were there before, the item as it is now: a transaction then mostly succeeds at once. */
  const readKnown = async (sendings: readonly Sending[]): Promise<void> => {
    const known = sendings.filter(({ delivery }) => (delivery.etag ?? null) !== null);
    for (const target of new Set(known.map((sending) => sending.target))) {
      const some = known.filter((sending) => sending.target === target);
      const items = await stored(
        target,
        some.map(({ delivery }) => delivery.id),
      );
      for (const sending of some) sending.stored = items.get(sending.delivery.id) ?? null;
    }
  };

  return {
    name: 'dynamodb',
    async probe() {
      for (const target of targets.values()) await probeGuards(client, tableName(target), target);
    },
    async deliver(batch, signal) {
      const outcomes = new Map<Delivery, DeliveryOutcome>();
      const sendings: Sending[] = [];
      for (const delivery of batch) {
        const target = targetNamed(delivery.target);
        const refusal = unsendable(target, delivery);
        if (refusal) outcomes.set(delivery, refusal);
        else sendings.push({ delivery, target, stored: null });
      }
      await readKnown(sendings);
      const groups = together(sendings);
      let isOver = false;
      const settle = (delivery: Delivery, outcome: DeliveryOutcome): void => {
        outcomes.set(delivery, outcome);
        // who asks for less hears nothing more of this batch
        if (outcome.kind === 'retry' && outcome.slowDown) isOver = true;
      };
      const work = async (): Promise<void> => {
        for (let group = groups.shift(); group && !isOver && !signal?.aborted; group = groups.shift())
          await sendTogether(context, group, settle).then(
            () => onSettled(group.flatMap((sending) => settledWrite(sending, outcomes.get(sending.delivery)))),
            (error: unknown) => {
              // what stops one stops all: credentials, a missing table
              isOver = true;
              throw error;
            },
          );
      };
      await Promise.all(Array.from({ length: Math.min(parallel, groups.length) }, work));
      return batch.map(
        (delivery) => outcomes.get(delivery) ?? { kind: 'retry', code: 'TARGET_BUSY', afterMs: 100, slowDown: false },
      );
    },
    async read(name, ids) {
      const target = targetNamed(name);
      const items = await stored(target, ids);
      return ids.flatMap((id): StoredDocument[] => {
        const item = items.get(id);
        if (!item || isGone(item)) return [];
        return [{ id, revision: revisionOf(item) ?? 0n, content: contentOf(target, item) }];
      });
    },
    async close() {},
  };
}

/** Nothing of what is to come again, or was there already. */
function settledWrite({ delivery, target, stored }: Sending, outcome: DeliveryOutcome | undefined): SettledWrite[] {
  const { id, content } = delivery;
  const write = { target, id, before: readable(stored), content };
  if (outcome?.kind === 'park')
    return [{ ...write, result: outcome.code === 'FOREIGN_WRITER' ? 'condition refused' : 'refused' }];
  const isNew = stored === null || revisionOf(stored) !== delivery.revision;
  return outcome?.kind === 'applied' && isNew ? [{ ...write, result: 'written' }] : [];
}

/** What goes into one transaction each. A document that comes twice goes into two: DynamoDB takes it once in each. */
function together(sendings: readonly Sending[]): Sending[][] {
  const groups: Sending[][] = [];
  const open = new Map<string, { readonly group: Sending[]; readonly seen: Set<string> }>();
  for (const sending of sendings) {
    const { orderKey, target, id } = sending.delivery;
    const name = JSON.stringify([target, id]);
    const last = orderKey === undefined ? undefined : open.get(orderKey);
    if (last && !last.seen.has(name) && last.group.length < MOST_TOGETHER) {
      last.group.push(sending);
      last.seen.add(name);
      continue;
    }
    const group = [sending];
    groups.push(group);
    if (orderKey !== undefined) open.set(orderKey, { group, seen: new Set([name]) });
  }
  return groups;
}

/** The key inside the content must be the one of the id: it is the id that the guard is kept for. */
function unsendable(target: DynamoDbTarget, { id, content }: Delivery): DeliveryOutcome | null {
  try {
    const key = keyOf(target, id);
    const differs = target.key.find((attribute) => content !== null && content[attribute] !== key[attribute]);
    return differs === undefined ? null : park('DOCUMENT_INVALID', { path: differs, rule: 'is-the-id' });
  } catch {
    return park('DOCUMENT_INVALID', { path: target.key.join(), rule: 'is-a-key' });
  }
}
