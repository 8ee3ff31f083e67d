import { type Clock, type DynamoDbTarget, type JsonObject, SluiceError } from '../../core/index.ts';
import { AwsRefusal } from '../aws/index.ts';
import { createDynamoDbClient, type DynamoDbClient, type DynamoDbOptions } from './client.ts';

/** A table as the server has it, against its declaration. */
export interface TableState {
  readonly target: string;
  readonly table: string;
  /** the server's word, e.g. ACTIVE; null when there is no such table */
  readonly status: string | null;
  /** as the server last counted, which may be hours ago */
  readonly items: number;
  readonly indexes: readonly string[];
  /** what is not as declared: a key, an index, the stream */
  readonly drift: readonly string[];
}

export interface TablesOptions extends DynamoDbOptions {
  readonly targets: readonly DynamoDbTarget[];
  readonly tableName: (target: DynamoDbTarget) => string;
}

const POLLS = 120;

/** Makes the tables that are missing; those that are there stay as they are. Answers the names of the new ones. */
export async function createTables(options: TablesOptions): Promise<readonly string[]> {
  const client = createDynamoDbClient(options);
  const made: string[] = [];
  for (const target of options.targets) {
    const table = options.tableName(target);
    if ((await describe(client, table)) === null && (await create(client, table, target))) made.push(table);
    await untilActive(client, options.clock, table);
    await keepBackups(client, table);
  }
  return made;
}

export async function describeTables(options: TablesOptions): Promise<readonly TableState[]> {
  const client = createDynamoDbClient(options);
  return Promise.all(
    options.targets.map(async (target): Promise<TableState> => {
      const table = options.tableName(target);
      const found = await describe(client, table);
      if (found === null) return { target: target.name, table, status: null, items: 0, indexes: [], drift: [] };
      const indexes = indexesOf(found).map(({ IndexName }) => String(IndexName));
      const items = Number(found.ItemCount ?? 0);
      const status = String(found.TableStatus);
      return { target: target.name, table, status, items, indexes: indexes.sort(), drift: driftOf(target, found) };
    }),
  );
}

async function describe(client: DynamoDbClient, table: string): Promise<JsonObject | null> {
  try {
    return (await client.call('DescribeTable', { TableName: table })).Table as JsonObject;
  } catch (error) {
    if (error instanceof AwsRefusal && error.kind === 'ResourceNotFoundException') return null;
    throw refusal(error);
  }
}

/** false: somebody else made it meanwhile */
async function create(client: DynamoDbClient, table: string, target: DynamoDbTarget): Promise<boolean> {
  const indexes = Object.entries(target.indexes).map(([IndexName, key]) => ({
    IndexName,
    KeySchema: keySchema(key),
    Projection: { ProjectionType: 'ALL' },
  }));
  const keys = [...new Set([target.key, ...Object.values(target.indexes)].flat())];
  try {
    await client.call('CreateTable', {
      TableName: table,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: keySchema(target.key),
      AttributeDefinitions: keys.map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
      ...(indexes.length > 0 ? { GlobalSecondaryIndexes: indexes } : {}),
      ...(target.stream ? { StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' } } : {}),
    });
    return true;
  } catch (error) {
    if (error instanceof AwsRefusal && error.kind === 'ResourceInUseException') return false;
    throw refusal(error);
  }
}

async function untilActive(client: DynamoDbClient, clock: Clock, table: string): Promise<void> {
  for (let poll = 0; poll < POLLS; poll += 1) {
    const found = await describe(client, table);
    if (found?.TableStatus === 'ACTIVE') return;
    await clock.sleep(poll < 10 ? 100 : 1_000);
  }
  throw new SluiceError('TARGET_UNAVAILABLE', `table ${table} is not active yet`);
}

/** Point-in-time recovery. DynamoDB Local knows none, and says so. */
async function keepBackups(client: DynamoDbClient, table: string): Promise<void> {
  try {
    await client.call('UpdateContinuousBackups', {
      TableName: table,
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
    });
  } catch (error) {
    if (!(error instanceof AwsRefusal) || error.kind !== 'UnknownOperationException') throw refusal(error);
  }
}

const keySchema = (key: readonly string[]) =>
  key.map((AttributeName, i) => ({ AttributeName, KeyType: i === 0 ? 'HASH' : 'RANGE' }));

const indexesOf = (found: JsonObject): readonly JsonObject[] =>
  (found.GlobalSecondaryIndexes ?? []) as readonly JsonObject[];

function driftOf(target: DynamoDbTarget, found: JsonObject): string[] {
  const names = (schema: unknown): string =>
    [...((schema ?? []) as { AttributeName: string; KeyType: string }[])]
      .sort((a, b) => (a.KeyType < b.KeyType ? -1 : 1))
      .map(({ AttributeName }) => AttributeName)
      .join();
  const there = new Map(indexesOf(found).map((index) => [index.IndexName, names(index.KeySchema)]));
  const drift = Object.entries(target.indexes).flatMap(([name, key]) =>
    there.get(name) === key.join() ? [] : [`index ${name}`],
  );
  if (names(found.KeySchema) !== target.key.join()) drift.unshift('key');
  const stream = found.StreamSpecification as JsonObject | undefined;
  if (target.stream && stream?.StreamViewType !== 'NEW_AND_OLD_IMAGES') drift.push('stream');
  return drift;
}

const refusal = (error: unknown): unknown =>
  error instanceof AwsRefusal ? new SluiceError('TARGET_REFUSED', error.message) : error;
