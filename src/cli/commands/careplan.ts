import type { Command } from 'commander';
import { openBackupPlace } from '../../app/backup/place.ts';
import { type CopyReport, copyFiles } from '../../app/supabase/files.ts';
import { ACTION_PLANS, COPY } from '../../migrations/supabase/index.ts';
import { progressLine } from '../../rehearsal/index.ts';
import { action, withPipeline } from '../context.ts';
import { EXIT } from '../failure.ts';
import { printJson } from '../print.ts';
import { stopSignal } from '../stop-signal.ts';

interface ImportOptions {
  readonly from: string;
  readonly to: string;
  readonly verify?: boolean;
  readonly json?: boolean;
}

const SHOWN = 20;

const HELP = `
A place is s3://bucket/prefix, or a folder. S3 is AWS itself, or SLUICE_S3_URL, with AWS_REGION and the keys of AWS; the
store the files are in now may be another one: SLUICE_LEGACY_S3_URL, SLUICE_LEGACY_S3_ACCESS_KEY_ID and
SLUICE_LEGACY_S3_SECRET_ACCESS_KEY.

Every living plan that is not copied yet is tried, those whose file was missing among them. A file keeps its path; it is
read back from the new store and compared by size and SHA-256 before careplan.action_plan says that it is copied; then its
DocumentReference gets the size and the SHA-1 (by the running worker). Stop it
at any time and run it again. Plans are named by hashes of their ids.

Exit codes: 0 all are copied, 1 a file is missing or damaged, or it failed, 2 wrong call or setting.`;

export function registerCareplanCommand(program: Command): void {
  program
    .command('careplan')
    .description('the files of action plans')
    .command('import')
    .description('copy the files of action plans to the new store')
    .requiredOption('--from <place>', 'where they are')
    .requiredOption('--to <place>', 'where they are to be')
    .option('--verify', 'check what was copied before as well')
    .option('--json', 'one JSON line')
    .addHelpText('after', HELP)
    .action(
      action((options: ImportOptions) =>
        withPipeline('supabase', {}, async ({ pool, admin, folders }, config) => {
          await admin.requireSchemas(folders);
          const line = progressLine(process.stderr);
          const stop = stopSignal();
          try {
            const report = await copyFiles({
              pool,
              from: openBackupPlace({ ...config, ...config.legacyFiles }, options.from),
              to: openBackupPlace(config, options.to),
              signal: stop.signal,
              verify: options.verify === true,
              noteCopy: (plan, copied) =>
                admin.noteFact(ACTION_PLANS, COPY, plan, copied === null ? {} : { ...copied }),
              tell: (now) => line.show(null, spoken(now)),
            });
            line.end();
            if (options.json) printJson(report);
            else show(report);
            const isWhole = report.missing.length + report.damaged.length === 0 && !stop.signal.aborted;
            return isWhole ? EXIT.ok : EXIT.failure;
          } finally {
            line.end();
            stop.release();
          }
        }),
      ),
    );
}

const spoken = ({ plans, copied, intact, bytes, missing, damaged }: CopyReport): string =>
  `${plans} plans: ${copied} copied (${bytes} bytes), ${intact} were whole, ${missing.length} missing, ${damaged.length} damaged`;

function show(report: CopyReport): void {
  process.stdout.write(`${spoken(report)}\n`);
  const wrong = [
    ...report.missing.map((plan) => `missing ${plan}`),
    ...report.damaged.map((plan) => `damaged ${plan}`),
  ];
  for (const one of wrong.slice(0, SHOWN)) process.stdout.write(`  ${one}\n`);
  if (wrong.length > SHOWN) process.stdout.write(`  and ${wrong.length - SHOWN} more; --json has them all\n`);
}
