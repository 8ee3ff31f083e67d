import type { Command } from 'commander';
import { openProbes } from '../../app/probes.ts';
import { readPipeline } from '../../app/readings.ts';
import { judge } from '../../app/status.ts';
import { action, withPipeline } from '../context.ts';
import { EXIT } from '../failure.ts';
import { printJson } from '../print.ts';
import { renderStatus } from '../status-view.ts';

interface StatusOptions {
  readonly json?: boolean;
  readonly watch?: boolean;
  readonly pipeline?: string;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

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
            const probes = await openProbes(config, open.migration.name);
            try {
              let stopped = false;
              process.once('SIGINT', () => {
                stopped = true;
              });
              let before = await readPipeline(open, probes);
              let at = Date.now();
              for (;;) {
                await pause(options.watch ? 2_000 : 1_000);
                const now = await readPipeline(open, probes);
                const status = judge(open.name, now, before, (Date.now() - at) / 1000);
                before = now;
                at = Date.now();
                if (options.json) printJson(status);
                else
                  process.stdout.write(
                    `${options.watch && process.stdout.isTTY ? '\x1b[2J\x1b[H' : ''}${renderStatus(status)}\n`,
                  );
                const well = status.flows.every((flow) => flow.verdict === 'healthy' || flow.verdict === 'catching up');
                if (!options.watch || stopped) return well ? EXIT.ok : EXIT.failure;
              }
            } finally {
              await probes.close();
            }
          },
        ),
      ),
    );
}
