import { type Command, InvalidArgumentError } from 'commander';
import { systemClock } from '../../app/clock.ts';
import { openLegacy } from '../../app/supabase/legacy.ts';
import { type PayoutReport, reconcilePayouts } from '../../app/supabase/payouts.ts';
import { action, withPipeline } from '../context.ts';
import { EXIT } from '../failure.ts';
import { printJson, printTable } from '../print.ts';
import { stopSignal } from '../stop-signal.ts';
import { registerFindingCommands } from './reconcile-findings.ts';
import { registerReconcileReport } from './reconcile-report.ts';
import { registerReconcileRun } from './reconcile-run.ts';
import { registerReconcileStatus } from './reconcile-status.ts';

interface PayoutOptions {
  readonly wait: number;
  readonly json?: boolean;
}

const waitArgument = (text: string): number => {
  if (!/^\d{1,5}$/.test(text)) throw new InvalidArgumentError('Seconds, please.');
  return Number(text);
};

const SHOWN = 20;

const HELP = `
Both sides are read payout by payout, and added up by month in pence: equal is equal to the penny. What is on its way from
the source is no difference, so both sides are read again until they agree, or until --wait is over. Payouts that differ are
named by the hash that \`sluice parked ls\` shows: those of a locked month are parked. The recorded corrections of each
payout are added up as well.

Exit codes: 0 equal, 1 failed, 2 wrong call or setting, 3 the sides differ.`;

export function registerReconcileCommand(program: Command): void {
  const reconcile = program
    .command('reconcile')
    .description('compare both sides, all the time or once, and see to what differs');
  registerReconcileRun(reconcile);
  registerReconcileStatus(reconcile);
  registerFindingCommands(reconcile);
  registerReconcileReport(reconcile);
  reconcile
    .command('payouts')
    .description('totals of the payouts by month, on both sides, exactly')
    .option('--wait <seconds>', 'for so long something may be on its way', waitArgument, 15)
    .option('--json', 'one JSON line')
    .addHelpText('after', HELP)
    .action(
      action((options: PayoutOptions) =>
        withPipeline('supabase', {}, async ({ pool }, config) => {
          const legacy = openLegacy(config.sourceUrl('supabase'));
          const stop = stopSignal();
          try {
            const report = await reconcilePayouts(legacy, pool, {
              clock: systemClock,
              waitMs: options.wait * 1000,
              signal: stop.signal,
            });
            if (options.json) printJson(report);
            else show(report);
            return report.equal ? EXIT.ok : EXIT.drift;
          } finally {
            stop.release();
            await legacy.close();
          }
        }),
      ),
    );
}

function show({ months, differences, adjustmentsWrong, payouts, total, equal }: PayoutReport): void {
  printTable(
    ['month', 'source', 'total', 'target', 'total', ''],
    months.map((one) => [
      one.month,
      one.sourceCount,
      one.sourceTotal ?? '-',
      one.targetCount,
      one.targetTotal ?? '-',
      [
        one.sourceTotal === one.targetTotal && one.sourceCount === one.targetCount ? '' : 'DIFFERS',
        one.isLocked ? 'locked' : '',
      ]
        .filter(Boolean)
        .join(', '),
    ]),
  );
  for (const { month, kind, keyHash } of differences.slice(0, SHOWN))
    process.stdout.write(`${month} ${kind} ${keyHash}\n`);
  if (differences.length > SHOWN) process.stdout.write(`and ${differences.length - SHOWN} more; --json has them all\n`);
  for (const keyHash of adjustmentsWrong.slice(0, SHOWN))
    process.stdout.write(`corrections do not add up: ${keyHash}\n`);
  process.stdout.write(
    equal ? `equal: ${payouts} payouts, ${total}\n` : `the sides differ in ${differences.length} payouts\n`,
  );
}
