import type { Command } from 'commander';
import { type Config, PLACE_WORD, PLACE_WORD_RULE } from '../../app/config.ts';
import { SluiceError } from '../../core/index.ts';
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

/** The settings of the environment, under the names a command was given. Throws CONFIG_INVALID naming what was given. */
export function placedConfig({ env, environment, workspace }: PlaceOptions): Config {
  const named = environment === undefined ? '--env' : '--environment';
  return configOf({
    ...told(named, 'SLUICE_ENVIRONMENT', environment ?? env),
    ...told('--workspace', 'SLUICE_WORKSPACE', workspace),
  });
}

function told(option: string, variable: string, value: string | undefined): Readonly<Record<string, string>> {
  if (value === undefined) return {};
  if (!PLACE_WORD.test(value)) throw new SluiceError('CONFIG_INVALID', `${option}: ${PLACE_WORD_RULE}`);
  return { [variable]: value };
}
