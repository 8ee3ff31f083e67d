import pc from 'picocolors';
import type { Config } from '../app/config.ts';
import { type Figure, recordFigures } from '../app/gates/measure.ts';

/** Records what a command has measured for gates, and says on standard error when that was not possible. */
export async function recorded(
  config: Config,
  by: { readonly migration: string; readonly source: string },
  figures: readonly Figure[],
): Promise<void> {
  const fault = await recordFigures(config, by, figures);
  if (fault !== null)
    process.stderr.write(`${pc.yellow('not recorded')} gates will have no evidence of this: ${fault.message}\n`);
}
