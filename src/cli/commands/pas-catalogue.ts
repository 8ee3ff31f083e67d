import type { Command } from 'commander';
import pc from 'picocolors';
import { type HouseContract, loadCorrections, loadHouseContract } from '../../app/pas/house-contract.ts';
import { importOwnCatalogue } from '../../app/pas/own-catalogue.ts';
import { createCsvReader, SluiceError } from '../../core/index.ts';
import { action } from '../context.ts';
import { EXIT } from '../failure.ts';
import { printJson, printTable } from '../print.ts';

interface CatalogueOptions {
  readonly catalog?: string;
  readonly json?: boolean;
  readonly side?: string;
  readonly core?: boolean;
  readonly out?: string;
  readonly replace?: boolean;
}

export function registerPasCatalogueCommands(pas: Command): void {
  const catalog = pas.command('catalog').description('the dictionaries of both sides');

  catalog
    .command('ls')
    .description('the tables of one side')
    .option('--side <side>', 'source or target', 'target')
    .option('--core', 'of the source only the 38 tables every extract has')
    .option('--catalog <dir>', "a hospital's own catalogue; ours where it is not named")
    .option('--json', 'one JSON line')
    .action(action(async (options: CatalogueOptions) => list(load(options), options)));

  catalog
    .command('show')
    .description('the columns of a table, of either side')
    .argument('<table>', 'PATDATA, LOAD_PMI, ...')
    .option('--catalog <dir>', "a hospital's own catalogue; ours where it is not named")
    .option('--json', 'one JSON line')
    .action(action(async (table: string, options: CatalogueOptions) => show(load(options), table, options)));

  catalog
    .command('corrections')
    .description('what was wrong in the dictionaries, what it is now, and why')
    .argument('[table]', 'only of this table')
    .option('--json', 'one JSON line')
    .action(action(async (table: string | undefined, options: CatalogueOptions) => corrections(table, options)));

  catalog
    .command('import')
    .description("make a catalogue of a hospital's own V83 dictionary")
    .argument('<file>', 'CSV in UTF-8 with the headings table and column, and size and element where known')
    .option('--out <dir>', 'folder to write source-tables.csv and source-columns.csv to', 'pas-catalogue')
    .option('--replace', 'write over a catalogue that is there')
    .option('--json', 'one JSON line')
    .addHelpText('after', '\nThen: sluice pas contract check --catalog DIR; sluice pas contract propose --catalog DIR')
    .action(
      action(async (file: string, options: CatalogueOptions) => {
        const { catalogue } = loadHouseContract();
        const made = importOwnCatalogue(file, options.out ?? 'pas-catalogue', catalogue, {
          replace: options.replace === true,
        });
        if (options.json) printJson(made);
        else {
          process.stdout.write(`${pc.green('written')} ${made.written.join(', ')}\n`);
          process.stdout.write(`${made.tables} tables, ${made.columns} columns; against ours:\n`);
          for (const kind of ['TABLE_LESS', 'TABLE_MORE', 'COLUMN_LESS', 'COLUMN_MORE', 'SIZE', 'TYPE'] as const)
            process.stdout.write(
              `  ${kind.padEnd(12)} ${made.differences.filter((one) => one.kind === kind).length}\n`,
            );
        }
        return EXIT.ok;
      }),
    );
}

const load = (options: CatalogueOptions): HouseContract => loadHouseContract({ catalogue: options.catalog });

function list({ catalogue }: HouseContract, options: CatalogueOptions): number {
  if (options.side !== 'source' && options.side !== 'target')
    throw new SluiceError('CONFIG_INVALID', '--side must be source or target');
  if (options.side === 'source') {
    const tables = [...catalogue.sourceTables.values()]
      .filter(({ core }) => core || options.core !== true)
      .map((table) => ({ ...table, columns: catalogue.sourceFields.get(table.table)?.size ?? 0 }));
    if (options.json) printJson(tables);
    else {
      printTable(
        ['table', 'columns', 'one row for each', 'key', 'deleted by', 'core'],
        tables.map(({ table, columns, grain, key, deletedBy, core }) => [
          table,
          columns,
          grain,
          key.join(' ') || '-',
          deletedBy ?? '-',
          core ? 'yes' : '-',
        ]),
      );
      process.stdout.write(
        `${tables.length} tables, ${tables.reduce((sum, { columns }) => sum + columns, 0)} columns\n`,
      );
    }
    return EXIT.ok;
  }
  const tables = [...catalogue.targetFields].map(([table, fields]) => {
    const all = [...fields.values()];
    return {
      table,
      columns: all.length,
      fromGuide: all.filter(({ knownFrom }) => knownFrom === 'guide').length,
      fromData: all.filter(({ knownFrom }) => knownFrom === 'data').length,
      phantoms: all.filter(({ phantom }) => phantom).length,
      mandatory: all.filter(({ mandatory }) => mandatory).length,
      parents: all.flatMap(({ parent }) => parent ?? []),
    };
  });
  if (options.json) printJson(tables);
  else {
    printTable(
      ['table', 'columns', 'guide', 'data', 'phantom', 'mandatory', 'parents'],
      tables.map((t) => [
        t.table,
        t.columns,
        t.fromGuide,
        t.fromData,
        t.phantoms,
        t.mandatory,
        [...new Set(t.parents)].join(', ') || '-',
      ]),
    );
    const sum = (of: 'columns' | 'fromGuide' | 'fromData' | 'phantoms'): number =>
      tables.reduce((n, t) => n + t[of], 0);
    process.stdout.write(
      `${tables.length} tables, ${sum('columns')} columns (${sum('fromGuide')} of the guide, ${sum('fromData')} of the data), ${sum('phantoms')} phantoms, ${catalogue.edges.length} foreign keys\n`,
    );
  }
  return EXIT.ok;
}

function show({ catalogue }: HouseContract, table: string, options: CatalogueOptions): number {
  const source = catalogue.sourceFields.get(table);
  const target = catalogue.targetFields.get(table);
  if (source) {
    if (options.json) printJson({ ...catalogue.sourceTables.get(table), columns: [...source.values()] });
    else
      printTable(
        ['column', 'size', 'type', 'written', 'element', 'key'],
        [...source.values()].map((field) => [
          field.field,
          field.size ?? '-',
          field.type,
          field.format ?? '-',
          field.element || '-',
          catalogue.sourceTables.get(table)?.key.includes(field.field) ? 'key' : '-',
        ]),
      );
    return EXIT.ok;
  }
  if (!target) throw new SluiceError('CONFIG_INVALID', `neither catalogue has a table ${table}`);
  if (options.json) printJson({ table, columns: [...target.values()] });
  else
    printTable(
      ['column', 'listed as', 'type', 'length', 'mandatory', 'key', 'remark'],
      [...target.values()].map((field) => [
        field.field,
        field.listedAs === field.field ? '-' : field.listedAs,
        field.type,
        field.length ?? '-',
        field.mandatory ? 'yes' : '-',
        field.parent ?? field.key ?? '-',
        [
          ...(field.phantom ? ['phantom'] : []),
          ...(field.tornFrom === null ? [] : [`by its place of ${field.tornFrom}`]),
          ...(field.knownFrom === 'data' ? ['known from data'] : []),
        ].join(', ') || '-',
      ]),
    );
  return EXIT.ok;
}

function corrections(table: string | undefined, options: CatalogueOptions): number {
  const rows: string[][] = [];
  const reader = createCsvReader({ row: (cells) => void rows.push(cells), bad: () => undefined });
  reader.push(loadCorrections());
  reader.end();
  const [head = [], ...all] = rows;
  const meant = all.filter((cells) => table === undefined || cells[1] === table);
  if (options.json) printJson(meant.map((cells) => Object.fromEntries(head.map((name, i) => [name, cells[i] ?? '']))));
  else {
    for (const [, of, column, aspect, was, now, certainty, reason] of meant)
      process.stdout.write(
        `${of}${column ? `.${column}` : ''} ${pc.bold(aspect ?? '')}: ${was || '-'} -> ${now || '-'} ${pc.dim(`(${certainty})`)}\n  ${reason}\n`,
      );
    process.stdout.write(`${meant.length} corrections\n`);
  }
  return EXIT.ok;
}
