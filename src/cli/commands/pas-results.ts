import { resolve } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import pc from 'picocolors';
import { systemClock } from '../../app/clock.ts';
import { explainCell } from '../../app/pas/explain.ts';
import { readQualityReport } from '../../app/pas/gate-report.ts';
import { readHistory } from '../../app/pas/history.ts';
import { judgeAgain, planOf, runIn } from '../../app/pas/run.ts';
import { compareSnapshots, keepSnapshot, listSnapshots, restoreSnapshot } from '../../app/pas/snapshots.ts';
import { SluiceError } from '../../core/index.ts';
import { action } from '../context.ts';
import { EXIT } from '../failure.ts';
import { printJson, printTable } from '../print.ts';
import { share } from '../share.ts';

interface Placed {
  readonly outDir: string;
  readonly json?: boolean;
}

const placed = (command: Command): Command =>
  command.requiredOption('--out-dir <dir>', 'the folder of the run').option('--json', 'one JSON line');

const say = (text: string): void => void process.stdout.write(`${text}\n`);

export function registerPasResultCommands(pas: Command): void {
  placed(
    pas
      .command('explain')
      .description('where a cell comes from: source, key, position, rule, crosswalk and contract version')
      .argument('<table>', 'e.g. LOAD_PMI')
      .argument('<record>', 'its record number')
      .argument('<field>', 'e.g. nhs_number'),
  ).action(
    action(async (table: string, record: string, field: string, { outDir, json }: Placed) => {
      const folder = resolve(outDir);
      const state = runIn(folder);
      const cell = explainCell(folder, planOf(state), state, [table, record, field]);
      if (json) printJson(cell);
      else {
        const { sources, ...rest } = cell;
        printTable(
          ['', ''],
          Object.entries(rest).map(([name, value]) => [name, value === null ? '-' : String(value)]),
        );
        printTable(
          ['source', 'read through', 'position'],
          sources.map((s) => [`${s.table}.${s.field}`, s.row, s.position || 'no row']),
        );
      }
      return EXIT.ok;
    }),
  );

  placed(
    pas
      .command('gates')
      .description('judges the run in a folder once more; exit code 1 when it fails')
      .requiredOption('--profile <name>', 'development, pre_production or cutover_ready'),
  ).action(
    action(async ({ outDir, profile, json }: Placed & { profile: string }) => {
      const gates = judgeAgain(resolve(outDir), profile, systemClock);
      if (json) printJson(gates);
      else {
        for (const { status, gate, message } of gates.checks)
          say(`${status === 'PASS' ? pc.green(status) : pc.red(status)} ${gate.padEnd(32)} ${message}`);
        say(`\n${gates.profile}: ${gates.status}`);
      }
      return gates.status === 'PASS' ? EXIT.ok : EXIT.failure;
    }),
  );

  placed(
    pas
      .command('history')
      .description('data quality from run to run')
      .option('--limit <n>', 'newest points', wholeNumber, 60),
  ).action(
    action(async ({ outDir, limit, json }: Placed & { limit: number }) => {
      const { points, damaged } = readHistory(resolve(outDir), limit);
      if (json) printJson({ points, damaged });
      else {
        printTable(
          ['when', 'event', 'profile', 'gate', 'errors', 'warnings', 'rejects', 'ratio'],
          points.map(({ ts_utc, event, profile, release_status, figures }) => [
            ts_utc,
            event,
            profile,
            release_status,
            ...['errors', 'warnings', 'rejects', 'populationRatio'].map((name) => String(figures?.[name] ?? '-')),
          ]),
        );
        if (damaged.length > 0)
          process.stderr.write(`history.ndjson is damaged and left out: line ${damaged.join(', line ')}\n`);
      }
      return EXIT.ok;
    }),
  );

  placed(
    pas
      .command('completeness')
      .description('how many rows of each table have a value of the source, field by field')
      .option('--table <name>', 'only of this table')
      .option('--below <share>', 'only fields the contract fills in fewer rows than this', share),
  ).action(
    action(async ({ outDir, table, below, json }: Placed & { table?: string; below?: number }) => {
      const quality = readQualityReport(resolve(outDir));
      if (!quality) throw new SluiceError('CONFIG_INVALID', `there is no readable quality.json in ${resolve(outDir)}`);
      const fields = quality.tables
        .filter((one) => table === undefined || one.table === table)
        .flatMap((one) => one.fields.map((field) => ({ table: one.table, rows: one.rows, ...field })))
        .filter(({ sourced, completeness }) => below === undefined || (sourced && (completeness ?? 1) < below));
      if (json) printJson(fields);
      else
        printTable(
          ['table', 'field', 'class', 'rows', 'filled', 'made up', 'completeness'],
          fields.map((f) => [
            f.table,
            f.field,
            f.class || '-',
            f.rows,
            f.filled,
            f.imputed + f.defaulted,
            f.completeness === null ? '-' : f.completeness.toFixed(4),
          ]),
        );
      return EXIT.ok;
    }),
  );

  registerSnapshots(pas.command('snapshot').description('runs kept aside'));
}

function registerSnapshots(snapshot: Command): void {
  placed(
    snapshot.command('keep').description('copies the run in a folder aside').option('--label <text>', 'what for', ''),
  ).action(
    action(async ({ outDir, label, json }: Placed & { label: string }) => {
      const { id, kept_at_utc } = keepSnapshot(resolve(outDir), label, systemClock.now());
      if (json) printJson({ id, kept_at_utc });
      else say(id);
      return EXIT.ok;
    }),
  );

  placed(snapshot.command('ls').description('what was kept')).action(
    action(async ({ outDir, json }: Placed) => {
      const all = listSnapshots(resolve(outDir));
      if (json) printJson(all.map(({ files: _, ...rest }) => rest));
      else
        printTable(
          ['snapshot', 'label', 'run', 'profile'],
          all.map((s) => [s.id, s.label, s.run_id, s.profile]),
        );
      return EXIT.ok;
    }),
  );

  placed(
    snapshot
      .command('compare')
      .description(
        'what differs between two of them, or one and the run there is `now`; exit code 3 when something does',
      )
      .argument('<left>')
      .argument('<right>'),
  ).action(
    action(async (left: string, right: string, { outDir, json }: Placed) => {
      const compared = compareSnapshots(resolve(outDir), left, right);
      const changed = compared.tables.filter(({ added, removed, changed: other }) => added + removed + other > 0);
      if (json) printJson(compared);
      else if (changed.length === 0) say('no row differs');
      else
        printTable(
          ['table', 'rows left', 'rows right', 'added', 'removed', 'changed'],
          changed.map((t) => [t.table, ...t.rows, t.added, t.removed, t.changed]),
        );
      return changed.length === 0 ? EXIT.ok : EXIT.drift;
    }),
  );

  placed(
    snapshot.command('restore').description('puts one back; the run there is is kept first').argument('<id>'),
  ).action(
    action(async (id: string, { outDir, json }: Placed) => {
      const { kept } = restoreSnapshot(resolve(outDir), id, systemClock.now());
      if (json) printJson({ restored: id, kept: kept.id });
      else say(`${id} is back; what was there is ${kept.id}`);
      return EXIT.ok;
    }),
  );
}

function wholeNumber(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError('A whole number, please.');
  return Number(text);
}
