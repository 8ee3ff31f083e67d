import type { Command } from 'commander';
import type { Config } from '../../app/config.ts';
import { configOf } from '../context.ts';

/** Where the tables are, as every command on them is told. */
export interface PlaceOptions {
  readonly environment?: string;
  readonly env?: string;
  readonly workspace?: string;
  readonly json?: boolean;
}

export const placed = (command: Command): Command =>
  command
    .option('--environment <name>', 'part of every table name; else SLUICE_ENVIRONMENT, else local')
    .option('--env <name>', 'the same')
    .option('--workspace <name>', 'at the end of every table name; else SLUICE_WORKSPACE, else none')
    .option('--json', 'one JSON line');

/** The settings of the environment, under the names a command was given. */
export const placedConfig = ({ env, environment = env, workspace }: PlaceOptions): Config =>
  configOf({
    ...(environment === undefined ? {} : { SLUICE_ENVIRONMENT: environment }),
    ...(workspace === undefined ? {} : { SLUICE_WORKSPACE: workspace }),
  });
