import { type DynamoDbTarget, type Migration, type Sink, SluiceError } from '../core/index.ts';
import { createDynamoDbSink, createTables, describeTables, type TableState } from '../sinks/dynamodb/index.ts';
import { isoNow, systemClock } from './clock.ts';
import type { Config } from './config.ts';
import { findMigration } from './pipeline.ts';

function rulesOf({ name, dynamodb }: Migration) {
  if (!dynamodb) throw new SluiceError('CONFIG_INVALID', `${name} has no DynamoDB tables`);
  return dynamodb;
}

/** How a migration's tables are reached, and what they are called. */
function placeOf({ dynamodb }: Config, migration: Migration) {
  const { url, region, environment, workspace, ...credentials } = dynamodb;
  const rules = rulesOf(migration);
  return {
    url,
    region,
    credentials: async () => credentials,
    clock: systemClock,
    targets: rules.tables,
    tableName: ({ table }: DynamoDbTarget) => rules.tableName(table, environment, workspace),
  };
}

/** The DynamoDB tables of a migration, as they are and as they should be. */
export function dynamoDbTables(config: Config, migrationName: string) {
  const place = placeOf(config, findMigration(config, migrationName));
  return {
    create: (): Promise<readonly string[]> => createTables(place),
    describe: (): Promise<readonly TableState[]> => describeTables(place),
  };
}

/** The sink of a migration's DynamoDB tables. Its writes have the time at which they happen. */
export function openDynamoDb(config: Config, migration: Migration): Sink {
  const { stamp, journal, adopt } = rulesOf(migration);
  return createDynamoDbSink({
    ...placeOf(config, migration),
    stamp: (target, stamps, stored, content) => stamp(target, stamps, stored, content, isoNow()),
    journal: (target, before, after) => journal(target, before, after, isoNow()),
    adopt,
  });
}
