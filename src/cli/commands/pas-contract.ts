import { writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import pc from 'picocolors';
import { type HouseContract, loadHouseContract } from '../../app/pas/house-contract.ts';
import { csvLine, SluiceError } from '../../core/index.ts';
import { checkContract, type Proposal, proposeField, proposeRows, tablesRead } from '../../migrations/pas/index.ts';
import { action } from '../context.ts';
import { EXIT } from '../failure.ts';
import { printJson, printTable } from '../print.ts';
import { countClasses, describePlan, describeRows } from './pas-contract-view.ts';

interface ContractOptions {
  readonly catalog?: string;
  readonly contract?: string;
  readonly json?: boolean;
  readonly field?: string;
  readonly table?: string;
  readonly out?: string;
}

export function registerPasContractCommands(pas: Command): void {
  const contract = pas.command('contract').description('what becomes of every field of 18.4, and from where');
  const placed = (command: Command): Command =>
    command
      .option('--contract <dir>', 'another contract folder; ours where it is not named')
      .option('--catalog <dir>', "a hospital's own catalogue; ours where it is not named")
      .option('--json', 'one JSON line');

  placed(
    contract.command('ls').description('the tables with their drivers, and how many fields are filled in which way'),
  ).action(action(async (options: ContractOptions) => list(load(options), options)));

  placed(
    contract
      .command('show')
      .description('plan and field rows of a table')
      .argument('<table>', 'LOAD_PMI, ...')
      .option('--field <name>', 'only this field'),
  ).action(
    action(async (table: string, options: ContractOptions) => {
      const { contract } = load(options);
      const plan = contract.plans.get(table);
      if (!plan) throw new SluiceError('CONFIG_INVALID', `the contract has no table ${table}`);
      const rows = (contract.fields.get(table) ?? []).filter(
        ({ field }) => options.field === undefined || field === options.field,
      );
      if (rows.length === 0) throw new SluiceError('CONFIG_INVALID', `${table} has no field ${options.field}`);
      if (options.json) printJson({ plan, fields: rows });
      else process.stdout.write(`${options.field === undefined ? describePlan(plan) : ''}${describeRows(rows)}`);
      return EXIT.ok;
    }),
  );

  placed(
    contract.command('sources').description('the source tables the contract reads: what an extract must bring'),
  ).action(action(async (options: ContractOptions) => sources(load(options), options)));

  placed(
    contract
      .command('check')
      .description(
        'every table, field, type, length, join, key and crosswalk against the catalogues; exit code 1 on errors',
      ),
  ).action(
    action(async (options: ContractOptions) => {
      const { contract, catalogue, hashes } = load(options);
      const findings = checkContract(contract, catalogue);
      const errors = findings.filter(({ severity }) => severity === 'ERROR').length;
      const fields = [...contract.fields.values()].reduce(
        (sum, rows) => sum + new Set(rows.map((r) => r.field)).size,
        0,
      );
      if (options.json)
        printJson({ contract: contract.name, version: contract.version, hashes, fields, errors, findings });
      else {
        for (const { severity, kind, table, field, message } of findings) {
          const mark = severity === 'ERROR' ? pc.red('error') : pc.yellow('warning');
          process.stdout.write(`${mark} ${kind} ${[table, field].filter(Boolean).join('.')} ${message}\n`);
        }
        process.stdout.write(
          `${contract.name} ${contract.version}: ${contract.plans.size} tables, ${fields} fields, ${catalogue.edges.length} foreign keys, ${contract.crosswalks.size} crosswalks; ${errors} errors, ${findings.length - errors} warnings\n`,
        );
      }
      return errors > 0 ? EXIT.failure : EXIT.ok;
    }),
  );

  placed(
    contract
      .command('propose')
      .description('candidates for rows a catalogue cannot serve, for a person to review; nothing is changed')
      .option('--table <table>', 'candidates for every field of this table that nothing fills')
      .option('--field <name>', 'with --table: candidates for this field')
      .option('--out <file>', 'write the candidates as CSV'),
  ).action(action(async (options: ContractOptions) => propose(load(options), options)));
}

const load = (options: ContractOptions): HouseContract =>
  loadHouseContract({ catalogue: options.catalog, contract: options.contract });

function list({ contract }: HouseContract, options: ContractOptions): number {
  const tables = [...contract.plans.values()].map((plan) => ({
    table: plan.table,
    domain: plan.domain,
    order: plan.order,
    drivers: [...new Set(plan.feeds.map(({ driver }) => driver))],
    feeds: plan.feeds.map(({ name }) => name),
    ...countClasses(contract.fields.get(plan.table) ?? []),
  }));
  if (options.json) printJson(tables);
  else {
    printTable(
      [
        '',
        'table',
        'driver',
        'feeds',
        'fields',
        'filled',
        'direct',
        'derived',
        'lookup',
        'surrogate',
        'reference',
        'out',
      ],
      tables.map((t) => [
        t.order,
        t.table,
        t.drivers.join(', '),
        t.feeds.length,
        t.fields,
        t.filled,
        t.classes.DIRECT_SOURCE,
        t.classes.DERIVED,
        t.classes.LOOKUP_TRANSLATION,
        t.classes.SURROGATE_ETL,
        t.classes.REFERENCE_MASTER_FEED,
        t.classes.OUT_OF_SCOPE,
      ]),
    );
    const sum = (of: 'fields' | 'filled'): number => tables.reduce((n, t) => n + t[of], 0);
    process.stdout.write(`${tables.length} tables, ${sum('fields')} fields, ${sum('filled')} of them filled\n`);
  }
  return EXIT.ok;
}

function sources({ contract, catalogue }: HouseContract, options: ContractOptions): number {
  const tables = [...tablesRead(contract)]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([table, use]) => ({
      table,
      use,
      core: catalogue.sourceTables.get(table)?.core === true,
      columns: catalogue.sourceFields.get(table)?.size ?? 0,
    }));
  if (options.json) printJson(tables);
  else {
    printTable(
      ['table', 'read as', 'core', 'columns'],
      tables.map(({ table, use, core, columns }) => [table, use, core ? 'yes' : '-', columns]),
    );
    const more = tables.filter(({ core }) => !core).length;
    process.stdout.write(`${tables.length} tables, ${more} of them beyond the 38 of every extract\n`);
  }
  return EXIT.ok;
}

function propose({ contract, catalogue }: HouseContract, options: ContractOptions): number {
  const { table, field } = options;
  if (table === undefined && field !== undefined) throw new SluiceError('CONFIG_INVALID', '--field needs --table');
  if (table !== undefined && !contract.plans.has(table))
    throw new SluiceError('CONFIG_INVALID', `the contract has no table ${table}`);
  const proposed = table === undefined ? proposeRows(contract, catalogue, loadHouseContract().catalogue) : null;
  const unfilled = (contract.fields.get(table ?? '') ?? []).filter(({ rule }) => rule.kind === 'none');
  const fields = field === undefined ? [...new Set(unfilled.map((row) => row.field))] : [field];
  const candidates: readonly Proposal[] =
    proposed?.open.flatMap(({ candidates }) => candidates) ??
    fields.flatMap((name) => proposeField(contract, catalogue, table ?? '', name));
  if (options.out !== undefined) writeFileSync(options.out, candidatesCsv(candidates));
  if (options.json) printJson({ kept: proposed?.kept, open: proposed?.open, candidates });
  else {
    if (proposed) {
      process.stdout.write(`${proposed.kept} rows stay as they are, ${proposed.open.length} read what is not there\n`);
      for (const { row, missing, candidates } of proposed.open)
        if (candidates.length === 0)
          process.stdout.write(
            `${pc.red('open')} ${row.table}.${row.field}: ${missing.join(', ')} is missing, no candidate\n`,
          );
    }
    for (const { table, field, feed, source, confidence, reason } of candidates)
      process.stdout.write(
        `${pc.yellow(confidence.padEnd(6))} ${table}.${field} (${feed}) <- ${source.table}.${source.field} via ${source.row || 'nothing yet'}\n       ${pc.dim(reason)}\n`,
      );
    process.stdout.write(
      `${candidates.length} candidates, none approved${options.out ? `; written to ${options.out}` : ''}\n`,
    );
  }
  return proposed?.open.some(({ candidates }) => candidates.length === 0) ? EXIT.failure : EXIT.ok;
}

function candidatesCsv(candidates: readonly Proposal[]): string {
  const head = ['table', 'column', 'feed', 'source', 'via', 'confidence', 'review', 'reason'];
  const lines = candidates.map(({ table, field, feed, source, confidence, reason }) =>
    csvLine([table, field, feed, `${source.table}.${source.field}`, source.row, confidence, 'DRAFT', reason]),
  );
  return [csvLine(head), ...lines].join('');
}
