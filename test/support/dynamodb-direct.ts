import type { JsonObject } from '../../src/core/index.ts';
import { type Item, unmarshalled } from '../../src/sinks/dynamodb/attributes.ts';

const HEADERS = {
  'content-type': 'application/x-amz-json-1.0',
  'x-amz-date': '20260101T000000Z',
  authorization:
    'AWS4-HMAC-SHA256 Credential=local/20260101/eu-west-2/dynamodb/aws4_request, SignedHeaders=host, Signature=0',
};

/** DynamoDB itself, past all code of ours but the form of its values. */
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

/** What a reader of an item sees of it. */
export function plainOf(item: Item): JsonObject {
  const { sluice_revision: _, ...seen } = unmarshalled(item);
  return seen;
}
