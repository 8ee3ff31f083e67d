import { type Command, InvalidArgumentError } from 'commander';
import pc from 'picocolors';
import { compareShadow, replayInto } from '../../app/replay.ts';
import type { LandProgress } from '../../app/shadow/land.ts';
import { offsetsOf, type ReplayStart, timeOf } from '../../app/shadow/start.ts';
import { SluiceError } from '../../core/index.ts';
import { action, configOf } from '../context.ts';
import { EXIT } from '../failure.ts';
import { duration, printJson, printTable } from '../print.ts';
import { withContract } from './replay-contract.ts';
import { registerShadowCommands } from './replay-shadow.ts';

interface ReplayOptions {
  readonly flow?: string;
  readonly fromBeginning?: boolean;
  readonly fromTime?: string;
  readonly fromOffset?: readonly string[];
  readonly into?: string;
  readonly keep?: boolean;
  readonly rate?: number;
  readonly contract?: string;
  readonly json?: boolean;
}

const rateArgument = (text: string): number => {
  if (!/^[1-9]\d{0,6}$/.test(text)) throw new InvalidArgumentError('Records a second, please.');
  return Number(text);
};

const HELP = `
Into live, records are landed beside the live worker's progress: what is older than the landed row is dropped, so
nothing that is right is written again. Into a shadow nothing of the live run is touched and nothing is sent to remote
targets; the shadow is compared with the live run by content, and dropped unless --keep.

  sluice replay supabase --from-beginning --into next --keep      fill a shadow
  sluice replay diff next                                         what would change, by rule, target and field
  sluice replay promote next                                      make it live
  sluice replay discard next

--from-offset takes one offset for every partition, or any number of topic/partition=offset (others are left out). A
shadow that does not begin at the beginning, or whose topics have expired or are compacted, knows only the rows it was
shown: it can be compared, not promoted.`;

export function registerReplayCommand(program: Command): void {
  const replay = program
    .command('replay')
    .description(
      'land and derive the topics again, by the same code: into the live run (which changes nothing that is right) or into a shadow',
    )
    .argument('[migration]', 'whose', 'supabase')
    .option(
      '--flow <name>',
      'only this flow: into live, its topics are read and it is derived; of a shadow, it is compared',
    )
    .option('--from-beginning', 'from the start of the log')
    .option('--from-time <time>', 'from the first record that Kafka took at or after it, e.g. 2026-11-22T01:00:00Z')
    .option('--from-offset <offset...>', 'from here: 120, or public.submissions/0=120')
    .option('--into <shadow>', 'a ledger and target schemas of its own under this name; shows what would differ')
    .option('--keep', 'keep the shadow for diff and promote (its schemas end in __<shadow>)')
    .option('--rate <n>', 'at most so many records a second', rateArgument)
    .option(
      '--contract <file>',
      'pas, with --into: by this contract (its folder, or contract.yaml in it) instead of the one in force',
    )
    .option('--json', 'one JSON line')
    .addHelpText('after', HELP)
    .action(
      action(async (migration: string, options: ReplayOptions) => {
        // landed into live and derived by a contract that its workers do not run, rows would go to and fro
        if (options.contract !== undefined && options.into === undefined)
          throw new SluiceError('CONFIG_INVALID', '--contract needs --into: live is made by the contract in force');
        const config = withContract(configOf(), migration, options.contract);
        const shows = options.json !== true && process.stderr.isTTY;
        const result = await replayInto(config, {
          migration,
          start: startFrom(options, config.prefix + migration),
          rate: options.rate ?? null,
          onProgress: (progress) => {
            if (shows) process.stderr.write(`\r${line(progress)}   `);
          },
          onWarning: ({ topic, what, detail }) => {
            if (options.json !== true) process.stderr.write(`${pc.yellow(what)} ${topic}: ${detail}\n`);
          },
          ...(options.flow === undefined ? {} : { flow: options.flow }),
          ...(options.into === undefined ? {} : { shadow: options.into }),
        });
        if (shows) process.stderr.write('\n');
        if (options.into === undefined) {
          if (options.json) printJson(result);
          else
            process.stdout.write(
              `${result.records} records replayed into ${migration}: ${result.written} documents written here, those of a live worker not counted\n`,
            );
          if (result.left > 0 && options.json !== true)
            process.stderr.write(
              `${result.left} marks are left to derive; \`sluice status\` says what holds them up\n`,
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
  registerShadowCommands(replay);
}

function startFrom(options: ReplayOptions, migration: string): ReplayStart {
  const { fromBeginning, fromTime, fromOffset } = options;
  const given = [fromBeginning === true, fromTime !== undefined, fromOffset !== undefined].filter(Boolean).length;
  if (given !== 1)
    throw new SluiceError('CONFIG_INVALID', 'say from where: --from-beginning, --from-time or --from-offset');
  if (fromTime !== undefined) return timeOf(fromTime);
  return fromOffset === undefined ? { kind: 'beginning' } : offsetsOf(fromOffset, migration);
}

const line = ({ done, total, perSecond, secondsLeft }: LandProgress): string =>
  `${pc.dim('replayed')} ${done} of ${total} records, ${perSecond.toFixed(0)}/s, ${secondsLeft === null ? '?' : duration(secondsLeft)} left`;
