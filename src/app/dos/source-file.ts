import { readFile } from 'node:fs/promises';
import { type Image, SluiceError } from '../../core/index.ts';
import type { SourceRows } from '../../migrations/dos/index.ts';

/**
 * Reads source rows from a file `{"table": [row, ...], ...}`. Throws CONFIG_INVALID; its words name places in the file
 * and hold nothing of it.
 */
export async function readRowsFile(path: string): Promise<SourceRows> {
  const text = await readFile(path, 'utf8').catch(() => {
    throw new SluiceError('CONFIG_INVALID', `--rows: ${path} cannot be read`);
  });
  return rowsOf(parsed(text));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new SluiceError('CONFIG_INVALID', '--rows: the file is not JSON');
  }
}

function rowsOf(value: unknown): SourceRows {
  if (!isObject(value)) throw new SluiceError('CONFIG_INVALID', '--rows: the file is no object of tables');
  for (const [name, rows] of Object.entries(value)) {
    const table = /^[a-z]{1,63}$/.test(name) ? name : 'a table';
    if (!Array.isArray(rows)) throw new SluiceError('CONFIG_INVALID', `--rows: ${table} is no list of rows`);
    const ids = new Set<unknown>();
    for (const [place, row] of rows.entries()) {
      const where = `--rows: ${table}, row ${place + 1}`;
      if (!isObject(row)) throw new SluiceError('CONFIG_INVALID', `${where} is no object`);
      if (!Number.isSafeInteger(row.id))
        throw new SluiceError('CONFIG_INVALID', `${where} has no id that is a whole number`);
      if (ids.has(row.id)) throw new SluiceError('CONFIG_INVALID', `${where} has the id of an earlier one`);
      ids.add(row.id);
    }
  }
  return value as SourceRows;
}

const isObject = (value: unknown): value is Image =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
