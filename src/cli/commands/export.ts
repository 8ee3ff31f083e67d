import { type Command, InvalidArgumentError } from 'commander';
import { systemClock } from '../../app/clock.ts';
import { openTopicOut, requireTopic } from '../../app/event-topic.ts';
import { createLog } from '../../app/logger.ts';
import { exportStock } from '../../app/supabase/stock-export.ts';
import { action, withPipeline } from '../context.ts';
import { EXIT } from '../failure.ts';
import { printJson } from '../print.ts';
import { stopSignal } from '../stop-signal.ts';

interface StockOptions {
  readonly follow?: boolean;
  readonly every: number;
  readonly whole?: boolean;
  readonly json?: boolean;
}

const TOPIC = 'cdc.partner_stock_levels';

const secondsArgument = (text: string): number => {
  if (!/^\d{1,5}$/.test(text) || Number(text) === 0) throw new InvalidArgumentError('Seconds, from 1 on, please.');
  return Number(text);
};

const HELP = `
Refreshes the materialised view partnerops.stock_level and sends to the topic ${TOPIC} (compacted, made by
\`sluice topics apply supabase\`) what changed since the last time: the key is the source's id, the value the view's row as
JSON, none for an item that is gone. What is sent is written down after the broker has it, so that a record may come twice
after a crash, never too little.

Exit codes: 0 sent, or nothing to send, 1 failed, 2 wrong call or setting.`;

export function registerExportCommand(program: Command): void {
  program
    .command('export')
    .description('tell others what the new stores hold')
    .command('stock-levels')
    .description(`send the stock levels to the compacted topic ${TOPIC}`)
    .option('--follow', 'go on, until stopped')
    .option('--every <seconds>', 'with --follow: how often it looks', secondsArgument, 5)
    .option('--whole', 'send every item, changed or not')
    .option('--json', 'one JSON line a round that sent something')
    .addHelpText('after', HELP)
    .action(
      action((options: StockOptions) =>
        withPipeline('supabase', {}, async ({ pool }, config) => {
          const stop = stopSignal();
          const log = createLog({ level: config.logLevel, write: (line) => void process.stderr.write(line) });
          const target = { brokers: config.kafka, topic: config.prefix + TOPIC, log };
          await requireTopic(target, false);
          const out = await openTopicOut(target);
          try {
            for (let round = 0; round === 0 || (options.follow && !stop.signal.aborted); round += 1) {
              const done = await exportStock(
                pool,
                (records) => out.send(records),
                options.whole === true && round === 0,
              );
              const isWorth = round === 0 || done.sent + done.gone > 0;
              if (options.json && isWorth) printJson(done);
              else if (isWorth) process.stdout.write(`${done.items} items: ${done.sent} sent, ${done.gone} gone\n`);
              if (options.follow) await systemClock.sleep(options.every * 1000, stop.signal);
            }
            return EXIT.ok;
          } finally {
            stop.release();
            await out.close();
          }
        }),
      ),
    );
}
