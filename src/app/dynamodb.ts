import {
  type DynamoDbTarget,
  type Log,
  type Meter,
  type Migration,
  type SettledWrite,
  type Sink,
  SluiceError,
} from '../core/index.ts';
import { tellNote } from '../pipeline/index.ts';
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

/** A server of DynamoDB and the names its tables have there. */
export type DynamoDbPlace = Omit<ReturnType<typeof placeOf>, 'targets'>;

/** Where the DynamoDB tables of a migration are, in the environment and workspace of the configuration. */
export const dynamoDbPlace = (config: Config, migrationName: string): DynamoDbPlace =>
  placeOf(config, findMigration(config, migrationName));

/** The DynamoDB tables of a migration, as they are and as they should be. */
export function dynamoDbTables(config: Config, migrationName: string) {
  const place = placeOf(config, findMigration(config, migrationName));
  return {
    create: (): Promise<readonly string[]> => createTables(place),
    describe: (): Promise<readonly TableState[]> => describeTables(place),
  };
}

/** Where the sink says what it did. */
interface Telling {
  readonly log: Log;
  readonly meter: Meter;
  readonly pipeline: string;
}

/** The sink of a migration's DynamoDB tables. Its writes have the time at which they happen. */
export function openDynamoDb(config: Config, migration: Migration, telling?: Telling): Sink {
  const { stamp, journal, adopt, notesOf } = rulesOf(migration);
  const { notes: rules } = migration;
  const onSettled = (writes: readonly SettledWrite[]): void => {
    const told = notesOf?.(writes);
    if (!told || !rules || !telling) return;
    const { log, meter, pipeline } = telling;
    const of = { labels: { pipeline, flow: told.flow }, root: told.root };
    for (const note of told.notes) tellNote(log, meter, rules, note, of);
  };
  return createDynamoDbSink({
    ...placeOf(config, migration),
    stamp: (target, stamps, stored, content) => stamp(target, stamps, stored, content, isoNow()),
    journal: (target, before, after) => journal(target, before, after, isoNow()),
    adopt,
    onSettled,
  });
}
