import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadHouseContract } from '../../src/app/pas/house-contract.ts';
import { REJECT_HEADER } from '../../src/app/pas/transform.ts';
import { type ChangeEvent, csvLine, type Image, type JsonObject, type Operation } from '../../src/core/index.ts';
import { stagingTables, targetColumnsOf } from '../../src/migrations/pas/index.ts';
import { readCsv } from './pas-vectors.ts';

export const { catalogue, contract } = loadHouseContract();
export const staging = stagingTables(contract, catalogue);
const columns = targetColumnsOf(catalogue);
export const links = new Map(catalogue.edges.map(({ child, field, parent }) => [`${child}.${field}`, parent]));

/** A row as it would be in the staging schema. */
export interface StagedRow {
  readonly table: string;
  readonly key: string;
  readonly image: Image;
}

/** The rows of an extract as load-extract would stage them. */
export function stagedRows(folder: string): StagedRow[] {
  return staging.flatMap(({ name, table, columns: wanted, key }) => {
    let records: string[][] = [];
    try {
      records = readCsv(join(folder, `${table}.csv`));
    } catch {
      return [];
    }
    const [header = [], ...rows] = records;
    const at = new Map(header.map((column, i) => [column.toLowerCase(), i]));
    const seen = new Map<string, number>();
    return rows.map((cells) => {
      const image: Record<string, string | number | null> = {};
      for (const column of wanted) {
        const value = cells[at.get(column) ?? -1]?.trim() ?? '';
        image[column] = value === '' && !key.includes(column) ? null : value;
      }
      const values = key.map((column) => image[column] as string);
      const copy = (seen.get(values.join('|')) ?? 0) + 1;
      seen.set(values.join('|'), copy);
      image.sluice_copy = copy;
      return { table: `v83.${name}`, key: JSON.stringify([...values, copy]), image };
    });
  });
}

/** A change of a staged row, each later than the one before. */
export function changes(): (row: StagedRow, op?: Operation) => ChangeEvent {
  let at = 0n;
  return ({ table, key, image }, op = 'c') => {
    at += 1n;
    return {
      kind: 'change',
      table,
      key,
      op,
      after: op === 'd' ? null : image,
      before: op === 'd' ? image : null,
      unsent: [],
      position: { epoch: 1, phase: 1, a: at, b: at, txId: at, offset: at },
      sourceTime: '2026-11-21T08:00:00.000000Z',
      origin: null,
    };
  };
}

/** Rows that change, as the staging tables hold them, with the changes that who follows the tables sees. */
export class Staged {
  readonly #rows = new Map<string, StagedRow>();
  readonly #change = changes();
  readonly #apply: (event: ChangeEvent) => void;

  constructor(rows: readonly StagedRow[], apply: (event: ChangeEvent) => void) {
    this.#apply = apply;
    for (const row of rows) this.put(row);
  }

  put(row: StagedRow): void {
    const name = `${row.table} ${row.key}`;
    this.#apply(this.#change(row, this.#rows.has(name) ? 'u' : 'c'));
    this.#rows.set(name, row);
  }

  remove(row: StagedRow): void {
    this.#apply(this.#change(row, 'd'));
    this.#rows.delete(`${row.table} ${row.key}`);
  }

  rowsOf(table: string): StagedRow[] {
    return [...this.#rows.values()].filter((row) => row.table === `v83.${table.toLowerCase()}`);
  }

  /** A row with other values; where they are of its key, the old row goes and a new one comes, as PostgreSQL tells it. */
  change(row: StagedRow, values: Image): void {
    const image = { ...row.image, ...values };
    const key = keyOf(row.table, image);
    if (key !== row.key) this.remove(row);
    this.put({ table: row.table, key, image });
  }

  insert(table: string, values: Image): void {
    const image = { sluice_copy: 1, ...values };
    const name = `v83.${table.toLowerCase()}`;
    this.put({ table: name, key: keyOf(name, image), image });
  }

  /** The rows as an extract. */
  write(folder: string): void {
    mkdirSync(folder, { recursive: true });
    for (const { table, columns: names } of staging) {
      const rows = this.rowsOf(table).map(({ image }) => csvLine(names.map((name) => String(image[name] ?? ''))));
      writeFileSync(join(folder, `${table}.csv`), csvLine(names) + rows.join(''));
    }
  }
}

const keyOf = (table: string, image: Image): string => {
  const key = staging.find(({ name }) => `v83.${name}` === table)?.key ?? [];
  return JSON.stringify([...key.map((column) => image[column] ?? ''), image.sluice_copy ?? 1]);
};

/**
 * The 38 tables with each record number replaced by table, feed and source key of its row, rows sorted: the form in which
 * `byBusinessKey` has the files of a run.
 */
export function tablesByKey(read: (table: string) => readonly JsonObject[]): Map<string, string> {
  const keys = new Map<string, Map<string, string>>();
  for (const table of columns.keys())
    keys.set(
      table,
      new Map(read(table).map((row) => [String(row.record_number), `${row.sluice_feed}|${row.sluice_source_key}`])),
    );
  const written = new Map<string, string>();
  for (const [table, names] of columns) {
    const lines = read(table).map((row) =>
      csvLine(
        names.map(({ name }) => {
          const cell = row[name] === null || row[name] === undefined ? '' : String(row[name]);
          const parent = name === 'record_number' ? table : links.get(`${table}.${name}`);
          return parent === undefined || cell === '' ? cell : `${parent}|${keys.get(parent)?.get(cell) ?? '?'}`;
        }),
      ),
    );
    written.set(table, lines.sort().join(''));
  }
  return written;
}

const REJECT_COLUMNS = REJECT_HEADER.filter((column) => column !== 'event_position');

/** Rejects without their positions, sorted. */
export const rejectLines = (rows: readonly JsonObject[]): string[] =>
  rows.map((row) => csvLine(REJECT_COLUMNS.map((column) => String(row[column] ?? '')))).sort();

export function rejectsOfRun(outDir: string): string[] {
  const [header = [], ...rows] = readCsv(join(outDir, 'rejects.csv'));
  return rejectLines(rows.map((cells) => Object.fromEntries(header.map((name, i) => [name, cells[i] ?? '']))));
}
