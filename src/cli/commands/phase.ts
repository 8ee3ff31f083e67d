import type { Command } from 'commander';
import pc from 'picocolors';
import { systemClock } from '../../app/clock.ts';
import {
  approvePhase,
  moveBack,
  phaseState,
  phaseSteps,
  requestPhase,
  requirePhases,
  type Step,
} from '../../app/gates/phase.ts';
import { openGateRecords } from '../../app/gates/records.ts';
import { requireReason } from '../../app/gates/sign-off.ts';
import type { GateRecord } from '../../core/index.ts';
import { action, operatorName, withPipeline } from '../context.ts';
import { EXIT } from '../failure.ts';
import { printJson, printTable } from '../print.ts';
import { reportsOf } from './gates.ts';
import { sayRecord } from './gates-records.ts';

const HELP = `
foundation, read-parity, write-strangler, full-cutover, decommission. One asks for the next; it is entered when somebody else
approves, the set of the present phase is a PASS now, and a PASS of the last 24 hours has the name of somebody else under it
(\`sluice gates check\`, \`sluice gates sign-off\`). Going back asks for nothing but a name and a reason.

Exit codes: 0 done, 1 failed, 2 refused, saying what is missing, or a wrong call.`;

interface MoveOptions {
  readonly by?: string;
  readonly reason: string;
  readonly to?: string;
  readonly json?: boolean;
}

export function registerPhaseCommands(program: Command): void {
  const phase = program
    .command('phase')
    .description('which phase a migration is in, and moving it on or back')
    .addHelpText('after', HELP);

  phase
    .command('show')
    .description('where it is, and what was asked for')
    .argument('<migration>')
    .option('--json', 'one JSON line')
    .action(action(show));

  phase
    .command('history')
    .description('all moves and requests, newest first')
    .argument('<migration>')
    .option('--json', 'one JSON line')
    .action(action(history));

  moving(phase.command('request').description('ask for the next phase')).action(
    action((migration: string, options: MoveOptions) => move(migration, options, requestPhase)),
  );
  moving(phase.command('approve').description('move on to the phase that somebody else has asked for')).action(
    action((migration: string, options: MoveOptions) =>
      move(migration, options, (step) => approvePhase(step, reportsOf({}))),
    ),
  );
  moving(phase.command('back').description('go back to an earlier phase'))
    .requiredOption('--to <phase>', 'the phase to go back to')
    .action(
      action((migration: string, options: MoveOptions) =>
        move(migration, options, (step) => moveBack(step, options.to ?? '')),
      ),
    );
}

const moving = (command: Command): Command =>
  command
    .argument('<migration>')
    .requiredOption('--reason <text>', 'why')
    .option('--by <name>', 'who does it (default: the login name)')
    .option('--json', 'one JSON line');

async function move(
  migration: string,
  { by, reason, json }: MoveOptions,
  work: (step: Step) => Promise<GateRecord>,
): Promise<number> {
  requirePhases(migration);
  const record = await withPipeline(migration, { needsSchemas: false }, (open, config) =>
    work({
      config,
      pool: open.pool,
      migration,
      by: operatorName(by),
      reason: requireReason(reason),
      at: new Date(systemClock.now()).toISOString(),
    }),
  );
  sayRecord(record, json);
  return EXIT.ok;
}

async function show(migration: string, { json }: { json?: boolean }): Promise<number> {
  requirePhases(migration);
  const state = await withPipeline(migration, { needsSchemas: false }, (open, config) =>
    phaseState(openGateRecords(config, open.pool), open.migration.name),
  );
  if (json) printJson({ migration, ...state });
  else {
    const since = state.since === null ? 'from the beginning' : `since ${state.since}`;
    process.stdout.write(`${migration} is in ${pc.bold(state.phase)}, ${since}\n`);
    if (state.requested !== null)
      process.stdout.write(`${state.requested.to} was asked for by ${state.requested.by} at ${state.requested.at}\n`);
  }
  return EXIT.ok;
}

async function history(migration: string, { json }: { json?: boolean }): Promise<number> {
  requirePhases(migration);
  const steps = await withPipeline(migration, { needsSchemas: false }, (open, config) =>
    phaseSteps(openGateRecords(config, open.pool), open.migration.name),
  );
  if (json) printJson(steps);
  else
    printTable(
      ['record', 'at', 'what', 'from', 'to', 'by', 'asked for by', 'reason'],
      steps.map(({ seq, at, kind, subject, actor, requester, content }) => [
        seq,
        at,
        kind.slice('phase-'.length),
        String(content.from),
        subject,
        actor,
        requester ?? '-',
        String(content.reason),
      ]),
    );
  return EXIT.ok;
}
