import type { Command } from 'commander';
import pc from 'picocolors';
import { SluiceError } from '../../core/index.ts';
import {
  down,
  logs,
  PARTS,
  type PartName,
  type Progress,
  partsFrom,
  providerFrom,
  type StackAddresses,
  type StackSettings,
  stackSettings,
  status,
  up,
} from '../../stack/index.ts';
import { action } from '../context.ts';
import { EXIT } from '../failure.ts';
import { printJson, printTable } from '../print.ts';

interface StackOptions {
  readonly without?: string;
  readonly provider?: string;
  readonly home?: string;
  readonly json?: boolean;
  readonly waitFhir?: boolean;
  readonly purge?: boolean;
  readonly follow?: boolean;
  readonly lines?: string;
}

const settingsOf = (options: StackOptions): StackSettings =>
  stackSettings({
    ...(options.home === undefined ? {} : { home: options.home }),
    ...(options.without === undefined ? {} : { without: partsFrom(options.without) }),
    ...(options.provider === undefined ? {} : { provider: providerFrom(options.provider) }),
  });

/** One line for each thing that happens, so that it reads the same in a terminal and in a log. */
export const sayProgress: Progress = (part, state, detail) => {
  const mark = state === 'ready' ? pc.green('●') : state === 'stopped' ? pc.dim('○') : pc.yellow('◌');
  process.stderr.write(`${mark} ${part.padEnd(12)} ${state}${detail === '' ? '' : pc.dim(`  ${detail}`)}\n`);
};

const PAGES = { prometheus: 'figures and alerts', alertmanager: 'what was sent, and silences' } as const;

/** Where to look, of what runs. */
async function printPages(settings: StackSettings, place: StackAddresses): Promise<void> {
  const parts = await status(settings);
  for (const [part, what] of Object.entries(PAGES) as [keyof typeof PAGES, string][])
    if (parts.find((candidate) => candidate.part === part)?.state === 'running')
      process.stdout.write(`${place[part]}  ${what}\n`);
}

const common = (command: Command): Command =>
  command
    .option('--home <dir>', 'where data, logs and process records are (default: SLUICE_HOME or .sluice)')
    .option('--provider <name>', 'auto, processes or containers (default: SLUICE_PROVIDER or auto)')
    .option('--json', 'one JSON line');

export function registerStackCommands(program: Command): void {
  common(program.command('up'))
    .description('bring the servers up, or mend what is half dead; what runs is left alone')
    .option('--without <parts>', `leave parts out, e.g. fhir,dynamodb (${PARTS.join(', ')})`)
    .option('--wait-fhir', 'wait for the FHIR server, too; otherwise it goes on starting by itself')
    .addHelpText('after', '\nPorts: SLUICE_POSTGRES_PORT, SLUICE_KAFKA_PORT, … ; password: SLUICE_PG_PASSWORD.')
    .action(
      action(async (options: StackOptions) => {
        const settings = settingsOf(options);
        const place = await up(
          settings,
          { waitForFhir: options.waitFhir === true },
          options.json ? undefined : sayProgress,
        );
        if (options.json) printJson({ ...place, postgres: { ...place.postgres, password: '***' } });
        else await printPages(settings, place);
        return EXIT.ok;
      }),
    );

  common(program.command('down'))
    .description('end all servers')
    .option('--purge', 'also remove their data, logs and records')
    .action(
      action(async (options: StackOptions) => {
        await down(settingsOf(options), { purge: options.purge === true }, options.json ? undefined : sayProgress);
        if (options.json) printJson({ stopped: true, purged: options.purge === true });
        return EXIT.ok;
      }),
    );

  common(program.command('logs'))
    .description('what a server wrote')
    .argument('<part>', PARTS.join(', '))
    .option('-f, --follow', 'go on showing what it writes')
    .option('-n, --lines <n>', 'begin so many lines before the end', '50')
    .action(
      action(async (part: string, options: StackOptions) => {
        const known = PARTS.find((candidate): candidate is PartName => candidate === part);
        if (!known) throw new SluiceError('CONFIG_INVALID', `there is no part '${part}'; there is ${PARTS.join(', ')}`);
        await logs(settingsOf(options), known, { follow: options.follow === true, lines: Number(options.lines) });
        return EXIT.ok;
      }),
    );

  const stack = program.command('stack').description('the servers themselves');
  common(stack.command('status'))
    .description('which servers run; exit code 1 unless all do')
    .option('--without <parts>', 'parts that are meant to be left out')
    .action(
      action(async (options: StackOptions) => {
        const parts = await status(settingsOf(options));
        if (options.json) printJson(parts);
        else {
          printTable(
            ['part', 'state', 'port', 'pid', 'MB', 'since', ''],
            parts.map((part) => [
              part.part,
              part.state === 'running' ? pc.green(part.state) : part.state,
              part.port,
              part.pid ?? '-',
              part.rssMb ?? '-',
              part.since?.slice(0, 19) ?? '-',
              part.detail,
            ]),
          );
        }
        return parts.every((part) => part.state === 'running' || part.state === 'left out') ? EXIT.ok : EXIT.failure;
      }),
    );
}
