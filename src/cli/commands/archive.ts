import type { Command } from 'commander';
import pc from 'picocolors';
import type { ArchiveContents } from '../../app/archive/manifest.ts';
import { restoreArchive } from '../../app/archive/restore.ts';
import { verifyArchive } from '../../app/archive/verify.ts';
import { writeArchive } from '../../app/archive/write.ts';
import { openBackupPlace } from '../../app/backup/place.ts';
import { systemClock } from '../../app/clock.ts';
import type { Config } from '../../app/config.ts';
import { findMigration } from '../../app/pipeline.ts';
import { migrationNames } from '../../migrations/index.ts';
import { progressLine } from '../../rehearsal/index.ts';
import { openSnapshot } from '../../source/index.ts';
import { action, configOf } from '../context.ts';
import { EXIT } from '../failure.ts';
import { masked, printJson, printTable } from '../print.ts';
import { recorded } from '../recorded.ts';

const HELP = `
An archive is a folder, here or at s3://bucket/prefix: manifest.json, and for each table parts of rows in COPY's text
format, gzipped. All tables are of one snapshot. The manifest has its position, the form of each table, rows, bytes and
SHA-256 of every table and part, and a seal over itself; it is written last.
S3 is AWS itself, or SLUICE_S3_URL, with AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN.

Exit codes: 0 done and whole, 1 damaged or failed, 2 wrong call or setting.`;

/** Runs work with a line that shows how far it is. */
async function shown<T>(work: (show: (share: number | null, text: string) => void) => Promise<T>): Promise<T> {
  const line = progressLine(process.stderr);
  try {
    return await work((share, text) => line.show(share, text));
  } finally {
    line.end();
  }
}

function printContents({ position, tables }: ArchiveContents, place: string): void {
  printTable(
    ['table', 'rows', 'bytes', 'parts', 'SHA-256'],
    tables.map(({ name, rows, bytes, parts, sha256 }) => [name, rows, bytes, parts.length, sha256.slice(0, 12)]),
  );
  const meaning = position.exact ? 'exactly at' : 'not after';
  process.stdout.write(`in ${place}, ${meaning} ${position.lsn} (${position.at})\n`);
}

export function registerArchiveCommands(program: Command): void {
  const archive = program
    .command('archive')
    .description('all source tables of a migration, as they are at one position');

  archive
    .command('write', { isDefault: true })
    .description('write them to a folder or to S3; `sluice archive supabase --to ..` is the same')
    .argument('<migration>', 'whose source, e.g. supabase')
    .requiredOption('--to <place>', 'a folder, or s3://bucket/prefix')
    .option('--without-slot', 'take no replication slot: the position is a bound then, not exact')
    .option('--json', 'one JSON line')
    .addHelpText('after', HELP)
    .action(
      action(async (name: string, options: { to: string; withoutSlot?: boolean; json?: boolean }) => {
        const config = configOf();
        const { tables } = findMigration(config, name);
        const place = openBackupPlace(config, options.to);
        const contents = await shown(async (show) => {
          const snapshot = await openSnapshot(config.sourceUrl(name), { slot: options.withoutSlot !== true });
          try {
            return await writeArchive({
              migration: name,
              tables,
              snapshot,
              place,
              now: () => new Date(systemClock.now()).toISOString(),
              tell: ({ table, rows, of }) => show(of > rows ? rows / of : null, `${table}: ${rows} rows in all`),
            });
          } finally {
            await snapshot.close();
          }
        });
        if (options.json) printJson({ place: place.name, position: contents.position, tables: figures(contents) });
        else printContents(contents, place.name);
        return EXIT.ok;
      }),
    );

  archive
    .command('verify')
    .description('read all of an archive and name every part that is missing, cut off or damaged; exit code 1 then')
    .requiredOption('--from <place>', 'a folder, or s3://bucket/prefix')
    .option('--json', 'one JSON line')
    .addHelpText('after', HELP)
    .action(
      action(async (options: { from: string; json?: boolean }) => {
        const config = configOf();
        const place = openBackupPlace(config, options.from);
        const { contents, faults } = await shown((show) =>
          verifyArchive(place, ({ part, done, of }) => show(done / of, part)),
        );
        await recordProof(config, contents, faults.length);
        if (options.json)
          printJson({ place: place.name, whole: faults.length === 0, position: contents.position, faults });
        else {
          for (const { where, what } of faults) process.stdout.write(`${pc.red('damaged')} ${where} ${what}\n`);
          if (faults.length === 0) printContents(contents, place.name);
        }
        return faults.length === 0 ? EXIT.ok : EXIT.failure;
      }),
    );

  archive
    .command('restore')
    .description('load an archive into an empty database and read it back; refuses one that holds any table')
    .requiredOption('--from <place>', 'a folder, or s3://bucket/prefix')
    .requiredOption('--into <url>', 'postgres://user@host:port/database; a password may come from PGPASSWORD')
    .option('--json', 'one JSON line')
    .action(
      action(async (options: { from: string; into: string; json?: boolean }) => {
        const place = openBackupPlace(configOf(), options.from);
        const restored = await shown((show) =>
          restoreArchive(place, options.into, ({ what, done, of }) => show(of === 0 ? null : done / of, what)),
        );
        if (options.json) printJson({ place: place.name, ...restored });
        else {
          printTable(
            ['table', 'rows'],
            restored.tables.map(({ table, rows }) => [table, rows]),
          );
          for (const { table, what, code } of restored.leftOut)
            process.stdout.write(`${pc.yellow('left out')} ${table}: ${what} (${code})\n`);
          process.stdout.write(`in ${masked(options.into)}, as of ${restored.position}; read back and equal\n`);
        }
        return EXIT.ok;
      }),
    );
}

/** How much of its migration an archive holds, and what is wrong with it. */
async function recordProof(config: Config, { migration, tables }: ArchiveContents, faults: number): Promise<void> {
  // an archive of another instance, or of a migration that is none here, is no evidence for any gate of this one
  if (!migrationNames.includes(migration)) return;
  const mapped = findMigration(config, migration).tables;
  const held = mapped.filter(({ name }) => tables.some((table) => table.name === name)).length;
  const sample = tables.reduce((sum, { parts }) => sum + parts.length, 0);
  const coverage = mapped.length === 0 ? 0 : held / mapped.length;
  await recorded(config, { migration, source: 'archive verify' }, [
    { figure: 'archive.faults', value: faults, sample, coverage },
  ]);
}

const figures = ({ tables }: ArchiveContents) =>
  tables.map(({ name, rows, bytes, sha256, parts }) => ({ name, rows, bytes, sha256, parts: parts.length }));
