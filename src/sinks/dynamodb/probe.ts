import { randomUUID } from 'node:crypto';
import { type DynamoDbTarget, type JsonObject, SluiceError } from '../../core/index.ts';
import { AwsRefusal } from '../aws/index.ts';
import { marshalled } from './attributes.ts';
import type { DynamoDbClient } from './client.ts';
import { REVISION } from './item.ts';
import { asFault } from './stored.ts';

/**
 * Tries the guards with writes that must fail: against an item that is not there, alone and in a transaction. So a
 * server that honours them is left as it was found, and no reader ever meets an item of the probe.
 */
export async function probeGuards(client: DynamoDbClient, table: string, target: DynamoDbTarget): Promise<void> {
  const mark = `sluice-probe-${randomUUID()}`;
  const key = marshalled(Object.fromEntries(target.key.map((attribute) => [attribute, mark])));
  const put = {
    TableName: table,
    Item: { ...key, [REVISION]: { N: '2' } },
    ConditionExpression: '#revision = :seen',
    ExpressionAttributeNames: { '#revision': REVISION },
    ExpressionAttributeValues: { ':seen': { N: '1' } },
  };
  const other = { ...put, Item: { ...put.Item, [target.key.at(-1) ?? '']: { S: `${mark}-b` } } };
  const free = { TableName: table, Item: other.Item };
  await mustFail(client, 'PutItem', put, 'ConditionalCheckFailedException');
  const both = { TransactItems: [{ Put: put }, { Put: free }] };
  await mustFail(client, 'TransactWriteItems', both, 'TransactionCanceledException');
}

async function mustFail(client: DynamoDbClient, operation: string, input: JsonObject, kind: string): Promise<void> {
  try {
    await client.call(operation, input);
  } catch (error) {
    if (error instanceof AwsRefusal && error.kind === kind) return;
    throw asFault(error);
  }
  throw new SluiceError('SERVER_GUARD_MISSING', `DynamoDB let a ${operation} through whose condition was not met`);
}
