import { systemClock } from '../../src/app/clock.ts';
import type { Config } from '../../src/app/config.ts';
import type { JsonObject } from '../../src/core/index.ts';
import { tableName } from '../../src/migrations/dos/index.ts';
import { type Item, unmarshalled } from '../../src/sinks/dynamodb/attributes.ts';
import { createDynamoDbClient, type DynamoDbClient } from '../../src/sinks/dynamodb/client.ts';

/** Tables past the sink, as a reader has them. */
export interface Items {
  readonly client: DynamoDbClient;
  /** a table's whole name, in the workspace of this run or another */
  named(table: string): string;
  get(table: string, key: JsonObject): Promise<JsonObject | undefined>;
  all(table: string): Promise<JsonObject[]>;
  put(table: string, item: Item): Promise<void>;
}

export function openItems({ dynamodb }: Config, workspace = dynamodb.workspace): Items {
  const { url, region, environment, ...credentials } = dynamodb;
  const client = createDynamoDbClient({ url, region, credentials: async () => credentials, clock: systemClock });
  const named = (table: string): string => tableName(table, environment, workspace);
  const keyed = (key: JsonObject) =>
    Object.fromEntries(Object.entries(key).map(([name, value]) => [name, { S: value }]));
  return {
    client,
    named,
    async get(table, key) {
      const found = await client.call('GetItem', { TableName: named(table), Key: keyed(key), ConsistentRead: true });
      return found.Item ? unmarshalled(found.Item as Item) : undefined;
    },
    async all(table) {
      const items: JsonObject[] = [];
      for (let from: JsonObject | undefined; ; ) {
        const page = await client.call('Scan', {
          TableName: named(table),
          ConsistentRead: true,
          ...(from === undefined ? {} : { ExclusiveStartKey: from }),
        });
        items.push(...(page.Items as readonly Item[]).map(unmarshalled));
        from = page.LastEvaluatedKey as JsonObject | undefined;
        if (from === undefined) return items;
      }
    },
    async put(table, item) {
      await client.call('PutItem', { TableName: named(table), Item: item });
    },
  };
}
