import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateFiles } from '../../src/app/pas/generate-files.ts';
import { planRun } from '../../src/app/pas/plan.ts';
import { type PasRunOptions, type PasRunOutcome, runPas } from '../../src/app/pas/run.ts';
import { csvFolder, type Extract } from '../../src/app/pas/source-files.ts';
import { csvLine } from '../../src/core/index.ts';
import { readCsv } from './pas-vectors.ts';

/** A folder of its own for a test file, removed by `done`. */
export function workFolder(): { readonly folder: string; place(name: string): string; done(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-pas-'));
  return { folder, place: (name) => join(folder, name), done: () => rmSync(folder, { recursive: true, force: true }) };
}

/** An extract of so many invented patients. */
/** The plan of our contract over no table in particular. */
export const housePlan = () =>
  planRun({
    mode: 'strict',
    on: '2026-11-21',
    testData: true,
    approvedOnly: false,
    contractPath: null,
    crosswalksFolder: null,
    policyFile: null,
    profile: 'development',
    tables: [],
  });

export function extractOf(folder: string, patients: number, dirty = 0, seed = 42) {
  return generateFiles(folder, { patients, seed, dirty }, () => undefined);
}

export function run(
  source: string | Extract,
  outDir: string,
  options: Partial<PasRunOptions> = {},
): Promise<PasRunOutcome> {
  let now = Date.UTC(2026, 10, 21);
  return runPas({
    extract: typeof source === 'string' ? csvFolder(source, 'utf-8') : source,
    outDir,
    keysDir: join(outDir, 'keys'),
    profile: 'development',
    mode: 'strict',
    testData: true,
    contractPath: null,
    crosswalksFolder: null,
    policyFile: null,
    minPatients: 1,
    rowCounts: new Map(),
    from: null,
    clock: { now: () => now++, sleep: async () => undefined },
    progress: () => undefined,
    cancelled: () => false,
    ...options,
  });
}

/** Rewrites the rows of one source table. */
export function rewrite(
  folder: string,
  table: string,
  change: (rows: string[][], header: string[]) => string[][],
): void {
  const path = join(folder, `${table}.csv`);
  const [header = [], ...rows] = readCsv(path);
  writeFileSync(path, [header, ...change(rows, header)].map(csvLine).join(''));
}

/** Sets a column of one row, the rows counted from 0. */
export function setCell(folder: string, table: string, row: number, column: string, value: string): void {
  rewrite(folder, table, (rows, header) => {
    const cells = rows[row];
    if (cells) cells[header.indexOf(column)] = value;
    return rows;
  });
}

export const targetFiles = (outDir: string): string[] => readdirSync(join(outDir, 'target')).sort();

/**
 * The 38 tables with each record number replaced by table, feed and source key of its row, rows sorted: what two runs
 * must share byte for byte, whatever numbers they gave.
 */
export function byBusinessKey(outDir: string, links: ReadonlyMap<string, string>): Map<string, string> {
  const keys = new Map<string, Map<string, string>>();
  for (const file of targetFiles(outDir)) {
    const table = file.slice(0, -4);
    const rows = readCsv(join(outDir, 'lineage', file)).slice(1);
    keys.set(table, new Map(rows.map(([number = '', feed, key]) => [number, `${feed}|${key}`])));
  }
  return new Map(
    targetFiles(outDir).map((file) => {
      const table = file.slice(0, -4);
      const [header = [], ...rows] = readCsv(join(outDir, 'target', file));
      const replaced = rows.map((cells) =>
        cells.map((cell, i) => {
          const column = header[i] ?? '';
          const parent = column === 'record_number' ? table : links.get(`${table}.${column}`);
          return parent === undefined || cell === '' ? cell : `${parent}|${keys.get(parent)?.get(cell) ?? '?'}`;
        }),
      );
      return [table, replaced.map(csvLine).sort().join('')];
    }),
  );
}
