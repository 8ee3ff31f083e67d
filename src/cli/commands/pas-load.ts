import { createWriteStream } from 'node:fs';
import { resolve } from 'node:path';
import { finished } from 'node:stream/promises';
import { type Command, Option } from 'commander';
import { systemClock } from '../../app/clock.ts';
import { loadHouseContract } from '../../app/pas/house-contract.ts';
import { csvFolder, ENCODINGS, type Encoding } from '../../app/pas/source-files.ts';
import { type LoadedTable, loadExtract } from '../../app/pas/staging/load.ts';
import { csvLine, SluiceError } from '../../core/index.ts';
import { STAGING_SCHEMA, stagingTables } from '../../migrations/pas/index.ts';
import { progressLine } from '../../rehearsal/index.ts';
import { action, configOf } from '../context.ts';
import { EXIT } from '../failure.ts';
import { duration, masked, printJson, renderTable } from '../print.ts';
import { stopSignal } from '../stop-signal.ts';

interface LoadCommandOptions {
  readonly dir: string;
  readonly db?: string;
  readonly dbSchema: string;
  readonly encoding: Encoding;
  readonly contract?: string;
  readonly catalog?: string;
  readonly table?: readonly string[];
  readonly rejects: string;
  readonly allowEmpty?: boolean;
  readonly json?: boolean;
}

const EXIT_CODES = `
A table is brought to what its file says: rows are inserted, changed and removed where they differ, and untouched where
they do not. Of a table with lines that cannot be read nothing is removed, as it may be one of those rows; a file
with a header and no rows leaves its table alone unless --allow-empty.

Exit codes: 0 every file that is there was taken whole, 1 lines or tables were refused, or stopped, 2 wrong call or setting.`;

export function registerPasLoadCommand(pas: Command): void {
  pas
    .command('load-extract')
    .description('CSV files of V83 into the PostgreSQL tables that are streamed; only what differs is written')
    .requiredOption('--dir <dir>', 'folder with one CSV file a source table')
    .option('--db <url>', 'the staging database (default: SLUICE_PAS_URL, or pas of the stack)')
    .option('--db-schema <name>', 'the schema of the tables, made when it is not there', STAGING_SCHEMA)
    .addOption(new Option('--encoding <name>', 'of the CSV files').choices([...ENCODINGS]).default('utf-8'))
    .option('--contract <dir>', 'another contract folder, which says what tables are needed')
    .option('--catalog <dir>', "a hospital's own catalogue, which says what columns they have")
    .option('--table <name...>', 'only these tables')
    .option('--rejects <file>', 'where lines that cannot be read are noted', 'load-rejects.csv')
    .option('--allow-empty', 'a file without rows empties its table')
    .option('--json', 'one JSON line that sums it up')
    .addHelpText('after', EXIT_CODES)
    .action(action(load));
}

async function load(options: LoadCommandOptions): Promise<number> {
  const { catalogue, contract } = loadHouseContract(options);
  const all = stagingTables(contract, catalogue);
  const wanted = options.table?.map((name) => name.toUpperCase());
  const unknown = wanted?.filter((name) => !all.some(({ table }) => table === name)) ?? [];
  if (unknown.length > 0) throw new SluiceError('CONFIG_INVALID', `the contract does not read ${unknown.join(', ')}`);
  const tables = all.filter(({ table }) => wanted === undefined || wanted.includes(table));
  const url = options.db ?? configOf().sourceUrl('pas');
  const extract = csvFolder(resolve(options.dir), options.encoding);
  const rejects = createWriteStream(resolve(options.rejects));
  rejects.write(csvLine(['table', 'line', 'reason']));
  const line = progressLine(process.stderr);
  const stop = stopSignal();
  const started = systemClock.now();
  try {
    const loaded = await loadExtract({
      extract,
      url,
      schema: options.dbSchema,
      tables,
      allowEmpty: options.allowEmpty === true,
      reject: (text) => void rejects.write(text),
      progress: (share, table, rows) => line.show(share, `${table}  ${rows.toLocaleString('en-GB')} rows`),
      cancelled: () => stop.signal.aborted,
      now: () => systemClock.now(),
    });
    line.end();
    const seconds = (systemClock.now() - started) / 1000;
    const summary = sumUp(loaded, seconds, stop.signal.aborted);
    if (options.json)
      printJson({ database: masked(url), schema: options.dbSchema, rejects: resolve(options.rejects), ...summary });
    else print(loaded, summary, resolve(options.rejects));
    return summary.whole ? EXIT.ok : EXIT.failure;
  } finally {
    line.end();
    stop.release();
    rejects.end();
    await finished(rejects);
    await extract.close();
  }
}

function sumUp(tables: readonly LoadedTable[], seconds: number, stopped: boolean) {
  const sum = (of: (table: LoadedTable) => number): number => tables.reduce((total, table) => total + of(table), 0);
  const read = sum((table) => table.read);
  return {
    rows: read,
    bad: sum(({ bad }) => bad),
    inserted: sum(({ inserted }) => inserted),
    updated: sum(({ updated }) => updated),
    deleted: sum(({ deleted }) => deleted),
    unchanged: sum(({ unchanged }) => unchanged),
    seconds,
    rows_per_second: Math.round(read / Math.max(seconds, 0.001)),
    whole: !stopped && tables.every(({ state, bad }) => state !== 'refused' && bad === 0),
    stopped,
    tables,
  };
}

function print(tables: readonly LoadedTable[], summary: ReturnType<typeof sumUp>, rejects: string): void {
  const out = (text: string): void => void process.stdout.write(`${text}\n`);
  const rows = tables
    .filter(({ state }) => state !== 'missing')
    .map((t) => [t.table, t.problem ?? t.state, t.read, t.inserted, t.updated, t.deleted, t.unchanged, t.bad, t.kept]);
  out(renderTable(['table', '', 'rows', 'inserted', 'updated', 'deleted', 'unchanged', 'bad', 'kept'], rows));
  const missing = tables.filter(({ state }) => state === 'missing').map(({ table }) => table);
  if (missing.length > 0) out(`\nnot in the extract, left as they are: ${missing.join(', ')}`);
  for (const { table, columnsMissing, columnsUnknown } of tables) {
    if (columnsMissing.length > 0) out(`${table}: columns missing, left blank: ${columnsMissing.join(', ')}`);
    if (columnsUnknown.length > 0) out(`${table}: columns no catalogue has, left out: ${columnsUnknown.join(', ')}`);
  }
  if (summary.bad > 0) out(`\n${summary.bad} lines cannot be read; they are in ${rejects}`);
  const pace = summary.rows_per_second.toLocaleString('en-GB');
  out(`\n${summary.rows.toLocaleString('en-GB')} rows in ${duration(summary.seconds)}, ${pace} a second`);
}
