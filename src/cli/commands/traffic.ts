import { Argument, type Command, InvalidArgumentError, Option } from 'commander';
import pc from 'picocolors';
import { rehearsalStaging } from '../../app/pas/staging/rehearsal.ts';
import {
  parseAddress,
  progressLine,
  type SourceAddress,
  type TrafficOptions,
  type TrafficProgress,
  type TrafficReport,
  trafficDos,
  trafficPas,
  trafficSupabase,
} from '../../rehearsal/index.ts';
import { action, configOf } from '../context.ts';
import { EXIT } from '../failure.ts';
import { duration, masked, printJson, renderTable } from '../print.ts';
import { stopSignal } from '../stop-signal.ts';
import { seedNumber } from './seed.ts';

interface TrafficCommandOptions {
  readonly rate: number;
  readonly for?: number;
  readonly seed: bigint;
  readonly url?: string;
  readonly json?: boolean;
}

const EXAMPLES = `
Examples:
  sluice traffic supabase                        20 row changes a second until Ctrl-C
  sluice traffic supabase --rate 200 --for 5m
  sluice traffic dos --rate 5 --for 30s --json
  sluice traffic pas --rate 10

What it does, supabase: single rows written, changed and deleted; status walks of appointments and laboratory orders
with their events; patients who gain an NHS number; guardians added and struck off; large texts left alone while another
column changes; key changes; cascades; transactions over many rows and tables, interleaved on two connections, half and
wholly rolled back; bursts on one row. dos: services opened, changed, closed and deleted; endpoints, hours, dates, ages
and codes added, changed, moved to another service and deleted; pharmacies that take another code; lookups renamed. pas: patients registered, admitted, transferred, discharged,
referred; numbers merged, merges taken back, numbers changed on every row; rows marked as deleted and back, rows and
patients deleted.
The rate counts committed row changes; rows a cascade takes along come on top.

Exit codes: 0 done or stopped by Ctrl-C, 1 failed, 2 wrong call or setting.`;

const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 };

export function span(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(s|m|h)?$/.exec(text);
  const seconds = match ? Number(match[1]) * (UNIT_SECONDS[match[2] ?? 's'] ?? 1) : 0;
  if (seconds <= 0) throw new InvalidArgumentError('A time like 30s, 5m or 1h, please.');
  return seconds;
}

function rateNumber(text: string): number {
  const value = Number(text);
  if (!(value >= 1 && value <= 500)) throw new InvalidArgumentError('From 1 to 500 row changes a second, please.');
  return value;
}

function progressText(at: TrafficProgress): string {
  const rate = (at.changes / Math.max(at.seconds, 0.001)).toFixed(1);
  return `${at.changes} changes in ${at.steps} steps, ${rate}/s, ${duration(at.seconds)}`;
}

function printReport(report: TrafficReport): void {
  const rows = report.kinds.map(({ kind, steps, changes }) => [kind, steps, changes]);
  process.stdout.write(`${renderTable(['what', 'times', 'row changes'], rows)}\n\n`);
  process.stdout.write(`${pc.bold('total')}  ${progressText(report)}, ${report.conflicts} races lost\n`);
  if (report.slippedSeconds > 0.5)
    process.stdout.write(`${duration(report.slippedSeconds)} given up: the database was too slow or away\n`);
}

const TRAFFIC = {
  supabase: trafficSupabase,
  dos: trafficDos,
  pas: (address: SourceAddress, options: TrafficOptions) => trafficPas(address, rehearsalStaging(), options),
} as const;

async function traffic(migration: keyof typeof TRAFFIC, options: TrafficCommandOptions): Promise<number> {
  const url = options.url ?? configOf().sourceUrl(migration);
  const line = progressLine(process.stderr);
  const stop = stopSignal();
  if (!options.json)
    process.stderr.write(`traffic on ${masked(url)}${options.for === undefined ? ', Ctrl-C stops it' : ''}\n`);
  try {
    const report = await TRAFFIC[migration](parseAddress(url), {
      rate: options.rate,
      seed: options.seed,
      signal: stop.signal,
      ...(options.for === undefined ? {} : { seconds: options.for }),
      onProgress: (at) =>
        line.show(options.for === undefined ? null : Math.min(1, at.seconds / options.for), progressText(at)),
    });
    line.end();
    if (options.json) printJson(report);
    else printReport(report);
    return EXIT.ok;
  } finally {
    line.end();
    stop.release();
  }
}

export function registerTrafficCommand(program: Command): void {
  program
    .command('traffic')
    .description('uses a source database the way its people do, at a steady rate')
    .addArgument(new Argument('<migration>', 'whose source').choices(Object.keys(TRAFFIC)))
    .option('--rate <n>', 'committed row changes a second, 1 to 500', rateNumber, 20)
    .option('--for <time>', '30s, 5m, 1h; left out: until stopped', span)
    // its default in words: commander would write a bigint as JSON, which cannot be
    .addOption(new Option('--seed <n>', 'decides what is done to what').argParser(seedNumber).default(1n, '1'))
    .option(
      '--url <url>',
      'the source database; else SLUICE_SUPABASE_URL, SLUICE_DOS_URL or SLUICE_PAS_URL, else the local stack',
    )
    .option('--json', 'one JSON object on standard output at the end')
    .addHelpText('after', EXAMPLES)
    .action(action(traffic));
}
