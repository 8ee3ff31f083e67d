import { randomBytes } from 'node:crypto';
import type { Config } from '../config.ts';
import { openPipeline } from '../pipeline.ts';
import { compareShadow, type ShadowDifference } from '../replay.ts';
import { type Migrated, type MigrateOptions, migrateTables } from './run.ts';

export interface Rehearsed extends Migrated {
  readonly changes: readonly ShadowDifference[];
}

/** Does all of a run in a ledger and schemas of its own, compares them with the live ones, and drops them again. */
export async function rehearseTables(
  config: Config,
  options: Omit<MigrateOptions, 'shadow' | 'resume'>,
): Promise<Rehearsed> {
  const shadow = `dry_${randomBytes(4).toString('hex')}`;
  try {
    const migrated = await migrateTables(config, { ...options, shadow, resume: false });
    return { ...migrated, changes: await compareShadow(config, options.migration, shadow, true) };
  } finally {
    const open = openPipeline(config, options.migration, shadow);
    try {
      await open.admin.dropPipeline(open.folders);
    } finally {
      await open.close();
    }
  }
}
