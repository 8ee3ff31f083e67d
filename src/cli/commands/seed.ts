import { Argument, type Command, InvalidArgumentError, Option } from 'commander';
import pc from 'picocolors';
import { rehearsalStaging } from '../../app/pas/staging/rehearsal.ts';
import {
  DEFAULT_DIRTY,
  DIRTY_KINDS,
  parseAddress,
  progressLine,
  type SeedOptions,
  type SeedReport,
  type SourceAddress,
  seedDos,
  seedPas,
  seedSupabase,
} from '../../rehearsal/index.ts';
import { action, configOf } from '../context.ts';
import { EXIT } from '../failure.ts';
import { duration, masked, printJson, renderTable } from '../print.ts';
import { share } from '../share.ts';
import { stopSignal } from '../stop-signal.ts';

interface SeedCommandOptions {
  readonly rows: number;
  readonly seed: bigint;
  readonly dirty: number;
  readonly url?: string;
  readonly json?: boolean;
}

const EXAMPLES = `
Examples:
  sluice seed supabase                           1,000 submissions and what belongs to them
  sluice seed supabase --rows 100000             about 470,000 rows
  sluice seed supabase --rows 5000 --seed 7 --dirty 0.1
  sluice seed dos --rows 200                     200 services of a Directory of Services
  sluice seed pas --rows 500 --dirty 0.1         500 patients of V83, a tenth of whose rows have something wrong
  sluice seed supabase --url postgres://me@db.example.org:5432/supabase

The same seed makes the same rows: run again it adds only what is missing, and with more --rows it goes on from
where it was. Nobody in these rows exists: NHS numbers are of the test range 999, telephones of the ranges kept for
drama, addresses at example.org. A database that holds
submissions, services or patients no seed made is refused.

Exit codes: 0 all rows are there, 1 failed or stopped half-way, 2 wrong call or setting.`;

function wholeNumber(text: string): number {
  const value = Number(text.replaceAll('_', '').replaceAll(',', ''));
  if (!Number.isSafeInteger(value) || value < 0) throw new InvalidArgumentError('A whole number, please.');
  return value;
}

export function seedNumber(text: string): bigint {
  if (!/^\d{1,20}$/.test(text) || BigInt(text) >= 2n ** 64n)
    throw new InvalidArgumentError('A whole number from 0 to 2^64 - 1, please.');
  return BigInt(text);
}

function printReport(report: SeedReport, { allDirt = false }: Seed): void {
  const rows = report.tables.map(({ table, made, inserted }) => [table, made, inserted, made - inserted]);
  process.stdout.write(`${renderTable(['table', 'rows', 'added', 'there before'], rows)}\n\n`);
  const dirty: readonly string[] = DIRTY_KINDS;
  const drawn = Object.entries(report.oddities).sort((x, y) => y[1] - x[1]);
  for (const [title, wanted] of [
    ['odd but right', false],
    ['false on purpose', true],
  ] as const) {
    const list = drawn
      .filter(([name]) => (allDirt || dirty.includes(name)) === wanted)
      .map(([name, count]) => `${name} ${count}`);
    process.stdout.write(`${pc.bold(title)}  ${list.join(', ') || 'none'}\n`);
  }
  const pace = Math.round(report.rows / Math.max(report.seconds, 0.001)).toLocaleString('en-GB');
  process.stdout.write(`${report.rows} rows in ${duration(report.seconds)}, ${pace} a second\n`);
}

interface Seed {
  readonly seed: (address: SourceAddress, options: SeedOptions & { readonly dirty: number }) => Promise<SeedReport>;
  readonly rows: string;
  /** everything out of the ordinary is false on purpose */
  readonly allDirt?: boolean;
}

/** What a source is filled by, and what its main rows are called. */
export const SEEDS = {
  supabase: { seed: seedSupabase, rows: 'submissions' },
  dos: { seed: seedDos, rows: 'services' },
  pas: { seed: (address, options) => seedPas(address, rehearsalStaging(), options), rows: 'patients', allDirt: true },
} as const satisfies Readonly<Record<string, Seed>>;

async function seed(migration: keyof typeof SEEDS, options: SeedCommandOptions): Promise<number> {
  const url = options.url ?? configOf().sourceUrl(migration);
  const source: Seed = SEEDS[migration];
  const line = progressLine(process.stderr);
  const stop = stopSignal();
  if (!options.json) process.stderr.write(`seed ${options.seed} into ${masked(url)}\n`);
  try {
    const report = await source.seed(parseAddress(url), {
      rows: options.rows,
      seed: options.seed,
      dirty: options.dirty,
      signal: stop.signal,
      onProgress: (at) => line.show(at.done / at.of, `${at.done} of ${at.of} ${source.rows}, ${at.rows} rows in all`),
    });
    line.end();
    if (options.json) printJson({ seed: options.seed, ...report });
    else printReport(report, source);
    if (report.stopped) process.stderr.write('stopped before the end; run it again to add the rest\n');
    return report.stopped ? EXIT.failure : EXIT.ok;
  } finally {
    line.end();
    stop.release();
  }
}

export function registerSeedCommand(program: Command): void {
  program
    .command('seed')
    .description('makes a source database and fills it with people who do not exist')
    .addArgument(new Argument('<migration>', 'whose source').choices(Object.keys(SEEDS)))
    .option('--rows <n>', 'submissions, services or patients; the other tables follow in proportion', wholeNumber, 1000)
    // its default in words: commander would write a bigint as JSON, which cannot be
    .addOption(new Option('--seed <n>', 'decides what is made').argParser(seedNumber).default(1n, '1'))
    .option(
      '--dirty <share>',
      'share of submissions (supabase) or rows (pas) with something false in them',
      share,
      DEFAULT_DIRTY,
    )
    .option(
      '--url <url>',
      'the source database; else SLUICE_SUPABASE_URL, SLUICE_DOS_URL or SLUICE_PAS_URL, else the local stack',
    )
    .option('--json', 'one JSON object on standard output')
    .addHelpText('after', EXAMPLES)
    .action(action(seed));
}
