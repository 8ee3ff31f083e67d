import { resolve } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { systemClock } from '../../app/clock.ts';
import { loadHouseContract } from '../../app/pas/house-contract.ts';
import { ENCODINGS, type Encoding } from '../../app/pas/source-files.ts';
import { checkSourceHealth } from '../../app/pas/sources/check.ts';
import { MOST_ROWS, type SourceConnector } from '../../app/pas/sources/connector.ts';
import { csvSource } from '../../app/pas/sources/csv.ts';
import { readDefinition, type SourceDefinition } from '../../app/pas/sources/definition.ts';
import { jsonSource } from '../../app/pas/sources/json.ts';
import { postgresSource } from '../../app/pas/sources/postgres.ts';
import { SluiceError } from '../../core/index.ts';
import { STAGING_SCHEMA, stagingTables, valueClass } from '../../migrations/pas/index.ts';
import { action } from '../context.ts';
import { EXIT } from '../failure.ts';
import { printJson, printTable } from '../print.ts';

interface SourceOptions {
  readonly dir?: string;
  readonly db?: string;
  readonly dbSchema: string;
  readonly jsonDir?: string;
  readonly definition?: string;
  readonly encoding: Encoding;
  readonly rows: number;
  readonly timeout: number;
  readonly values?: boolean;
  readonly json?: boolean;
}

export function registerPasSourceCommands(pas: Command): void {
  const source = pas
    .command('source')
    .description('looks at where V83 can be read: files, a database, a declared system');
  const placed = (command: Command): Command =>
    command
      .option('--dir <dir>', 'a folder of CSV files')
      .option('--db <url>', 'a PostgreSQL database, opened read only')
      .option('--db-schema <name>', 'the schema in it', STAGING_SCHEMA)
      .option('--json-dir <dir>', 'a folder of .json or .ndjson files')
      .option('--definition <file>', 'an ODBC or JDBC source that is declared: checked and described, never opened')
      .addOption(new Option('--encoding <name>', 'of the CSV files').choices([...ENCODINGS]).default('utf-8'))
      .option('--timeout <seconds>', 'how long an answer may take', whole(3_600), 30)
      .option('--rows <n>', `rows of a sample, ${MOST_ROWS} at most`, whole(MOST_ROWS), 10)
      .option('--json', 'one JSON line');

  placed(source.command('ls').description('the tables it has')).action(action(ls));
  placed(source.command('describe').description('the columns of a table').argument('[table]')).action(action(describe));
  placed(source.command('sample').description('the first rows of a table, as shapes of values').argument('<table>'))
    .option('--values', 'the values themselves: patients’ data on your screen')
    .action(action(sample));
  placed(
    source.command('check').description('whether it can be read and has what the contract needs; exit code 1 if not'),
  ).action(action(check));
}

function whole(most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < 1 || value > most)
      throw new InvalidArgumentError(`A whole number from 1 to ${most}, please.`);
    return value;
  };
}

function declared({ definition, dir, db, jsonDir }: SourceOptions): SourceDefinition | null {
  if ([definition, dir, db, jsonDir].filter((place) => place !== undefined).length !== 1)
    throw new SluiceError('CONFIG_INVALID', 'name one source: --dir, --db, --json-dir or --definition');
  return definition === undefined ? null : readDefinition(resolve(definition));
}

async function withSource(options: SourceOptions, work: (source: SourceConnector) => Promise<number>): Promise<number> {
  if (declared(options) !== null)
    throw new SluiceError(
      'CONFIG_INVALID',
      'a declared source is not opened: have its tables exported as CSV, and name that folder by --dir',
    );
  const limits = { rows: options.rows, seconds: options.timeout };
  const source =
    options.dir !== undefined
      ? csvSource(resolve(options.dir), options.encoding, limits, () => systemClock.now())
      : options.db !== undefined
        ? postgresSource(options.db, options.dbSchema, limits)
        : jsonSource(resolve(options.jsonDir ?? ''), limits);
  try {
    return await work(source);
  } finally {
    await source.close();
  }
}

const ls = (options: SourceOptions): Promise<number> =>
  withSource(options, async (source) => {
    const tables = [...(await source.list())].sort((a, b) => (a.table < b.table ? -1 : 1));
    if (options.json) printJson({ source: source.name, tables });
    else
      printTable(
        ['table', 'bytes'],
        tables.map(({ table, bytes }) => [table, bytes]),
      );
    return EXIT.ok;
  });

async function describe(table: string | undefined, options: SourceOptions): Promise<number> {
  const definition = declared(options);
  if (definition !== null) {
    if (options.json) printJson(definition);
    else
      printTable(
        ['', ''],
        Object.entries(definition).map(([name, value]) => [
          name,
          typeof value === 'object' ? JSON.stringify(value) : String(value),
        ]),
      );
    return EXIT.ok;
  }
  if (table === undefined) throw new SluiceError('CONFIG_INVALID', 'say which table');
  return withSource(options, async (source) => {
    const columns = await source.describe(table.toUpperCase());
    if (options.json) printJson({ source: source.name, table: table.toUpperCase(), columns });
    else
      printTable(
        ['column', 'type'],
        columns.map(({ name, type }) => [name, type]),
      );
    return EXIT.ok;
  });
}

const sample = (table: string, options: SourceOptions): Promise<number> =>
  withSource(options, async (source) => {
    const { columns, rows } = await source.sample(table.toUpperCase());
    const shown = rows.map((row) => row.map((cell) => (options.values ? cell : valueClass(cell))));
    if (options.json) printJson({ source: source.name, table: table.toUpperCase(), columns, rows: shown });
    else printTable(columns, shown);
    return EXIT.ok;
  });

async function check(options: SourceOptions): Promise<number> {
  const definition = declared(options);
  if (definition !== null) {
    if (options.json) printJson({ source: `${definition.kind}:${definition.name}`, declared: true, opened: false });
    else process.stdout.write(`${definition.kind}:${definition.name} is declared as it should be; it is not opened\n`);
    return EXIT.ok;
  }
  return withSource(options, async (source) => {
    const { catalogue, contract } = loadHouseContract();
    const health = await checkSourceHealth(source, stagingTables(contract, catalogue), () => systemClock.now());
    if (options.json) printJson(health);
    else {
      printTable(
        ['table', 'state', 'columns missing'],
        health.tables
          .filter(({ state }) => state !== 'ready')
          .map(({ table, state, columnsMissing }) => [table, state, columnsMissing.join(' ')]),
      );
      const ready = health.tables.filter(({ state }) => state === 'ready').length;
      process.stdout.write(`${ready} of ${health.tables.length} tables ready, in ${Math.round(health.ms)} ms\n`);
    }
    return health.healthy ? EXIT.ok : EXIT.failure;
  });
}
