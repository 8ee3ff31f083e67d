import { fileURLToPath } from 'node:url';
import type pg from 'pg';
import { type Migration, SluiceError } from '../core/index.ts';
import { migrationNamed, migrationNames } from '../migrations/index.ts';
import {
  openLedger,
  openPool,
  PipelineAdmin,
  type PostgresLedger,
  type SchemaFolder,
} from '../sinks/postgres/index.ts';
import type { Config } from './config.ts';
import { readPasConfig } from './pas/config.ts';

/** A pipeline's declaration and its ledger, opened. */
export interface OpenPipeline {
  readonly migration: Migration;
  /** the migration's name for the live run, the shadow's otherwise */
  readonly name: string;
  readonly shadow: boolean;
  readonly pool: pg.Pool;
  readonly ledger: PostgresLedger;
  readonly admin: PipelineAdmin;
  readonly folders: readonly SchemaFolder[];
  close(): Promise<void>;
}

export function findMigration(config: Config, name: string): Migration {
  const options = {
    ...config.dos,
    ...(config.namespace === undefined ? {} : { namespace: config.namespace }),
    ...(config.base === undefined ? {} : { base: config.base }),
    ...(config.files === undefined ? {} : { files: config.files }),
  };
  const migration = migrationNamed(name, name === 'pas' ? { pas: readPasConfig(config) } : options);
  if (!migration) {
    throw new SluiceError('CONFIG_INVALID', `there is no migration '${name}'; there is ${migrationNames.join(', ')}`);
  }
  return { ...migration, name: config.prefix + migration.name };
}

/** @param rules what is done with other rules than those of this release */
export function openPipeline(
  config: Config,
  migrationName: string,
  shadow?: string,
  rules: (migration: Migration) => Migration = (migration) => migration,
): OpenPipeline {
  const migration = rules(findMigration(config, migrationName));
  if (shadow !== undefined && !/^[a-z][a-z0-9_]{0,20}$/.test(shadow)) {
    throw new SluiceError('CONFIG_INVALID', 'a shadow is named by up to 21 small letters, digits and underscores');
  }
  if (shadow === migration.name)
    throw new SluiceError('CONFIG_INVALID', 'a shadow needs a name other than the live run');
  const pool = openPool(config.servicesUrl, 12);
  const name = shadow ?? migration.name;
  const schemaSuffix = shadow === undefined ? '' : `__${shadow}`;
  const sql = (schema: string): string =>
    fileURLToPath(new URL(`../migrations/${migrationName}/sql/${schema}`, import.meta.url));
  return {
    migration,
    name,
    shadow: shadow !== undefined,
    pool,
    ledger: openLedger(pool, { migration, pipeline: name, schemaSuffix }),
    admin: new PipelineAdmin(pool, migration, name, schemaSuffix),
    folders: migration.targetSchemas.map((schema) => ({ schema, folder: sql(schema) })),
    close: () => pool.end(),
  };
}
