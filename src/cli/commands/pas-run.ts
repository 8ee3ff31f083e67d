import { join, resolve } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import pc from 'picocolors';
import { systemClock } from '../../app/clock.ts';
import { generateFiles } from '../../app/pas/generate-files.ts';
import { readRowCounts } from '../../app/pas/row-counts.ts';
import { type PasRunOutcome, runPas } from '../../app/pas/run.ts';
import { type Mode, STEPS, type Step } from '../../app/pas/run-state.ts';
import { postgresSchema } from '../../app/pas/source-database.ts';
import { csvFolder, ENCODINGS, type Encoding, type Extract } from '../../app/pas/source-files.ts';
import { SluiceError } from '../../core/index.ts';
import { progressLine } from '../../rehearsal/index.ts';
import { action } from '../context.ts';
import { EXIT } from '../failure.ts';
import { printJson, renderTable } from '../print.ts';
import { share } from '../share.ts';
import { stopSignal } from '../stop-signal.ts';

interface RunOptions {
  readonly sourceDir?: string;
  readonly db?: string;
  readonly dbSchema: string;
  readonly encoding: Encoding;
  readonly outDir: string;
  readonly keysDir?: string;
  readonly profile: string;
  readonly mode: Mode;
  readonly contract?: string;
  readonly crosswalks?: string;
  readonly policy?: string;
  readonly minPatients: number;
  readonly rowCounts?: string;
  readonly testData?: boolean;
  readonly from?: Step;
  readonly resume?: boolean;
  readonly json?: boolean;
}

export function registerPasRunCommands(pas: Command): void {
  pas
    .command('run')
    .description('source tables to the 38 load files, with rejects, lineage, quality report and release gate')
    .option('--source-dir <dir>', 'folder with one CSV file a source table')
    .option('--db <url>', 'or a PostgreSQL database with the source tables, read only')
    .option('--db-schema <name>', 'the schema they are in', 'v83')
    .addOption(new Option('--encoding <name>', 'of the CSV files').choices([...ENCODINGS]).default('utf-8'))
    .requiredOption('--out-dir <dir>', 'where everything is written; made when it is not there')
    .option('--keys-dir <dir>', 'where record numbers are kept for ever (default: keys in --out-dir)')
    .requiredOption('--profile <name>', 'release gate: development, pre_production or cutover_ready')
    .addOption(
      new Option('--mode <mode>', 'impute: for development data only').choices(['strict', 'impute']).default('strict'),
    )
    .option(
      '--contract <path>',
      "a contract of one's own: a folder laid out like ours, or a CSV file in the older format",
    )
    .option('--crosswalks <dir>', 'pairs for the translations of a contract in the older format')
    .option('--policy <file>', 'overrides of single fields, signed and for a time')
    .option('--min-patients <n>', 'fewer patients than this in the extract are an error', wholeNumber, 1)
    .option('--row-counts <file>', 'rows each table was sent with, a CSV file: table,rows')
    .option('--test-data', 'the data is invented: NHS numbers from 999 are right')
    .addOption(new Option('--from <step>', 'do the run in --out-dir again from this step').choices([...STEPS]))
    .option('--resume', 'go on with the run in --out-dir where it stopped')
    .option('--json', 'one JSON line that sums it up')
    .addHelpText(
      'after',
      '\nExit codes: 0 the gate passes, 1 it fails or the run did, 2 wrong call or setting. docs/pas-run.md has the files.',
    )
    .action(action(run));

  pas
    .command('generate')
    .description('a V83 extract of invented patients, the same for the same seed')
    .requiredOption('--rows <n>', 'how many patients', wholeNumber)
    .option('--seed <n>', 'which of all possible ones', wholeNumber, 42)
    .option('--dirty <share>', 'share of rows with something wrong, 0 to 1', share, 0)
    .requiredOption('--out-dir <dir>', 'folder for the CSV files; made when it is not there')
    .option('--json', 'one JSON line with the rows of each table')
    .action(
      action(async (options: { rows: number; seed: number; dirty: number; outDir: string; json?: boolean }) => {
        const line = progressLine(process.stderr);
        const folder = resolve(options.outDir);
        const seed = { patients: options.rows, seed: options.seed, dirty: options.dirty };
        const made = generateFiles(folder, seed, (rows) => line.show(null, `${rows.toLocaleString('en-GB')} rows`));
        line.end();
        const rows = Object.values(made.tables).reduce((a, b) => a + b, 0);
        if (options.json) printJson({ folder, rows, ...made });
        else {
          const tables = Object.keys(made.tables).length;
          process.stdout.write(`${rows.toLocaleString('en-GB')} rows in ${tables} tables in ${folder}\n`);
          const dirty = Object.entries(made.dirty).sort(([a], [b]) => (a < b ? -1 : 1));
          if (dirty.length > 0) process.stdout.write(`${renderTable(['what is wrong', 'rows'], dirty)}\n`);
        }
        return EXIT.ok;
      }),
    );
}

async function run(options: RunOptions): Promise<number> {
  const extract = openExtract(options);
  const outDir = resolve(options.outDir);
  const stop = stopSignal();
  const line = progressLine(process.stderr);
  try {
    const outcome = await runPas({
      extract,
      outDir,
      keysDir: options.keysDir === undefined ? join(outDir, 'keys') : resolve(options.keysDir),
      profile: options.profile,
      mode: options.mode,
      testData: options.testData === true,
      contractPath: options.contract === undefined ? null : resolve(options.contract),
      crosswalksFolder: options.crosswalks === undefined ? null : resolve(options.crosswalks),
      policyFile: options.policy === undefined ? null : resolve(options.policy),
      minPatients: options.minPatients,
      rowCounts: options.rowCounts === undefined ? new Map() : readRowCounts(resolve(options.rowCounts)),
      from: options.resume ? 'resume' : (options.from ?? null),
      clock: systemClock,
      progress: (step, detail) => line.show(null, `${step}  ${detail}`),
      cancelled: () => stop.signal.aborted,
    });
    line.end();
    if (outcome.gates === null) {
      process.stderr.write(`stopped; go on with --resume\n`);
      return EXIT.failure;
    }
    if (options.json) printJson(summaryOf(outcome, outDir));
    else printOutcome(outcome, outDir);
    return outcome.gates.status === 'PASS' ? EXIT.ok : EXIT.failure;
  } finally {
    line.end();
    stop.release();
    await extract.close();
  }
}

function openExtract({ sourceDir, db, dbSchema, encoding }: RunOptions): Extract {
  if ((sourceDir === undefined) === (db === undefined))
    throw new SluiceError('CONFIG_INVALID', 'say where the source is: either --source-dir or --db');
  return sourceDir === undefined ? postgresSchema(db ?? '', dbSchema) : csvFolder(resolve(sourceDir), encoding);
}

const summaryOf = ({ state, quality, gates }: PasRunOutcome, outDir: string) => ({
  run_id: state.runId,
  out_dir: outDir,
  status: gates?.status,
  profile: gates?.profile,
  figures: quality?.figures ?? null,
  failed: gates?.checks.filter(({ status }) => status === 'FAIL') ?? [],
});

function printOutcome({ state, quality, gates }: PasRunOutcome, outDir: string): void {
  const out = (text: string): void => void process.stdout.write(`${text}\n`);
  if (quality) {
    const figure = (name: string): string => String(quality.figures[name] ?? '-');
    out(
      renderTable(
        ['domain', 'read', 'loaded', 'not meant', 'folded', 'same', 'rejected', 'held', 'unexplained'],
        quality.balance.map((b) => [
          b.domain,
          b.read,
          b.loaded,
          b.notMeant,
          b.folded,
          b.sameRow,
          b.rejected,
          b.quarantined,
          b.unexplained,
        ]),
      ),
    );
    const theirs = quality.reference;
    out(
      `\ncolumns with a value: ${figure('columnsPopulated')} of ${figure('columnsTotal')}, ratio ${figure('populationRatio')}; by the reference's definition ${theirs.columns_populated} of ${theirs.columns_total}, ${theirs.population_ratio} (the reference itself, strict: ${theirs.population_ratio_strict})`,
    );
    out(
      `cells filled where the contract has a source: ${percent(1 - Number(quality.figures.nullRate ?? 1))}; rows that lead to a patient: ${percent(Number(quality.figures.chainCompleteness ?? 0))}`,
    );
    out(
      `rows ${figure('rowsWritten')}, rejects ${figure('rejects')}, orphans ${figure('orphans')} over ${figure('edgesChecked')} edges, errors ${figure('errors')}, kinds of warning ${figure('warnings')}\n`,
    );
  }
  for (const check of gates?.checks ?? [])
    out(`${check.status === 'PASS' ? pc.green('PASS') : pc.red('FAIL')} ${check.gate.padEnd(32)} ${check.message}`);
  out(
    `\n${gates?.profile}: ${gates?.status === 'PASS' ? pc.green('PASS') : pc.red('FAIL')}   run ${state.runId}   ${outDir}`,
  );
}

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('A whole number, please.');
  return Number(text);
}
