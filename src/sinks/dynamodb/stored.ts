import { type Clock, type DynamoDbTarget, type JsonObject, SluiceError } from '../../core/index.ts';
import { AwsRefusal } from '../aws/index.ts';
import { type Item, marshalled, unmarshalled } from './attributes.ts';
import type { DynamoDbClient, DynamoDbOptions } from './client.ts';
import { keyOf } from './item.ts';

const KEYS_A_REQUEST = 100;
const ROUNDS = 6;

/** Reads items of one table by id, as they are at this moment. Those that are not there are left out. */
export async function readStored(
  client: DynamoDbClient,
  clock: Clock,
  table: string,
  target: DynamoDbTarget,
  ids: readonly string[],
  onSetback: NonNullable<DynamoDbOptions['onSetback']> = () => undefined,
): Promise<Map<string, JsonObject>> {
  const found = new Map<string, JsonObject>();
  const wanted = [...new Set(ids)];
  for (let start = 0; start < wanted.length; start += KEYS_A_REQUEST) {
    let keys: readonly Item[] = wanted.slice(start, start + KEYS_A_REQUEST).map((id) => marshalled(keyOf(target, id)));
    for (let round = 0; keys.length > 0; round += 1) {
      if (round >= ROUNDS) throw new SluiceError('TARGET_BUSY', 'DynamoDB asks for fewer reads');
      if (round > 0) await clock.sleep(50 * 2 ** round * (0.5 + Math.random()));
      const answer = await batchGet(client, table, keys);
      for (const item of answer.items) {
        const stored = unmarshalled(item);
        const values = target.key.map((attribute) => stored[attribute] ?? null);
        found.set(values.length === 1 ? String(values[0]) : JSON.stringify(values), stored);
      }
      keys = answer.left;
      if (keys.length > 0) onSetback('throttled');
    }
  }
  return found;
}

async function batchGet(
  client: DynamoDbClient,
  table: string,
  keys: readonly Item[],
): Promise<{ readonly items: readonly Item[]; readonly left: readonly Item[] }> {
  try {
    const RequestItems = { [table]: { Keys: keys, ConsistentRead: true } };
    const answer = await client.call('BatchGetItem', { RequestItems });
    const items = (answer.Responses as JsonObject | undefined)?.[table] ?? [];
    const left = ((answer.UnprocessedKeys as JsonObject | undefined)?.[table] as JsonObject | undefined)?.Keys ?? [];
    return { items: items as readonly Item[], left: left as readonly Item[] };
  } catch (error) {
    if (error instanceof AwsRefusal && /Throttling|ThroughputExceeded|LimitExceeded/.test(error.kind))
      return { items: [], left: keys };
    throw asFault(error);
  }
}

/** A refusal nobody can go on after. */
export function asFault(error: unknown): unknown {
  if (!(error instanceof AwsRefusal)) return error;
  if (error.kind === 'ResourceNotFoundException')
    return new SluiceError('TARGET_TABLE_MISSING', 'a DynamoDB table is not there');
  return new SluiceError('TARGET_UNAVAILABLE', `DynamoDB answers ${error.kind}`);
}
