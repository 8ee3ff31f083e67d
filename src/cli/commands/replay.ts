import type { Command } from 'commander';
import pc from 'picocolors';
import { compareShadow, replayInto } from '../../app/replay.ts';
import { SluiceError } from '../../core/index.ts';
import { action, configOf } from '../context.ts';
import { EXIT } from '../failure.ts';
import { printJson, printTable } from '../print.ts';

interface ReplayOptions {
  readonly flow?: string;
  readonly fromBeginning?: boolean;
  readonly into?: string;
  readonly keep?: boolean;
  readonly json?: boolean;
}

export function registerReplayCommand(program: Command): void {
  program
    .command('replay')
    .description(
      'land and derive the topics again, by the same code: into the live run (which changes nothing that is right) or into a shadow',
    )
    .argument('[migration]', 'whose', 'supabase')
    .option('--flow <name>', 'only this flow is derived; all when left out')
    .option('--from-beginning', 'from the start of the log')
    .option('--into <shadow>', 'a ledger and target schemas of its own under this name; shows what would differ')
    .option('--keep', 'keep the shadow for a closer look (its schemas end in __<shadow>)')
    .option('--json', 'one JSON line')
    .addHelpText(
      'after',
      `
Into live, records are landed beside the live worker's progress: what is older than the landed row is dropped, so
nothing that is right is written again. Into a shadow nothing of the live run is touched and nothing is sent to
remote targets; the shadow's documents are compared with the live ones by content.`,
    )
    .action(
      action(async (migration: string, options: ReplayOptions) => {
        if (!options.fromBeginning) throw new SluiceError('CONFIG_INVALID', 'say from where: --from-beginning');
        const config = configOf();
        const progress = (done: bigint, total: bigint): void => {
          if (options.json || !process.stderr.isTTY) return;
          const share = total === 0n ? 100 : Number((done * 100n) / total);
          process.stderr.write(`\r${pc.dim('replayed')} ${done} of ${total} records (${share}%)   `);
        };
        const result = await replayInto(config, {
          migration,
          onProgress: progress,
          ...(options.flow === undefined ? {} : { flow: options.flow }),
          ...(options.into === undefined ? {} : { shadow: options.into }),
        });
        if (!options.json && process.stderr.isTTY) process.stderr.write('\n');
        if (options.into === undefined) {
          if (options.json) printJson(result);
          else
            process.stdout.write(
              `${result.records} records replayed into ${migration}: ${result.written} documents written\n`,
            );
          return EXIT.ok;
        }
        const differences = await compareShadow(config, migration, options.into, options.keep === true);
        if (options.json) printJson({ ...result, differences });
        else {
          process.stdout.write(`${result.records} records replayed into ${options.into}\n`);
          printTable(
            ['target', 'live', 'shadow', 'only live', 'only shadow', 'content differs'],
            differences.map((d) => [d.target, d.live, d.shadow, d.onlyLive, d.onlyShadow, d.different]),
          );
        }
        return differences.some((d) => d.onlyLive + d.onlyShadow + d.different > 0) ? EXIT.drift : EXIT.ok;
      }),
    );
}
