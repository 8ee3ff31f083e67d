import type { Command } from 'commander';
import { type BackfillProgress, backfill } from '../../app/backfill.ts';
import { systemClock } from '../../app/clock.ts';
import { openProbes } from '../../app/probes.ts';
import { action, withPipeline } from '../context.ts';
import { EXIT } from '../failure.ts';
import { printJson } from '../print.ts';
import { stopSignal } from '../stop-signal.ts';

interface BackfillOptions {
  readonly flow?: string;
  readonly table: readonly string[];
  readonly where?: string;
  readonly wait?: boolean;
  readonly json?: boolean;
}

const HELP = `
Debezium reads the rows in chunks between watermarks (incremental snapshot) while changes stream on; a row that is
written meanwhile keeps its newer change. A backfill brings what is there and ends nothing: rows deleted at the source
while nobody looked stay until \`sluice recover\`.

  sluice backfill supabase --flow lab_orders --wait
  sluice backfill supabase --table public.lab_orders --where "created_at >= '2026-01-01'" --wait

With --where, name one table, or tables that all have its columns.`;

export function registerBackfillCommand(program: Command): void {
  program
    .command('backfill')
    .description('read rows again from the source while changes stream on')
    .argument('[migration]', 'whose', 'supabase')
    .option('--flow <name>', 'all tables that this flow is made of')
    .option('--table <schema.table...>', 'these tables', [])
    .option('--where <condition>', 'only rows that meet this SQL condition')
    .option('--wait', 'until all of it has been landed, with its progress; needs a running worker')
    .option('--json', 'one JSON line')
    .addHelpText('after', HELP)
    .action(
      action((migration: string, options: BackfillOptions) =>
        withPipeline(migration, {}, async (open, config) => {
          const probes = await openProbes(config, migration);
          const stop = stopSignal();
          const shows = options.json !== true && process.stderr.isTTY;
          const onProgress = ({ stage, records, rows, tablesLeft }: BackfillProgress): void => {
            if (shows)
              process.stderr.write(
                `\r${stage}: ${records} records of about ${rows} rows, ${tablesLeft} tables left   `,
              );
          };
          try {
            const done = await backfill(config, open, probes, systemClock, {
              migration,
              tables: options.table,
              wait: options.wait === true,
              signal: stop.signal,
              onProgress,
              ...(options.flow === undefined ? {} : { flow: options.flow }),
              ...(options.where === undefined ? {} : { where: options.where }),
            });
            if (shows) process.stderr.write('\n');
            if (options.json) printJson(done);
            else if (options.wait !== true)
              process.stdout.write(`asked for ${done.tables.join(', ')}; \`sluice status\` shows it arriving\n`);
            else process.stdout.write(`${done.tables.join(', ')}: ${done.stage}, ${done.records} records\n`);
            return options.wait === true && done.stage !== 'done' ? EXIT.failure : EXIT.ok;
          } finally {
            stop.release();
            await probes.close();
          }
        }),
      ),
    );
}
