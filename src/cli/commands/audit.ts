import { type Command, InvalidArgumentError } from 'commander';
import { systemClock } from '../../app/clock.ts';
import { findGaps, GAP_KINDS, type GapReport } from '../../app/supabase/event-gaps.ts';
import { openLegacy } from '../../app/supabase/legacy.ts';
import { action, withPipeline } from '../context.ts';
import { EXIT } from '../failure.ts';
import { printJson, printTable } from '../print.ts';
import { stopSignal } from '../stop-signal.ts';

interface GapOptions {
  readonly wait: number;
  readonly kind?: string;
  readonly json?: boolean;
}

const waitArgument = (text: string): number => {
  if (!/^\d{1,5}$/.test(text)) throw new InvalidArgumentError('Seconds, please.');
  return Number(text);
};

const kindArgument = (text: string): string => {
  if (!(GAP_KINDS as readonly string[]).includes(text))
    throw new InvalidArgumentError(`There is ${GAP_KINDS.join(', ')}.`);
  return text;
};

const SHOWN = 30;

const HELP = `
Ours, and the exit code: missing (at the source, not here), vanished (here, gone from the source, and no deletion came),
orphan (its order is not here). Something on its way is none of them: both sides are read again until --wait is over.
What the source itself tells, shown and no fault of ours: reordered (recorded before an event that happened earlier),
status_gap (a status was skipped), silent_status (the order is in a status that its newest event does not tell).
Events and orders are named by hashes of their ids.

Exit codes: 0 whole, 1 failed, 2 wrong call or setting, 3 something of ours is missing.`;

export function registerAuditCommand(program: Command): void {
  program
    .command('audit')
    .description('what the append-only logs of the new stores tell')
    .command('gaps')
    .description('events of laboratory orders that are missing, late, or out of order')
    .option('--wait <seconds>', 'for so long something may be on its way', waitArgument, 15)
    .option('--kind <kind>', 'show those of one kind only', kindArgument)
    .option('--json', 'one JSON line')
    .addHelpText('after', HELP)
    .action(
      action((options: GapOptions) =>
        withPipeline('supabase', {}, async ({ pool }, config) => {
          const legacy = openLegacy(config.sourceUrl('supabase'));
          const stop = stopSignal();
          try {
            const waiting = { clock: systemClock, waitMs: options.wait * 1000, signal: stop.signal };
            const all = await findGaps(legacy, pool, waiting);
            const gaps = all.gaps.filter(({ kind }) => options.kind === undefined || kind === options.kind);
            if (options.json) printJson({ ...all, gaps });
            else show({ ...all, gaps });
            return all.whole ? EXIT.ok : EXIT.drift;
          } finally {
            stop.release();
            await legacy.close();
          }
        }),
      ),
    );
}

function show({ gaps, counts, events, sourceEvents, amendments, tombstones, whole }: GapReport): void {
  printTable(GAP_KINDS, [GAP_KINDS.map((kind) => counts[kind])]);
  for (const { kind, event, order, detail } of gaps.slice(0, SHOWN))
    process.stdout.write(`${kind.padEnd(14)} order ${order}${event ? ` event ${event}` : ''} ${detail}\n`);
  if (gaps.length > SHOWN) process.stdout.write(`and ${gaps.length - SHOWN} more; --json has them all\n`);
  process.stdout.write(
    `${sourceEvents} events at the source, ${events} here, ${amendments} amendments, ${tombstones} deletions: ${whole ? 'whole' : 'NOT whole'}\n`,
  );
}
