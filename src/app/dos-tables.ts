import { type DynamoDbTarget, SluiceError } from '../core/index.ts';
import { TABLE_TARGETS, tableName } from '../migrations/dos/index.ts';
import { createTables, describeTables, type TableState } from '../sinks/dynamodb/index.ts';
import { systemClock } from './clock.ts';
import type { Config } from './config.ts';

/** What the names of the tables say beside what they hold. */
export interface TablePlace {
  readonly environment: string;
  readonly workspace?: string | undefined;
}

/** The tables of the Directory of Services, in one environment and workspace. */
export function dosTables(config: Config, { environment, workspace }: TablePlace) {
  for (const [option, name] of Object.entries({ environment, workspace }))
    if (name !== undefined && !/^[a-z0-9][a-z0-9.-]{0,40}$/.test(name))
      throw new SluiceError('CONFIG_INVALID', `--${option}: up to 41 small letters, digits, dots and dashes`);
  const { url, region, ...credentials } = config.dynamodb;
  const options = {
    url,
    region,
    credentials: async () => credentials,
    clock: systemClock,
    targets: Object.values(TABLE_TARGETS),
    tableName: ({ table }: DynamoDbTarget) => tableName(table, environment, workspace),
  };
  return {
    create: (): Promise<readonly string[]> => createTables(options),
    describe: (): Promise<readonly TableState[]> => describeTables(options),
  };
}
