import { isAscii, isUtf8 } from 'node:buffer';
import { closeSync, existsSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type CsvProblem, createCsvReader, SluiceError } from '../../core/index.ts';

export type LineProblem = CsvProblem | 'ENCODING' | 'HEADER_REPEATED' | 'HEADER_EMPTY';

/** Where rows of source tables are read from. Rows of a table come header first. */
export interface Extract {
  /** What it is, for reports; no secret in it. */
  readonly name: string;
  tables(): Promise<readonly { readonly table: string; readonly bytes: number }[]>;
  read(table: string, handler: ExtractHandler): Promise<void>;
  close(): Promise<void>;
}

export interface ExtractHandler {
  header(names: readonly string[]): void;
  row(cells: readonly string[], position: string): void;
  bad(position: string, problem: LineProblem): void;
  /** Called now and then; reading goes on when it resolves. */
  drain?(): Promise<void>;
}

export const ENCODINGS = ['utf-8', 'windows-1252', 'iso-8859-1'] as const;
export type Encoding = (typeof ENCODINGS)[number];

const CHUNK = 1 << 20;

/**
 * A folder with one CSV file a table. A byte order mark is taken off; any other than that of UTF-8 is an error, and so is a
 * file of UTF-8 that is said to be something else.
 */
export function csvFolder(folder: string, encoding: Encoding): Extract {
  if (!existsSync(folder)) throw new SluiceError('CONFIG_INVALID', `there is no folder ${folder}`);
  const fileOf = new Map<string, string>();
  for (const name of readdirSync(folder)) {
    if (!name.toLowerCase().endsWith('.csv') || !statSync(join(folder, name)).isFile()) continue;
    const table = name.slice(0, -4).toUpperCase();
    if (fileOf.has(table))
      throw new SluiceError('CONFIG_INVALID', `${folder} has two files for table ${table}, by letter case`);
    fileOf.set(table, join(folder, name));
  }
  return {
    name: `csv:${folder}`,
    tables: async () => [...fileOf].map(([table, path]) => ({ table, bytes: statSync(path).size })),
    async read(table, handler) {
      const path = fileOf.get(table);
      if (path !== undefined) await readFile(path, encoding, handler);
    },
    close: async () => undefined,
  };
}

async function readFile(path: string, encoding: Encoding, handler: ExtractHandler): Promise<void> {
  const decoder = new TextDecoder(encoding);
  let width = -1;
  let doubtful = false;
  const reader = createCsvReader({
    row(cells, line) {
      if (width < 0) {
        width = cells.length;
        handler.header(cells);
      } else if (cells.length !== width) handler.bad(String(line), 'CSV_CELL_COUNT');
      else if (doubtful && cells.some((cell) => cell.includes('\ufffd'))) handler.bad(String(line), 'ENCODING');
      else handler.row(cells, String(line));
    },
    bad: (line, problem) => handler.bad(String(line), problem),
  });
  const file = opened(path);
  try {
    const buffer = Buffer.allocUnsafe(CHUNK);
    for (let first = true; ; first = false) {
      const size = readSync(file, buffer, 0, CHUNK, null);
      if (size === 0) break;
      if (first) refuseOtherEncoding(buffer.subarray(0, size), path, encoding);
      const text = decoder.decode(buffer.subarray(0, size), { stream: true });
      // once seen, looked for in every row: a cell may lie in two pieces
      doubtful ||= text.includes('\ufffd');
      reader.push(text);
      if (handler.drain) await handler.drain();
    }
    reader.push(decoder.decode());
    reader.end();
  } finally {
    closeSync(file);
  }
}

function opened(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (cause) {
    throw new SluiceError('CONFIG_INVALID', `${path} cannot be opened; is it this user's to read?`, { cause });
  }
}

/** What is surely in another encoding than declared. Single bytes can always be read, so that nothing else would tell. */
function refuseOtherEncoding(head: Buffer, path: string, encoding: Encoding): void {
  const mark = head.subarray(0, 2).toString('hex');
  if (mark === 'fffe' || mark === 'feff')
    throw new SluiceError(
      'CONFIG_INVALID',
      `${path} is UTF-16; declare and convert it: one of ${ENCODINGS.join(', ')}`,
    );
  const lines = head.subarray(0, head.lastIndexOf('\n') + 1);
  if (encoding !== 'utf-8' && !isAscii(lines) && isUtf8(lines))
    throw new SluiceError(
      'CONFIG_INVALID',
      `${path} is UTF-8, not ${encoding}; each of its special letters would become two`,
    );
}
