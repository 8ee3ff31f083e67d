import { type Command, InvalidArgumentError } from 'commander';
import { keepReport, makeReport } from '../../app/report/make-report.ts';
import { reportMarkdown } from '../../app/report/report-markdown.ts';
import { action, withPipeline } from '../context.ts';
import { EXIT } from '../failure.ts';
import { printJson } from '../print.ts';

interface ReportOptions {
  readonly hours: number;
  readonly out?: string;
  readonly json?: boolean;
}

const hoursArgument = (text: string): number => {
  const hours = Number(text);
  if (!Number.isInteger(hours) || hours < 1 || hours > 744) throw new InvalidArgumentError('1 to 744 hours, please.');
  return hours;
};

export function registerReconcileReport(reconcile: Command): void {
  reconcile
    .command('report')
    .description('verdicts, lag, counts, what is put aside, and the figures recorded lately, as one page')
    .argument('[migration]', 'whose', 'supabase')
    .option('--hours <n>', 'figures recorded in the last hours', hoursArgument, 24)
    .option('--out <folder>', 'also keep it there, as <pipeline>-<day>.md and .json')
    .option('--json', 'one JSON line')
    .addHelpText(
      'after',
      '\nFor every night: 5 2 * * * sluice reconcile report supabase --out reports' +
        '\nExit codes: 0 all is well, 1 there are complaints (a flow that does not work, that was not wholly compared within' +
        '\n3 hours, or whose sides differ; things put aside), 2 wrong call or setting.',
    )
    .action(
      action((migration: string, options: ReportOptions) =>
        withPipeline(migration, {}, async (open, config) => {
          const report = await makeReport(config, open, migration, options.hours);
          if (options.out !== undefined) process.stderr.write(`${keepReport(options.out, report)}\n`);
          if (options.json) printJson(report);
          else process.stdout.write(reportMarkdown(report));
          return report.well ? EXIT.ok : EXIT.failure;
        }),
      ),
    );
}
