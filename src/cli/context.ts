import { userInfo } from 'node:os';
import type { Command } from 'commander';
import { type Config, loadConfig } from '../app/config.ts';
import { type OpenPipeline, openPipeline } from '../app/pipeline.ts';
import { SluiceError } from '../core/index.ts';
import { classify } from '../sinks/postgres/index.ts';
import { addresses, stackSettings } from '../stack/index.ts';
import { EXIT, reportFailure } from './failure.ts';

export interface CommonOptions {
  readonly json?: boolean;
}

/** The configuration of the environment; what a command was told goes before it. */
export const configOf = (told: Readonly<Record<string, string>> = {}): Config =>
  loadConfig(addresses(stackSettings()), undefined, told);

/** Runs a command's work, says what failed, and sets the exit code. */
export function action<A extends unknown[]>(work: (...args: A) => Promise<number | undefined>) {
  return async (...args: A): Promise<void> => {
    const command = args.at(-1) as Command;
    const json = (command.optsWithGlobals() as CommonOptions).json === true;
    try {
      process.exitCode = (await work(...args)) ?? EXIT.ok;
    } catch (error) {
      process.exitCode = reportFailure(error, json);
    }
  };
}

/** Opens a pipeline for as long as `work` runs. */
export async function withPipeline<T>(
  migration: string,
  options: { pipeline?: string; needsSchemas?: boolean; config?: Config },
  work: (open: OpenPipeline, config: Config) => Promise<T>,
): Promise<T> {
  const { config = configOf() } = options;
  const open = openPipeline(config, migration, options.pipeline);
  try {
    if (options.needsSchemas !== false) await open.admin.requireSchemas(open.folders);
    return await work(open, config);
  } catch (error) {
    // what the database itself said, as one of our codes and without its words
    throw error instanceof Error && 'code' in error && typeof error.code === 'string' ? classify(error) : error;
  } finally {
    await open.close();
  }
}

/** Who acts, for the record: the login name unless told otherwise. */
export function operatorName(given: string | undefined): string {
  const name = given ?? userInfo().username;
  if (name.trim() === '') throw new SluiceError('CONFIG_INVALID', '--by must name somebody');
  return name;
}
