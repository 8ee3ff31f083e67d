import { type Command, InvalidArgumentError } from 'commander';
import { createLog } from '../../app/logger.ts';
import { createMetrics } from '../../app/metrics.ts';
import { serveIngest } from '../../app/supabase/ingest-server.ts';
import { openLegacy } from '../../app/supabase/legacy.ts';
import { namesOf, readingsIntoSource } from '../../app/supabase/temperature-entry.ts';
import { action, configOf } from '../context.ts';
import { EXIT } from '../failure.ts';
import { printJson } from '../print.ts';
import { stopSignal } from '../stop-signal.ts';

interface IngestOptions {
  readonly host?: string;
  readonly port: number;
  readonly json?: boolean;
}

const portArgument = (text: string): number => {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) throw new InvalidArgumentError('A port, please.');
  return Number(text);
};

const HELP = `
POST /temperature-readings with "Authorization: Bearer <SLUICE_INGEST_TOKEN>" and
  {"readings": [{"device_id": "probe-7", "storage_location": "Fridge 1", "item_name": "Serum 1",
                 "recorded_at": "2026-03-02T06:00:00Z", "temperature_c": "4.5"}, ...]}
takes 1 to 1000 readings of 1 MiB at most, with the fields of \`sluice import temperature-logs\`. The answer has one result
a reading, in their order: stored, known (handed in before), misfit (with the fields), no_such_item, conflict. Without an id
a reading is known by device, place, item and time, so a device sends again until it is answered: 503 says after how long.

The token is in SLUICE_INGEST_TOKEN or in the file SLUICE_INGEST_TOKEN_FILE. Standard output has one JSON line for each
thing that happened. Serves /metrics, /health/live and /health/ready. Exit codes: 0 stopped, 1 failed, 2 wrong call or setting.`;

export function registerServeCommand(program: Command): void {
  program
    .command('serve')
    .description('take what others hand in')
    .command('ingest')
    .description('take temperature readings from devices over HTTP, until stopped')
    .option('--host <host>', 'where to listen (default: SLUICE_HOST or 127.0.0.1)')
    .option('--port <port>', '0 picks a free one', portArgument, 9470)
    .option('--json', 'say the port in one JSON line when it listens')
    .addHelpText('after', HELP)
    .action(action(serve));
}

async function serve(options: IngestOptions): Promise<number> {
  const config = configOf();
  const legacy = openLegacy(config.sourceUrl('supabase'), 4);
  const stop = stopSignal();
  try {
    const server = await serveIngest({
      host: options.host ?? config.host,
      port: options.port,
      token: config.ingestToken,
      names: namesOf(config),
      into: readingsIntoSource(legacy),
      metrics: createMetrics(),
      log: createLog({ level: config.logLevel }),
    });
    if (options.json) printJson({ port: server.port });
    await new Promise<void>((resolve) => {
      if (stop.signal.aborted) resolve();
      else stop.signal.addEventListener('abort', () => resolve(), { once: true });
    });
    await server.close();
    return EXIT.ok;
  } finally {
    stop.release();
    await legacy.close();
  }
}
