import type { Command } from 'commander';
import { SluiceError } from '../../core/index.ts';
import { action, operatorName, withPipeline } from '../context.ts';
import { EXIT } from '../failure.ts';
import { printJson } from '../print.ts';

interface ResumeOptions {
  readonly json?: boolean;
  readonly skip?: boolean;
  readonly reason?: string;
  readonly by?: string;
  readonly pipeline?: string;
}

export function registerResumeCommand(program: Command): void {
  program
    .command('resume')
    .description('let halted flows and partitions go on, once the cause is mended')
    .argument('[migration]', 'whose', 'supabase')
    .argument('[scope]', 'one flow, target or topic/partition, as `sluice status` names it; all when left out')
    .option('--skip', 'step over the record a partition stands at (a truncate, an undecodable key); needs --reason')
    .option('--reason <text>', 'why the record may be left out, for the record; no patient data')
    .option('--by <name>', 'who decides')
    .option('--pipeline <shadow>', 'a shadow instead of the live run')
    .option('--json', 'one JSON line')
    .action(
      action((migration: string, scope: string | undefined, options: ResumeOptions) =>
        withPipeline(migration, options.pipeline === undefined ? {} : { pipeline: options.pipeline }, async (open) => {
          let skipped: string | null = null;
          if (options.skip) skipped = await skip(open.admin, scope, options);
          const resumed = await open.admin.resume(scope ?? null);
          if (options.json) printJson({ resumed, skipped });
          else if (resumed.length === 0) process.stdout.write('nothing was halted\n');
          else for (const { scope: name, code } of resumed) process.stdout.write(`${name} goes on (was ${code})\n`);
          return EXIT.ok;
        }),
      ),
    );
}

async function skip(
  admin: { skipRecord(topic: string, partition: number, by: string, reason: string): Promise<bigint | null> },
  scope: string | undefined,
  options: ResumeOptions,
): Promise<string> {
  const match = /^(.+)\/(\d+)$/.exec(scope ?? '');
  if (!match) throw new SluiceError('CONFIG_INVALID', '--skip needs a scope of the form topic/partition');
  if ((options.reason ?? '').trim().length < 5) throw new SluiceError('CONFIG_INVALID', '--skip needs --reason');
  const [, topic = '', partition = '0'] = match;
  const offset = await admin.skipRecord(topic, Number(partition), operatorName(options.by), options.reason ?? '');
  if (offset === null) throw new SluiceError('CONFIG_INVALID', `${scope} has no progress in this pipeline`);
  return String(offset);
}
