import { type Command, InvalidArgumentError } from 'commander';
import pc from 'picocolors';
import type { Config } from '../../app/config.ts';
import type { Figure } from '../../app/gates/measure.ts';
import { rehearseTables } from '../../app/migrate/rehearse.ts';
import { type Migrated, type MigrateProgress, migrateTables } from '../../app/migrate/run.ts';
import { findMigration } from '../../app/pipeline.ts';
import { SluiceError } from '../../core/index.ts';
import { progressLine } from '../../rehearsal/index.ts';
import { action, configOf } from '../context.ts';
import { EXIT } from '../failure.ts';
import { duration, printJson, printTable } from '../print.ts';
import { recorded } from '../recorded.ts';
import { stopSignal } from '../stop-signal.ts';

interface MigrateOptions {
  readonly table?: string;
  readonly batch: number;
  readonly dryRun?: boolean;
  readonly resume?: boolean;
  readonly without: readonly string[];
  readonly json?: boolean;
}

const HELP = `
Rows are read in batches, in the order of their keys, each batch as it is at one moment, by sessions that are read only. They
are landed as the stream's are, but below anything that came through it, derived by the same rules and sent. So it can
run before the stream, beside it, and after it; the stream's rows are never replaced. Stopped or killed, --resume goes on; run
again without, it begins anew, and what is there and right is left as it is.

--dry-run does all of it in a ledger and schemas of its own in the service database, says what came of it and what would
change, and drops them. Nothing is sent.

Exit codes: 0 done, 1 something is parked or was not sent, or it was stopped, 2 wrong call or setting.`;

export function registerMigrateCommand(program: Command): void {
  program
    .command('migrate')
    .description('read all source tables in batches and bring them over, beside the stream')
    .argument('<migration>', 'supabase; of dos see `sluice dos migrate`')
    .option('--table <name>', 'one table, with or without its schema')
    .option('--batch <rows>', 'rows read and landed at once', wholeNumber, 500)
    .option('--dry-run', 'say what would come of it, and change nothing')
    .option('--resume', 'go on with the run that was stopped or killed')
    .option('--without <stores...>', 'leave documents of these stores to be sent later, e.g. fhir', [])
    .option('--json', 'one JSON line')
    .addHelpText('after', HELP)
    .action(action(migrate));
}

async function migrate(migration: string, options: MigrateOptions): Promise<number> {
  if (migration !== 'supabase')
    throw new SluiceError(
      'CONFIG_INVALID',
      `${migration} is not migrated in batches; supabase is, and dos by \`sluice dos migrate\``,
    );
  const config = configOf();
  const line = progressLine(process.stderr);
  const startedMs = performance.now();
  const stop = stopSignal();
  const run = {
    migration,
    table: options.table,
    batchRows: options.batch,
    without: options.without,
    signal: stop.signal,
    onProgress: (at: MigrateProgress) => line.show(shareOf(at), spoken(at, (performance.now() - startedMs) / 1000)),
  };
  try {
    const done = options.dryRun
      ? await rehearseTables(config, run)
      : { ...(await migrateTables(config, { ...run, resume: options.resume === true })), changes: null };
    line.end();
    if (options.dryRun && options.table === undefined && !done.stopped)
      await recorded(config, { migration, source: 'migrate dry-run' }, rehearsedFigures(config, migration, done));
    if (options.json) printJson({ dryRun: options.dryRun === true, ...done });
    else {
      printDone(done);
      if (done.changes !== null)
        printTable(
          ['target', 'live', 'would be', 'new', 'differs', 'not made'],
          done.changes.map((one) => [one.target, one.live, one.shadow, one.onlyShadow, one.different, one.onlyLive]),
        );
    }
    const owing = done.flows.some(
      ({ parked, toSend }) => parked > 0 || (toSend > 0 && !options.dryRun && options.without.length === 0),
    );
    return owing || done.stopped ? EXIT.failure : EXIT.ok;
  } finally {
    line.end();
    stop.release();
  }
}

/** Tables that were read to their end, of all that are mapped, and what was parked of their rows. */
function rehearsedFigures(config: Config, migration: string, { tables, flows }: Migrated): readonly Figure[] {
  const mapped = findMigration(config, migration).tables;
  const covered = mapped.filter(({ name }) => tables.some(({ table }) => table === name)).length;
  const sample = tables.reduce((sum, { read }) => sum + read, 0);
  const evidence = { sample, coverage: mapped.length === 0 ? 0 : covered / mapped.length };
  const parked = flows.reduce((sum, flow) => sum + flow.parked, 0);
  return [
    { figure: 'dryRun.tablesUncovered', value: mapped.length - covered, ...evidence },
    { figure: 'dryRun.parked', value: parked, ...evidence },
  ];
}

const shareOf = ({ stage, done, of }: MigrateProgress): number | null =>
  stage === 'read' && of > 0 ? done / of : null;

function spoken({ stage, table, done, of, parked }: MigrateProgress, seconds: number): string {
  if (stage === 'derive') return `derived ${done} roots, ${parked} parked`;
  if (stage === 'deliver') return `${done} documents to send, ${parked} parked`;
  const rate = done / Math.max(seconds, 0.001);
  return `${table}: ${done} of ${of} rows, ${Math.round(rate)}/s, ${duration(Math.max(0, of - done) / Math.max(rate, 0.1))} left, ${parked} parked`;
}

function printDone({ tables, flows, stopped }: Migrated): void {
  printTable(
    ['table', 'read', 'landed', 'known', 'gone at the source'],
    tables.map(({ table, read, landed, known, ended }) => [table, read, landed, known, ended]),
  );
  printTable(
    ['flow', 'documents', 'parked', 'waiting', 'to send', 'issues'],
    flows.map(({ flow, documents, parked, waiting, toSend, issues }) => [
      flow,
      documents,
      parked,
      waiting,
      toSend,
      Object.entries(issues)
        .map(([code, n]) => `${code} ${n}`)
        .join(', ') || '-',
    ]),
  );
  if (stopped) process.stdout.write(`${pc.yellow('stopped')} --resume goes on\n`);
}

function wholeNumber(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) throw new InvalidArgumentError('not a number of rows');
  return number;
}
