import { closeSync, existsSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { SluiceError } from '../../../core/index.ts';
import { type Limits, noSuchTable, type SourceConnector } from './connector.ts';

/** A `.json` file is read whole; larger ones are to be written a row a line. */
const WHOLE_BYTES = 64 << 20;
const HEAD_BYTES = 4 << 20;

const Row = z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]));

/** A folder with one file a table: `<TABLE>.ndjson` with an object a line, or `<TABLE>.json` with a list of objects. */
export function jsonSource(folder: string, limits: Limits): SourceConnector {
  if (!existsSync(folder)) throw new SluiceError('CONFIG_INVALID', `--json-dir: there is no folder ${folder}`);
  const files = readdirSync(folder).filter((name) => /\.(nd)?json$/i.test(name));
  const pathOf = new Map(files.map((name) => [name.replace(/\.(nd)?json$/i, '').toUpperCase(), join(folder, name)]));
  const read = (table: string): { columns: string[]; rows: string[][] } => {
    const path = pathOf.get(table);
    if (path === undefined) throw noSuchTable(table);
    const found = (/\.ndjson$/i.test(path) ? linesOf(path, limits.rows) : listIn(path)).slice(0, limits.rows);
    const rows = found.map((row, i) => {
      const parsed = Row.safeParse(row);
      if (!parsed.success)
        throw new SluiceError('CONFIG_INVALID', `${path}: row ${i + 1} is no object of texts, numbers and switches`);
      return parsed.data;
    });
    const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
    return { columns, rows: rows.map((row) => columns.map((name) => String(row[name] ?? ''))) };
  };
  return {
    name: `json:${folder}`,
    list: async () => [...pathOf].map(([table, path]) => ({ table, bytes: statSync(path).size })),
    describe: async (table) => read(table).columns.map((name) => ({ name, type: 'text' })),
    sample: async (table) => read(table),
    close: async () => undefined,
  };
}

function parse(text: string, place: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new SluiceError('CONFIG_INVALID', `${place} cannot be read as JSON`);
  }
}

function listIn(path: string): unknown[] {
  if (statSync(path).size > WHOLE_BYTES)
    throw new SluiceError('CONFIG_INVALID', `${path} is too large to be read at once; write it as .ndjson`);
  const list = parse(readFileSync(path, 'utf8'), path);
  if (!Array.isArray(list)) throw new SluiceError('CONFIG_INVALID', `${path} holds no list of rows`);
  return list;
}

function linesOf(path: string, rows: number): unknown[] {
  const file = openSync(path, 'r');
  try {
    const head = Buffer.alloc(Math.min(HEAD_BYTES, statSync(path).size));
    const size = readSync(file, head, 0, head.length, 0);
    const text = head.toString('utf8', 0, size);
    const lines = text.split('\n');
    // the last one may be cut off
    if (size === HEAD_BYTES) lines.pop();
    return lines
      .map((line, i) => ({ line, place: `${path}: line ${i + 1}` }))
      .filter(({ line }) => line.trim() !== '')
      .slice(0, rows)
      .map(({ line, place }) => parse(line, place));
  } finally {
    closeSync(file);
  }
}
