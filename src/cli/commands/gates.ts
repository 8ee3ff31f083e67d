import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import pc from 'picocolors';
import { systemClock } from '../../app/clock.ts';
import { type Checked, checkAndKeep, checkProfile } from '../../app/gates/check.ts';
import type { JudgedClause } from '../../app/gates/judge.ts';
import type { Reports } from '../../app/gates/judges.ts';
import { PROFILES, type ToldClause, toldProfile } from '../../app/gates/profiles.ts';
import { type GateRecord, SluiceError } from '../../core/index.ts';
import { action, configOf, operatorName, withPipeline } from '../context.ts';
import { EXIT } from '../failure.ts';
import { printJson, printTable } from '../print.ts';
import { stopSignal } from '../stop-signal.ts';
import { runsFolder } from './dos-runs.ts';
import { registerGateRecordCommands } from './gates-records.ts';

const HELP = `
A gate is a list of clauses over figures that others have measured; figures that are missing, old, too few, or no numbers
fail. The phase sets of supabase look at windows of figures in the ledger, dos at the report of the newest full sync, the
profiles of pas at the run in --out-dir. Each check is kept, chained to the one before, and the head of the chain is written
to SLUICE_GATES_ANCHOR (else gates/anchor.ndjson in SLUICE_HOME). docs/gates.md has every clause, figure and limit.

Exit codes: 0 PASS, 1 FAIL, 2 wrong call or setting, an unknown profile too.`;

interface CheckOptions {
  readonly at?: string;
  readonly watch?: boolean;
  readonly by?: string;
  readonly runsDir?: string;
  readonly target: 'dynamodb' | 'files';
  readonly outDir?: string;
  readonly json?: boolean;
}

export function registerGatesCommands(program: Command): void {
  const gates = program
    .command('gates')
    .description('say from measured figures whether the next step may be taken')
    .addHelpText('after', HELP);

  gates
    .command('list')
    .description('all profiles and their clauses')
    .option('--json', 'one JSON line')
    .action(
      action(async ({ json }: { json?: boolean }) => {
        if (json) printJson(PROFILES);
        else
          printTable(
            ['profile', 'of', 'phase', 'clauses', 'without evidence as yet'],
            PROFILES.map(({ name, migration, phase, clauses }) => [
              name,
              migration,
              phase || '-',
              clauses.length,
              clauses.filter(({ recordedBy }) => recordedBy === null).length,
            ]),
          );
        return EXIT.ok;
      }),
    );

  gates
    .command('explain')
    .description('what a profile, or one of its clauses, asks for, and who records it')
    .argument('<profile>')
    .argument('[clause]')
    .option('--json', 'one JSON line')
    .action(action(explain));

  gates
    .command('check')
    .description('judge a profile now, and keep what was judged')
    .argument('<profile>', 'see `sluice gates list`')
    .option('--by <name>', 'who asks (default: the login name)')
    .option('--at <time>', 'as of an earlier moment, ISO UTC; nothing is kept then')
    .option('--watch', 'judge every 15 s until stopped; nothing is kept')
    .option(
      '--runs-dir <dir>',
      'dos: where reports of full syncs are kept; else SLUICE_DOS_RUNS, else dos-runs in SLUICE_HOME',
    )
    .addOption(
      new Option('--target <where>', 'dos: a sync into DynamoDB, or into files')
        .choices(['dynamodb', 'files'])
        .default('dynamodb'),
    )
    .option('--out-dir <dir>', 'pas: the folder of the run; else SLUICE_PAS_OUT')
    .option('--json', 'one JSON line')
    .action(action(check));

  registerGateRecordCommands(gates);
}

async function explain(name: string, clause: string | undefined, { json }: { json?: boolean }): Promise<number> {
  const profile = toldProfile(name);
  const clauses = profile.clauses.filter((one) => clause === undefined || one.clause === clause.toUpperCase());
  if (clauses.length === 0)
    throw new SluiceError(
      'CONFIG_INVALID',
      `${name} has no clause of that name; it has ${profile.clauses.map((one) => one.clause).join(', ')}`,
    );
  if (json) printJson({ ...profile, clauses });
  else for (const one of clauses) sayClause(one);
  return EXIT.ok;
}

function sayClause({ clause, says, figure, asks, evidence, recordedBy }: ToldClause): void {
  process.stdout.write(`${pc.bold(clause)} ${says}\n  ${figure} ${asks}${evidence === null ? '' : `: ${evidence}`}\n`);
  process.stdout.write(
    `  ${recordedBy === null ? pc.yellow('nobody records it: not built yet') : `recorded by ${recordedBy}`}\n`,
  );
}

/** Where reports are that profiles of dos and pas are judged by. */
export const reportsOf = (options: Partial<Pick<CheckOptions, 'runsDir' | 'target' | 'outDir'>>): Reports => ({
  runsFolder: runsFolder(options.runsDir === undefined ? {} : { runsDir: options.runsDir }),
  target: options.target ?? 'dynamodb',
  outDir: options.outDir === undefined ? configOf().reports.outDir : resolve(options.outDir),
});

function momentOf(text: string): number {
  const ms = Date.parse(text);
  if (Number.isNaN(ms) || !/(Z|[+-]\d\d:\d\d)$/.test(text))
    throw new SluiceError('CONFIG_INVALID', '--at must be a time with its zone, e.g. 2026-03-01T06:00:00Z');
  if (ms > systemClock.now()) throw new SluiceError('CONFIG_INVALID', '--at is a time to come');
  return ms;
}

async function check(name: string, options: CheckOptions): Promise<number> {
  const { migration } = toldProfile(name);
  const reports = reportsOf(options);
  const earlier = options.at === undefined ? null : momentOf(options.at);
  return withPipeline(migration, { needsSchemas: false }, async (open, config) => {
    if (options.watch) return watch(() => checkProfile(config, open.pool, { name, now: systemClock.now(), reports }));
    if (earlier !== null) {
      const checked = await checkProfile(config, open.pool, { name, now: earlier, reports });
      return say(checked, null, options.json);
    }
    const asked = { name, now: systemClock.now(), reports, actor: operatorName(options.by) };
    const { record, ...checked } = await checkAndKeep(config, open.pool, asked);
    return say(checked, record, options.json);
  });
}

async function watch(judge: () => Promise<Checked>): Promise<number> {
  const stop = stopSignal();
  let status: string = 'FAIL';
  try {
    while (!stop.signal.aborted) {
      const { judgement } = await judge();
      const failed = judgement.checks.filter((one) => one.status === 'FAIL').map(({ gate }) => gate);
      status = judgement.status;
      process.stdout.write(`${judgement.at} ${coloured(status)} ${failed.join(' ')}\n`);
      await systemClock.sleep(15_000, stop.signal);
    }
    return status === 'PASS' ? EXIT.ok : EXIT.failure;
  } finally {
    stop.release();
  }
}

const coloured = (status: string): string => (status === 'PASS' ? pc.green(status) : pc.red(status));

function say({ judgement, migration }: Checked, record: GateRecord | null, json: boolean | undefined): number {
  const { profile, status, at, checks, hashes } = judgement;
  const kept = record === null ? null : { seq: record.seq, hash: record.hash };
  if (json) printJson({ profile, migration, status, at, checks, hashes, record: kept });
  else {
    for (const one of checks) sayCheck(one);
    process.stdout.write(`\n${profile}: ${coloured(status)}\n`);
    if (kept !== null) process.stdout.write(`kept as record ${kept.seq}, ${kept.hash}\n`);
  }
  return status === 'PASS' ? EXIT.ok : EXIT.failure;
}

const sayCheck = ({ gate, status, message }: JudgedClause): void =>
  void process.stdout.write(`${coloured(status)} ${gate.padEnd(30)} ${message}\n`);
