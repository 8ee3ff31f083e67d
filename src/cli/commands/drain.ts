import { type Command, InvalidArgumentError } from 'commander';
import { systemClock } from '../../app/clock.ts';
import { type DrainReport, drainLabels } from '../../app/supabase/label-drain.ts';
import { LabelQueue } from '../../app/supabase/label-queue.ts';
import { openLegacy } from '../../app/supabase/legacy.ts';
import { httpPrinter } from '../../app/supabase/printer.ts';
import { progressLine } from '../../rehearsal/index.ts';
import { action, withPipeline } from '../context.ts';
import { EXIT } from '../failure.ts';
import { printJson } from '../print.ts';
import { stopSignal } from '../stop-signal.ts';

interface DrainOptions {
  readonly printer?: string;
  readonly follow?: boolean;
  readonly batch: number;
  readonly grace: number;
  readonly lease: number;
  readonly patience: number;
  readonly json?: boolean;
}

const numberOf =
  (least: number, most: number) =>
  (text: string): number => {
    const value = Number(text);
    if (!/^\d{1,6}(\.\d{1,3})?$/.test(text) || value < least || value > most)
      throw new InvalidArgumentError(`A number from ${least} to ${most}, please.`);
    return value;
  };

const HELP = `
A job is taken by writing a stamp as printed_at at the source, under the condition that nothing stands there: portals
that print from the source leave it alone from then on. The stamp is in the new queue before it is at the source, so a
drain that is killed at any point goes on where it was; several may run side by side. A taken job waits --grace for a
print that was under way at the source, is looked up there once more, and only then goes to the printer.

The printer is asked by PUT <printer>/jobs/<key> (2xx: printed; 4xx: refused; else: nobody knows) and, whenever a job was
tried before, first by GET <printer>/jobs/<key> (200: was printed, 404: was not). A key is one label's, always the same:
the printer must print a key once. SLUICE_PRINTER_TOKEN or SLUICE_PRINTER_TOKEN_FILE is sent as a bearer token.

Exit codes: 0 nothing is left, 1 something is left or was refused for good, 2 wrong call or setting.`;

export function registerDrainCommand(program: Command): void {
  program
    .command('drain')
    .description('move work that waits in a queue of the source to the new one')
    .command('label-queue')
    .description('take over the labels to be printed while both sides stay in use; none is printed twice, none is lost')
    .option('--printer <url>', 'print what was taken; without it jobs are taken only')
    .option('--follow', 'go on when the queue is empty, until stopped')
    .option('--batch <n>', 'jobs at a time', numberOf(1, 500), 20)
    .option('--grace <seconds>', 'how long a taken job waits before it is printed', numberOf(0, 3600), 10)
    .option('--lease <seconds>', 'how long a job stays with a drain that went away', numberOf(1, 3600), 30)
    .option('--patience <seconds>', 'without progress for so long after that, it gives up', numberOf(1, 86_400), 30)
    .option('--json', 'one JSON line')
    .addHelpText('after', HELP)
    .action(action(drain));
}

const drain = (options: DrainOptions): Promise<number> =>
  withPipeline('supabase', {}, async ({ pool }, config) => {
    const printer = options.printer === undefined ? null : httpPrinter(options.printer, config.printerToken);
    const legacy = openLegacy(config.sourceUrl('supabase'));
    const stop = stopSignal();
    const line = progressLine(process.stderr);
    try {
      const report = await drainLabels({
        legacy,
        printer,
        queue: new LabelQueue(pool, config.worker, options.lease * 1000),
        clock: systemClock,
        signal: stop.signal,
        batch: options.batch,
        graceMs: options.grace * 1000,
        patienceMs: (options.grace + options.lease + options.patience) * 1000,
        follow: options.follow === true,
        tell: (now) => line.show(null, spoken(now)),
      });
      line.end();
      if (options.json) printJson(report);
      else process.stdout.write(`${spoken(report)}${advice(report)}\n`);
      return report.done && report.dead === 0 ? EXIT.ok : EXIT.failure;
    } finally {
      line.end();
      stop.release();
      await legacy.close();
    }
  });

const spoken = (now: DrainReport): string =>
  `${now.taken} taken, ${now.printed} printed, ${now.printedBefore} were printed before, ${now.leftToSource} left to the source; ` +
  `open: ${now.openAtSource} at the source, ${now.openHere} here${now.dead > 0 ? `; ${now.dead} refused for good` : ''}`;

function advice({ done, openAtSource, openHere, dead }: DrainReport): string {
  if (!done && openAtSource > 0)
    return '\nthe source has open jobs that are not in the new queue yet: is `sluice run supabase` running, and `sluice status` well?';
  if (!done && openHere === 0)
    return '\nthe stream has not told yet of jobs the source has printed: is `sluice run supabase` running?';
  if (!done) return '\njobs are left: does the printer answer? Run it again; it goes on where it was';
  return dead > 0 ? "\nlook at partnerops.label_queue where state = 'dead'; set queue_state to null to try again" : '';
}
