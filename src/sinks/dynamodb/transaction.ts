import { type DynamoDbTarget, type JsonObject, SluiceError } from '../../core/index.ts';
import { AwsRefusal } from '../aws/index.ts';
import { type Item, unmarshalled } from './attributes.ts';
import type { DynamoDbClient } from './client.ts';
import { REVISION } from './item.ts';
import { asFault } from './stored.ts';

/** Why the server did not take one of the writes; `None` for those it would have taken. */
export interface Reason {
  readonly kind: string;
  /** the item that failed its condition, null when there is none */
  readonly item: JsonObject | null;
}

export const SLOW_DOWN = /^(ProvisionedThroughputExceeded|Throttling|RequestLimitExceeded|LimitExceeded)$/;
export const REFUSED = /^(Validation|ItemCollectionSizeLimitExceeded|Serialization)$/;

/**
 * Sends some puts all or none. `unanswered`: nobody knows whether they were written.
 *
 * @param token the same one within ten minutes has no second effect
 */
export async function putTogether(
  client: DynamoDbClient,
  puts: readonly JsonObject[],
  token?: string,
): Promise<'written' | 'unanswered' | readonly Reason[]> {
  const [only] = puts;
  try {
    if (puts.length === 1 && only) await client.call('PutItem', only);
    else {
      const TransactItems = puts.map((Put) => ({ Put }));
      await client.call(
        'TransactWriteItems',
        token === undefined ? { TransactItems } : { TransactItems, ClientRequestToken: token },
      );
    }
    return 'written';
  } catch (error) {
    if (error instanceof SluiceError && error.code === 'TARGET_UNAVAILABLE') return 'unanswered';
    if (!(error instanceof AwsRefusal) || error.kind === 'ResourceNotFoundException') throw asFault(error);
    const { CancellationReasons: reasons } = error.body;
    if (error.kind !== 'TransactionCanceledException' || !Array.isArray(reasons))
      return puts.map(() => reason(error.kind, error.body.Item));
    return (reasons as readonly JsonObject[]).map(({ Code, Item: item }) => reason(String(Code), item));
  }
}

const reason = (kind: string, item: unknown): Reason => ({
  // alone and inside a transaction the same thing has names with different endings
  kind: kind.replace(/(Exception|Error)$/, ''),
  item: item ? unmarshalled(item as Item) : null,
});

/** What an item must still be for a put to replace it. null: it must not be there. */
export type Seen = {
  /** null: an item without a revision of ours */
  readonly revision: bigint | null;
} | null;

/** A put that the server takes only over what was seen. */
export function guardedPut(table: string, target: DynamoDbTarget, item: Item, seen: Seen): JsonObject {
  const put = { TableName: table, Item: item, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' };
  const key = target.key[0] ?? '';
  if (seen === null)
    return { ...put, ConditionExpression: 'attribute_not_exists(#key)', ExpressionAttributeNames: { '#key': key } };
  if (seen.revision === null)
    return {
      ...put,
      ConditionExpression: 'attribute_exists(#key) AND attribute_not_exists(#revision)',
      ExpressionAttributeNames: { '#key': key, '#revision': REVISION },
    };
  return {
    ...put,
    ConditionExpression: '#revision = :seen',
    ExpressionAttributeNames: { '#revision': REVISION },
    ExpressionAttributeValues: { ':seen': { N: String(seen.revision) } },
  };
}
