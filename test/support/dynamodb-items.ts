import type { Config } from '../../src/app/config.ts';
import type { DynamoDbTarget, JsonObject } from '../../src/core/index.ts';
import { TABLE_TARGETS, tableName } from '../../src/migrations/dos/index.ts';
import { type Item, unmarshalled } from '../../src/sinks/dynamodb/attributes.ts';

const HEADERS = {
  'content-type': 'application/x-amz-json-1.0',
  'x-amz-date': '20260101T000000Z',
  authorization:
    'AWS4-HMAC-SHA256 Credential=local/20260101/eu-west-2/dynamodb/aws4_request, SignedHeaders=host, Signature=0',
};

/** DynamoDB itself, past all code of ours but the form of its values. Tables go by their whole names. */
export function dynamoDbAt(url: string) {
  const call = async (operation: string, input: object): Promise<JsonObject> => {
    const headers = { ...HEADERS, 'x-amz-target': `DynamoDB_20120810.${operation}` };
    const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(input) });
    const body = (await response.json()) as JsonObject;
    if (response.status !== 200) throw new Error(`${operation}: ${String(body.__type)}`);
    return body;
  };
  return {
    call,
    /** every item of a table, values as DynamoDB writes them */
    async scan(table: string): Promise<readonly Item[]> {
      const items: Item[] = [];
      let from: JsonObject = {};
      do {
        const page = await call('Scan', { TableName: table, ConsistentRead: true, ...from });
        items.push(...(page.Items as unknown as Item[]));
        from = page.LastEvaluatedKey === undefined ? {} : { ExclusiveStartKey: page.LastEvaluatedKey };
      } while (from.ExclusiveStartKey !== undefined);
      return items;
    },
    async delete(table: string, key: JsonObject): Promise<void> {
      await call('DeleteItem', { TableName: table, Key: key });
    },
  };
}

/**
 * Removes the tables of a place, as every suite does that made some: each that is left, and each record of its stream,
 * makes every later request of DynamoDB Local dearer.
 */
export async function dropTables(place: {
  readonly url: string;
  readonly tableName: (target: DynamoDbTarget) => string;
}): Promise<void> {
  const { call } = dynamoDbAt(place.url);
  const there = (await call('ListTables', {})).TableNames as readonly string[];
  const names = Object.values(TABLE_TARGETS).map(place.tableName);
  for (const TableName of names.filter((name) => there.includes(name))) await call('DeleteTable', { TableName });
}

/** What a reader of an item sees of it. */
export function plainOf(item: Item): JsonObject {
  const { sluice_revision: _, ...seen } = unmarshalled(item);
  return seen;
}

/** The tables of one workspace, by the names of what they hold; revisions are seen, too. */
export interface Items {
  readonly client: Pick<ReturnType<typeof dynamoDbAt>, 'call'>;
  /** a table's whole name */
  named(table: string): string;
  get(table: string, key: JsonObject): Promise<JsonObject | undefined>;
  all(table: string): Promise<JsonObject[]>;
  put(table: string, item: Item): Promise<void>;
}

export function openItems({ dynamodb }: Config, workspace = dynamodb.workspace): Items {
  const direct = dynamoDbAt(dynamodb.url);
  const named = (table: string): string => tableName(table, dynamodb.environment, workspace);
  const keyed = (key: JsonObject) =>
    Object.fromEntries(Object.entries(key).map(([name, value]) => [name, { S: value }]));
  return {
    client: direct,
    named,
    async get(table, key) {
      const { Item: found } = await direct.call('GetItem', {
        TableName: named(table),
        Key: keyed(key),
        ConsistentRead: true,
      });
      return found === undefined ? undefined : unmarshalled(found as Item);
    },
    all: async (table) => (await direct.scan(named(table))).map(unmarshalled),
    async put(table, item) {
      await direct.call('PutItem', { TableName: named(table), Item: item });
    },
  };
}
