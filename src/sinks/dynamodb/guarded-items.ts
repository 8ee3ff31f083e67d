import { randomUUID } from 'node:crypto';
import { type DynamoDbTarget, type JsonObject, SluiceError } from '../../core/index.ts';
import { marshalled } from './attributes.ts';
import { createDynamoDbClient, type DynamoDbOptions } from './client.ts';
import { indexable, keyOf, REVISION, readable, revisionOf } from './item.ts';
import { readStored } from './stored.ts';
import { guardedPut, putTogether, REFUSED, type Seen, SLOW_DOWN } from './transaction.ts';

/** An item as it is now, without what a sink adds to it. */
export interface GuardedItem {
  /** null: removed by a sink, which left its revision */
  readonly item: JsonObject | null;
  readonly revision: bigint | null;
}

export interface ItemPut {
  readonly target: DynamoDbTarget;
  readonly id: string;
  readonly item: JsonObject;
  readonly revision: bigint;
  readonly over: Seen;
  /** an attribute with a number that must be unchanged, too: the lock of those who write the item otherwise */
  readonly lock?: { readonly name: string; readonly value: number };
}

export interface GuardedItems {
  read(target: DynamoDbTarget, ids: readonly string[]): Promise<ReadonlyMap<string, GuardedItem>>;
  /**
   * Puts all or none, at most 100. `lost`: one is not as it was seen. `refused`: one can never be stored.
   * Throws TARGET_BUSY, TARGET_UNAVAILABLE, UNAUTHORISED, TARGET_TABLE_MISSING.
   */
  put(puts: readonly ItemPut[]): Promise<'written' | 'lost' | 'refused'>;
}

const ROUNDS = 9;

/** Items for those who decide themselves what is written over what; a sink decides by revision alone. */
export function createGuardedItems(
  options: DynamoDbOptions & { readonly tableName: (target: DynamoDbTarget) => string },
): GuardedItems {
  const { clock, tableName, onSetback = () => undefined } = options;
  const client = createDynamoDbClient(options);
  return {
    async read(target, ids) {
      const stored = await readStored(client, clock, tableName(target), target, ids, onSetback);
      return new Map([...stored].map(([id, item]) => [id, { item: readable(item), revision: revisionOf(item) }]));
    },
    async put(puts) {
      const sent = puts.map((put) => sentPut(tableName(put.target), put));
      const token = randomUUID();
      for (let round = 0; ; round += 1) {
        const reasons = await putTogether(client, sent, token);
        if (reasons === 'written') return 'written';
        if (reasons === 'unanswered') throw new SluiceError('TARGET_UNAVAILABLE', 'DynamoDB gave no answer');
        if (reasons.some(({ kind }) => REFUSED.test(kind))) return 'refused';
        const isSlow = reasons.some(({ kind }) => SLOW_DOWN.test(kind));
        // another transaction has the item at this moment, and may yet come to nothing
        const isShared = round < ROUNDS && reasons.some(({ kind }) => kind === 'TransactionConflict');
        const isLost = reasons.some(({ kind }) => kind === 'ConditionalCheckFailed') || !(isSlow || isShared);
        onSetback(isSlow && !isLost ? 'throttled' : 'contested');
        if (isLost) return 'lost';
        if (round >= ROUNDS) throw new SluiceError('TARGET_BUSY', 'DynamoDB asks for fewer writes');
        await clock.sleep(50 * 2 ** round * (0.5 + Math.random()));
      }
    },
  };
}

function sentPut(table: string, { target, id, item, revision, over, lock }: ItemPut): JsonObject {
  const key = keyOf(target, id);
  const put = guardedPut(
    table,
    target,
    { ...marshalled({ ...indexable(target, item), ...key }), [REVISION]: { N: String(revision) } },
    over,
  );
  if (over === null || lock === undefined) return put;
  return {
    ...put,
    ConditionExpression: `${put.ConditionExpression} AND #lock = :lock`,
    ExpressionAttributeNames: { ...(put.ExpressionAttributeNames as JsonObject), '#lock': lock.name },
    ExpressionAttributeValues: {
      ...(put.ExpressionAttributeValues as JsonObject | undefined),
      ':lock': { N: String(lock.value) },
    },
  };
}
