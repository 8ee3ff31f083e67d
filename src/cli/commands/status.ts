import type { Command } from 'commander';
import { openGaps } from '../../app/gaps.ts';
import { isWell } from '../../app/status.ts';
import { watchStatus } from '../../app/watch.ts';
import { action, withPipeline } from '../context.ts';
import { EXIT } from '../failure.ts';
import { printJson } from '../print.ts';
import { CLEAR, renderStatus } from '../status-view.ts';
import { stopSignal } from '../stop-signal.ts';

interface StatusOptions {
  readonly json?: boolean;
  readonly watch?: boolean;
  readonly pipeline?: string;
}

export function registerStatusCommand(program: Command): void {
  program
    .command('status')
    .description(
      'per flow: verdict, lag, rates, what is parked, and which stage is to blame; exit code 1 unless all is well',
    )
    .argument('[migration]', 'whose', 'supabase')
    .option('--watch', 'go on showing it until stopped')
    .option('--pipeline <shadow>', 'a shadow instead of the live run')
    .option('--json', 'one JSON line a reading')
    .action(
      action((migration: string, options: StatusOptions) =>
        withPipeline(
          migration,
          options.pipeline === undefined ? {} : { pipeline: options.pipeline },
          async (open, config) => {
            const stop = stopSignal();
            let well = false;
            await watchStatus(
              open,
              migration,
              config,
              { signal: stop.signal, once: options.watch !== true },
              async (status) => {
                const gaps = await openGaps(open).list(true);
                well = isWell(status) && gaps.length === 0;
                if (options.json) printJson({ ...status, gaps });
                else
                  process.stdout.write(
                    `${options.watch && process.stdout.isTTY ? CLEAR : ''}${renderStatus(status, gaps)}\n`,
                  );
              },
            );
            stop.release();
            return well ? EXIT.ok : EXIT.failure;
          },
        ),
      ),
    );
}
