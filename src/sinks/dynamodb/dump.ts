import { type Clock, type DynamoDbTarget, type JsonObject, SluiceError } from '../../core/index.ts';
import { AwsRefusal } from '../aws/index.ts';
import { type Item, unmarshalled } from './attributes.ts';
import { createDynamoDbClient, type DynamoDbClient, type DynamoDbOptions } from './client.ts';
import { readable } from './item.ts';
import { asFault } from './stored.ts';
import { SLOW_DOWN } from './transaction.ts';

/** An item in the form of DynamoDB's own exports. */
export type RawItem = Item;

/** Whole tables in and out, past all guards: for backups. All wait and go on when the server asks for less. */
export interface TableDump {
  /** every item, a page at a time, as it is when its page is read */
  scan(target: DynamoDbTarget): AsyncGenerator<readonly RawItem[]>;
  /** the items of one hash key in the order of their range key */
  ofHashKey(target: DynamoDbTarget, value: string): Promise<readonly RawItem[]>;
  isEmpty(target: DynamoDbTarget): Promise<boolean>;
  /** Removes every item; answers how many. */
  clear(target: DynamoDbTarget): Promise<number>;
  /** Writes items over whatever is there. Answers how many the server refuses for good. */
  load(target: DynamoDbTarget, items: readonly RawItem[]): Promise<number>;
}

/** An item as its readers see it; null for what a removed one leaves. */
export const readableItem = (item: RawItem): JsonObject | null => readable(unmarshalled(item));

/** what one request takes */
const BATCH = 25;
const PARALLEL = 4;
const ROUNDS = 10;

export function createTableDump(
  options: DynamoDbOptions & { readonly tableName: (target: DynamoDbTarget) => string },
): TableDump {
  const { clock, tableName } = options;
  const client = createDynamoDbClient(options);
  const call = (operation: string, input: JsonObject) => patiently(client, clock, operation, input);

  const scan = (target: DynamoDbTarget, more: JsonObject = {}) => pages('Scan', target, more);

  async function* pages(
    operation: 'Scan' | 'Query',
    target: DynamoDbTarget,
    more: JsonObject,
  ): AsyncGenerator<readonly RawItem[]> {
    let from: JsonObject = {};
    do {
      const page = await call(operation, { TableName: tableName(target), ConsistentRead: true, ...more, ...from });
      yield page.Items as unknown as readonly RawItem[];
      from = page.LastEvaluatedKey === undefined ? {} : { ExclusiveStartKey: page.LastEvaluatedKey };
    } while (from.ExclusiveStartKey !== undefined);
  }

  /** Sends some requests of a batch until none is left unprocessed; those refused for good are answered. */
  async function sendAll(table: string, requests: readonly JsonObject[]): Promise<number> {
    let left = requests;
    for (let round = 0; left.length > 0; round += 1) {
      if (round >= ROUNDS) throw new SluiceError('TARGET_BUSY', 'DynamoDB asks for fewer writes');
      if (round > 0) await clock.sleep(pause(round));
      try {
        const answer = await call('BatchWriteItem', { RequestItems: { [table]: left } });
        left = ((answer.UnprocessedItems as JsonObject | undefined)?.[table] ?? []) as readonly JsonObject[];
      } catch (error) {
        if (!isRefusedForGood(error)) throw error;
        if (left.length === 1) return 1;
        // one of them spoils the batch: each by itself shows which
        let failed = 0;
        for (const request of left) failed += await sendAll(table, [request]);
        return failed;
      }
    }
    return 0;
  }

  async function sendBatches(target: DynamoDbTarget, requests: readonly JsonObject[]): Promise<number> {
    let [failed, next] = [0, 0];
    const work = async (): Promise<void> => {
      while (next < requests.length) {
        const batch = requests.slice(next, next + BATCH);
        next += BATCH;
        failed += await sendAll(tableName(target), batch);
      }
    };
    await Promise.all(Array.from({ length: PARALLEL }, work));
    return failed;
  }

  return {
    scan: (target) => scan(target),
    async ofHashKey(target, value) {
      const found: RawItem[] = [];
      const asked = {
        KeyConditionExpression: '#key = :key',
        ExpressionAttributeNames: { '#key': target.key[0] ?? '' },
        ExpressionAttributeValues: { ':key': { S: value } },
      };
      for await (const page of pages('Query', target, asked)) found.push(...page);
      return found;
    },
    async isEmpty(target) {
      for await (const page of scan(target, { Limit: 1 })) if (page.length > 0) return false;
      return true;
    },
    async clear(target) {
      let removed = 0;
      for await (const page of scan(target)) {
        const keys = page.map((item) => Object.fromEntries(target.key.map((name) => [name, item[name] ?? null])));
        removed +=
          page.length -
          (await sendBatches(
            target,
            keys.map((Key) => ({ DeleteRequest: { Key } })),
          ));
      }
      return removed;
    },
    load: (target, items) =>
      sendBatches(
        target,
        items.map((Item) => ({ PutRequest: { Item } })),
      ),
  };
}

const pause = (round: number): number => Math.min(5_000, 50 * 2 ** round) * (0.5 + Math.random());

const isRefusedForGood = (error: unknown): boolean =>
  error instanceof AwsRefusal && /^(ValidationException|ItemCollectionSizeLimitExceeded.*)$/.test(error.kind);

async function patiently(
  client: DynamoDbClient,
  clock: Clock,
  operation: string,
  input: JsonObject,
): Promise<JsonObject> {
  for (let round = 1; ; round += 1) {
    try {
      return await client.call(operation, input);
    } catch (error) {
      if (isRefusedForGood(error)) throw error;
      const kind = error instanceof AwsRefusal ? error.kind.replace(/(Exception|Error)$/, '') : '';
      if (!SLOW_DOWN.test(kind)) throw asFault(error);
      if (round >= ROUNDS) throw new SluiceError('TARGET_BUSY', 'DynamoDB asks for fewer requests');
      await clock.sleep(pause(round));
    }
  }
}
