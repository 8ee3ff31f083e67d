import { createCsvReader, SluiceError } from '../../core/index.ts';

/** A line of a sheet with a head. */
export interface SheetRow {
  /** File and line, for messages. */
  readonly place: string;
  /** The trimmed cell of that column. */
  get(column: string): string;
}

/**
 * Reads a small CSV file whole. `head` are the columns it must have; others are left alone.
 * @throws CONFIG_INVALID naming file and line
 */
export function readSheet(file: string, text: string, head: readonly string[]): SheetRow[] {
  let columns: Map<string, number> | null = null;
  const rows: SheetRow[] = [];
  const reader = createCsvReader({
    row(cells, line) {
      if (columns === null) {
        columns = headOf(file, cells, head);
        return;
      }
      const known = columns;
      if (cells.length !== known.size)
        throw new SluiceError(
          'CONFIG_INVALID',
          `${file} line ${line} has ${cells.length} cells, its head has ${known.size}`,
        );
      rows.push({
        place: `${file} line ${line}:`,
        get: (column) => (cells[known.get(column) ?? -1] ?? '').trim(),
      });
    },
    bad(line, problem) {
      throw new SluiceError('CONFIG_INVALID', `${file} line ${line} cannot be read as CSV (${problem})`);
    },
  });
  reader.push(text.startsWith('\ufeff') ? text.slice(1) : text);
  reader.end();
  if (columns === null) throw new SluiceError('CONFIG_INVALID', `${file} is empty`);
  return rows;
}

function headOf(file: string, cells: readonly string[], head: readonly string[]): Map<string, number> {
  const columns = new Map(cells.map((cell, index) => [cell.trim(), index]));
  if (columns.size !== cells.length) throw new SluiceError('CONFIG_INVALID', `${file} names a column twice`);
  const missing = head.filter((column) => !columns.has(column));
  if (missing.length > 0)
    throw new SluiceError('CONFIG_INVALID', `${file} lacks the column ${missing.join(', ')} in its first line`);
  return columns;
}
