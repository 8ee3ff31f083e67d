import type { Command } from 'commander';
import { startRun } from '../../app/run.ts';
import { startSendRun } from '../../app/send-run.ts';
import { runUntilStopped } from '../../app/shutdown.ts';
import { SluiceError } from '../../core/index.ts';
import { action, configOf } from '../context.ts';
import { reportFailure } from '../failure.ts';

interface RunOptions {
  readonly port?: string;
  readonly without?: string;
  readonly testData?: boolean;
  readonly withoutDelivery?: boolean;
  readonly json?: boolean;
}

const FHIR_SYNC = 'fhir-sync';

export function registerRunCommand(program: Command): void {
  program
    .command('run')
    .description('land, derive and deliver until stopped; serves /metrics, /health/live and /health/ready')
    .argument('<migration>', 'which migration; or fhir-sync, which only sends (see below)')
    .argument('[flows...]', 'only these flows are derived here (every process lands all topics); all when left out')
    .option('--port <port>', 'port of metrics and health; 0 picks a free one (default: SLUICE_PORT or 9464)')
    .option('--without <targets>', 'targets not to deliver to, e.g. fhir; their documents stay queued')
    .option('--test-data', 'pas: the data is invented, NHS numbers from 999 are right (SLUICE_PAS_TEST_DATA)')
    .option('--json', 'say a failure to begin as one JSON line; what happens later is in JSON lines anyhow')
    .option('--without-delivery', 'deliver to no remote target: others do, e.g. `sluice run fhir-sync`')
    .addHelpText(
      'after',
      '\n`sluice run fhir-sync [migration]` sends to the FHIR server what others have derived, of supabase unless told, and' +
        '\nreads no log: run any number of either kind. A patient is in one lane, and a lane with one process at a time.' +
        '\nStop it with SIGTERM or Ctrl-C: what is under way is finished, nothing is lost either way.',
    )
    .action(
      action(async (migration: string, flows: string[], options: RunOptions) => {
        const config = configOf();
        const pas = { ...config.pas, testData: config.pas.testData || options.testData === true };
        const port = options.port === undefined ? {} : { port: portOf(options.port) };
        const without = options.withoutDelivery
          ? ['fhir', 'dynamodb']
          : (options.without?.split(',').map((name) => name.trim()) ?? []);
        const run =
          migration === FHIR_SYNC
            ? await startSendRun(config, { migration: flows[0] ?? 'supabase', store: 'fhir', ...port })
            : await startRun({ ...config, pas }, { migration, flows, without, ...port });
        await runUntilStopped(run, (error) => reportFailure(error, options.json === true));
        return 0;
      }),
    );
}

function portOf(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new SluiceError('CONFIG_INVALID', '--port must be a port');
  return port;
}
