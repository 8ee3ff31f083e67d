import { type Command, Option } from 'commander';
import { type BackupPlace, latestBackup, newestPlace, openBackupPlace } from '../../app/backup/place.ts';
import { systemClock } from '../../app/clock.ts';
import type { Config } from '../../app/config.ts';
import { exportFhir, exportTables, restoreTables } from '../../app/dos/backup.ts';
import { dynamoDbPlace } from '../../app/dynamodb.ts';
import { progressLine } from '../../rehearsal/index.ts';
import { createTableDump } from '../../sinks/dynamodb/index.ts';
import { action } from '../context.ts';
import { EXIT } from '../failure.ts';
import { printJson, printTable } from '../print.ts';
import { type PlaceOptions, placed, placedConfig } from './dos-place.ts';

interface ExportOptions extends PlaceOptions {
  readonly to?: string;
  readonly bucket?: string;
  readonly format: 'dynamodb' | 'fhir';
}

interface RestoreOptions extends PlaceOptions {
  readonly from?: string;
  readonly bucket?: string;
  readonly nonEmpty: 'skip' | 'replace';
}

const HELP = `
A backup is a folder, here or at s3://bucket/prefix: manifest.json, and for each table parts of JSON lines as DynamoDB's
own exports have them ({"Item": {...}}), gzipped. The manifest has the SHA-256 of every part and is written last.
S3 is AWS itself, or SLUICE_S3_URL, with AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN.

Exit codes: 0 done, 1 failed or some items could not be written, 2 wrong call or setting.`;

/** The bucket the service finder keeps its exports in. */
const bucketOf = ({ dynamodb: { environment, workspace } }: Config): string =>
  `ftrs-dos-${environment}-data-migration-pipeline-store${workspace === undefined ? '' : `-${workspace}`}`;

const dumpOf = (config: Config) => createTableDump(dynamoDbPlace(config, 'dos'));

async function exportTo(config: Config, place: BackupPlace, { format, json }: ExportOptions): Promise<number> {
  const line = progressLine(process.stderr);
  const { environment, workspace } = config.dynamodb;
  const run = {
    dump: dumpOf(config),
    place,
    environment,
    workspace,
    now: () => new Date(systemClock.now()).toISOString(),
    tell: (table: string, items: number) => line.show(null, `${table}: ${items} items`),
  };
  try {
    const { tables } = await (format === 'fhir' ? exportFhir(run) : exportTables(run));
    line.end();
    if (json) printJson({ place: place.name, format, tables });
    else {
      printTable(
        [format === 'fhir' ? 'resources' : 'table', 'items', 'parts'],
        tables.map(({ name, items, parts }) => [name, items, parts.length]),
      );
      process.stdout.write(`in ${place.name}\n`);
    }
    return EXIT.ok;
  } finally {
    line.end();
  }
}

async function restoreFrom(config: Config, place: BackupPlace, { nonEmpty, json }: RestoreOptions): Promise<number> {
  const line = progressLine(process.stderr);
  try {
    const tell = (table: string, items: number, of: number) =>
      line.show(items / of, `${table}: ${items} of ${of} items`);
    const tables = await restoreTables({ dump: dumpOf(config), place, nonEmpty, tell });
    line.end();
    if (json) printJson({ place: place.name, tables });
    else
      printTable(
        ['table', '', 'items', 'could not be written'],
        tables.map(({ table, state, items, failed }) => [table, state, items, failed]),
      );
    return tables.some(({ failed }) => failed > 0) ? EXIT.failure : EXIT.ok;
  } finally {
    line.end();
  }
}

const format = new Option('--format <format>', 'dynamodb: all tables; fhir: services as FHIR R4 resources')
  .choices(['dynamodb', 'fhir'])
  .default('dynamodb');
const nonEmpty = new Option('--non-empty <what>', 'a table that holds something is left as it is, or emptied first')
  .choices(['skip', 'replace'])
  .default('skip');

export function registerDosBackupCommands(dos: Command): void {
  placed(dos.command('export').description('write all tables to a folder or to S3'))
    .requiredOption('--to <place>', 'a folder, or s3://bucket/prefix')
    .addOption(format)
    .addHelpText('after', HELP)
    .action(
      action(async (options: ExportOptions) => {
        const config = placedConfig(options);
        return exportTo(config, openBackupPlace(config, options.to ?? ''), options);
      }),
    );

  placed(dos.command('restore').description('bring tables back from a folder or from S3'))
    .requiredOption('--from <place>', 'a folder, or s3://bucket/prefix')
    .addOption(nonEmpty)
    .addHelpText('after', HELP)
    .action(
      action(async (options: RestoreOptions) => {
        const config = placedConfig(options);
        return restoreFrom(config, openBackupPlace(config, options.from ?? ''), options);
      }),
    );

  placed(dos.command('export-to-s3').description('write all tables to the bucket of the environment, under exports/'))
    .option('--bucket <name>', 'another bucket')
    .addOption(format)
    .addHelpText('after', HELP)
    .action(
      action(async (options: ExportOptions) => {
        const config = placedConfig(options);
        const { place, done } = newestPlace(config, options.bucket ?? bucketOf(config), systemClock.now());
        const code = await exportTo(config, place, options);
        // only what can be restored becomes the newest one
        if (options.format === 'dynamodb') await done();
        return code;
      }),
    );

  placed(dos.command('restore-from-s3').description('bring tables back from the newest export of that bucket'))
    .option('--bucket <name>', 'another bucket')
    .addOption(nonEmpty)
    .addHelpText('after', HELP)
    .action(
      action(async (options: RestoreOptions) => {
        const config = placedConfig(options);
        return restoreFrom(config, await latestBackup(config, options.bucket ?? bucketOf(config)), options);
      }),
    );
}
