import { type Command, Option } from 'commander';
import pc from 'picocolors';
import { systemClock } from '../../app/clock.ts';
import { gateSamples, judgeRuns } from '../../app/dos/gate-report.ts';
import { fileText } from '../../app/metrics.ts';
import { replaceFile } from '../../app/text-file.ts';
import { action } from '../context.ts';
import { EXIT } from '../failure.ts';
import { printJson } from '../print.ts';
import { type PlaceOptions, placed, placedConfig } from './dos-place.ts';
import { type RunsOptions, runsFolder, withRuns } from './dos-runs.ts';

interface GatesOptions extends PlaceOptions, RunsOptions {
  readonly profile: string;
  readonly target: 'dynamodb' | 'files';
}

export function registerDosGatesCommand(dos: Command): void {
  withRuns(placed(dos.command('gates').description('judge the newest full sync by the service levels')))
    .option('--profile <name>', 'dos', 'dos')
    .addOption(
      new Option('--target <where>', 'a sync into DynamoDB, or one into files')
        .choices(['dynamodb', 'files'])
        .default('dynamodb'),
    )
    .addHelpText(
      'after',
      `
Of the newest run into the same environment and workspace: it is whole and not older than 26 hours, was made by the
settings of now, 95 of 100 records took less than 250 ms, 1% failed at most, it took 30 minutes at most, and no count
moved by more than a tenth since the run before. What was not measured fails: a first run has none to compare with.

Exit codes: 0 PASS, 1 FAIL, 2 wrong call or setting, an unknown profile too.`,
    )
    .action(
      action(async (options: GatesOptions) => {
        const { profile, target, metricsFile, json } = options;
        const config = placedConfig(options);
        const gates = judgeRuns({ config, folder: runsFolder(options), target, profile, now: systemClock.now() });
        if (metricsFile !== undefined) replaceFile(metricsFile, await fileText(gateSamples(gates)), '--metrics-file');
        if (json) printJson(gates);
        else {
          for (const { status, gate, message } of gates.checks) {
            const shown = status === 'PASS' ? pc.green(status) : pc.red(status);
            process.stdout.write(`${shown} ${gate.padEnd(20)} ${message}\n`);
          }
          process.stdout.write(`\n${gates.profile}: ${gates.status}\n`);
        }
        return gates.status === 'PASS' ? EXIT.ok : EXIT.failure;
      }),
    );
}
