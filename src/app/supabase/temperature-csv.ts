import { createReadStream } from 'node:fs';
import { createCsvReader, type Image, SluiceError } from '../../core/index.ts';
import { ENTERED_COLUMNS, type EnteredReading, type Names, readEntered } from '../../migrations/supabase/index.ts';
import type { ReadingsIn } from './temperature-entry.ts';

/** A line that was not entered, and why; never what it holds. */
export interface RejectedLine {
  readonly line: number;
  /** CSV_…, MISFIT, NOT_UTF8, CONFLICT or NO_SUCH_ITEM */
  readonly problem: string;
  /** the columns that do not fit */
  readonly columns: readonly string[];
}

export interface ImportOptions {
  readonly file: string;
  readonly names: Names;
  readonly into: ReadingsIn;
  readonly batch: number;
  readonly onRejected: (rejected: RejectedLine) => void;
  readonly tell: (report: ImportReport) => void;
}

export interface ImportReport {
  readonly lines: number;
  readonly stored: number;
  readonly known: number;
  readonly rejected: number;
}

const REQUIRED = ['storage_location', 'recorded_at', 'temperature_c'];
const TRUE = /^(true|t|yes|y|1)$/i;
const FALSE = /^(false|f|no|n|0)$/i;

/** Enters the readings of a CSV file, batch by batch; run again it enters what is not there yet, and nothing twice. */
export async function importTemperatures(options: ImportOptions): Promise<ImportReport> {
  const { names, into, batch } = options;
  const count = { lines: 0, stored: 0, known: 0, rejected: 0 };
  let header: readonly string[] | null = null;
  let waiting: { line: number; reading: EnteredReading }[] = [];
  const reject = (line: number, problem: string, columns: readonly string[] = []): void => {
    count.rejected += 1;
    options.onRejected({ line, problem, columns });
  };
  const reader = createCsvReader({
    row(cells, line) {
      if (header === null) {
        header = headerOf(cells);
        return;
      }
      count.lines += 1;
      if (cells.length !== header.length) return reject(line, 'CSV_CELL_COUNT');
      if (cells.some((cell) => cell.includes('\ufffd'))) return reject(line, 'NOT_UTF8');
      const reading = readEntered(names, imageOf(header, cells));
      if ('misfits' in reading) return reject(line, 'MISFIT', reading.misfits);
      waiting.push({ line, reading });
    },
    bad(line, problem) {
      count.lines += 1;
      reject(line, problem);
    },
  });
  const flush = async (least: number): Promise<void> => {
    while (waiting.length > 0 && waiting.length >= least) {
      const some = waiting.slice(0, batch);
      waiting = waiting.slice(batch);
      const outcomes = await into.enter(some.map(({ reading }) => reading));
      some.forEach(({ line }, n) => {
        const outcome = outcomes[n];
        if (outcome === 'stored' || outcome === 'known') count[outcome] += 1;
        else reject(line, String(outcome).toUpperCase());
      });
      options.tell({ ...count });
    }
  };
  try {
    const decoder = new TextDecoder();
    for await (const chunk of createReadStream(options.file)) {
      reader.push(decoder.decode(chunk as Buffer, { stream: true }));
      await flush(batch);
    }
    reader.push(decoder.decode());
    reader.end();
  } catch (error) {
    if (error instanceof SluiceError) throw error;
    throw new SluiceError('CONFIG_INVALID', `${options.file} cannot be read`);
  }
  if (header === null)
    throw new SluiceError('CONFIG_INVALID', `${options.file} is empty: it has no line of column names`);
  await flush(1);
  return count;
}

function headerOf(cells: readonly string[]): readonly string[] {
  const columns = cells.map((cell) => cell.trim().toLowerCase());
  const unknown = columns.filter((column) => !ENTERED_COLUMNS.includes(column));
  const missing = REQUIRED.filter((column) => !columns.includes(column));
  const twice = columns.filter((column, n) => columns.indexOf(column) !== n);
  if (unknown.length > 0)
    throw new SluiceError(
      'CONFIG_INVALID',
      `line 1: ${unknown.length} columns are not known; there is ${ENTERED_COLUMNS.join(', ')}`,
    );
  if (missing.length > 0) throw new SluiceError('CONFIG_INVALID', `line 1: no column ${missing.join(', ')}`);
  if (twice.length > 0) throw new SluiceError('CONFIG_INVALID', `line 1: ${twice.join(', ')} is there twice`);
  return columns;
}

/** An empty cell is none. */
function imageOf(header: readonly string[], cells: readonly string[]): Image {
  return Object.fromEntries(
    header.map((column, n) => {
      const cell = cells[n] ?? '';
      if (cell.trim() === '') return [column, null];
      if (column !== 'is_excursion') return [column, cell];
      return [column, TRUE.test(cell.trim()) ? true : FALSE.test(cell.trim()) ? false : cell];
    }),
  );
}
