import {
  deletionOf,
  type Engine,
  type Header,
  type IssueBook,
  moveMerged,
  type ProjectedTable,
  readHeader,
  readMerges,
  type Severity,
  type SourceRow,
} from '../../migrations/pas/index.ts';
import { type PartWriter, partsFor, writeParts } from './parts.ts';
import type { ExtractedTable } from './run-state.ts';
import type { Extract } from './source-files.ts';

export interface ExtractInput {
  readonly extract: Extract;
  readonly engine: Engine;
  readonly folder: string;
  readonly book: IssueBook;
  readonly merges: { readonly table: string; readonly from: string; readonly into: string } | null;
  /** Tables without whose rows the target cannot be made. */
  readonly drivers: ReadonlySet<string>;
  readonly progress: (table: string, rows: number) => void;
}

export interface Extracted {
  readonly tables: ExtractedTable[];
  readonly parts: number;
}

/** Reads the tables a contract needs once and cuts them into parts by patient. */
export async function extractParts(input: ExtractInput): Promise<Extracted> {
  const there = await input.extract.tables();
  const wanted = [...input.engine.projection.keys()];
  const bytes = there.filter(({ table }) => wanted.includes(table)).reduce((sum, table) => sum + table.bytes, 0);
  const parts = partsFor(bytes);
  const merges = await mergesOf(input);
  const tables: ExtractedTable[] = [];
  const writer = writeParts(input.folder, parts);
  try {
    for (const [number, table] of patientTables(input.engine).entries())
      tables.push(
        await readTable(
          input,
          table,
          merges,
          { number, writer },
          there.some((t) => t.table === table),
        ),
      );
  } finally {
    writer.close();
  }
  return { tables, parts };
}

/** Tables whose rows lie in the parts, by the number they have there. */
export const patientTables = (engine: Engine): string[] =>
  [...engine.projection.values()].filter(({ patient }) => patient !== null).map(({ table }) => table);

/** Rows of the tables that know no patient. */
export async function readShared(
  input: Omit<ExtractInput, 'folder'>,
): Promise<{ readonly rows: ReadonlyMap<string, readonly SourceRow[]>; readonly tables: ExtractedTable[] }> {
  const there = new Set((await input.extract.tables()).map(({ table }) => table));
  const rows = new Map<string, SourceRow[]>();
  const tables: ExtractedTable[] = [];
  for (const table of input.engine.sharedTables) {
    const kept: SourceRow[] = [];
    rows.set(table, kept);
    tables.push(await readTable(input, table, new Map(), kept, there.has(table)));
  }
  return { rows, tables };
}

async function mergesOf({ extract, engine, merges, book }: ExtractInput): Promise<ReadonlyMap<string, string>> {
  const projected = merges && engine.projection.get(merges.table);
  if (!merges || !projected) return new Map();
  const rows: SourceRow[] = [];
  let header: Header | null = null;
  await extract.read(merges.table, {
    header: (names) => {
      header = readHeader(names, projected);
    },
    row: (cells, position) => {
      const row = (header as Header).project(cells, position);
      if (deletionOf(row, projected) !== 'deleted') rows.push(row);
    },
    bad: () => undefined,
  });
  const [from, into] = [projected.columns.get(merges.from) ?? -1, projected.columns.get(merges.into) ?? -1];
  const found = readMerges(rows, from, into);
  const rings = rows.filter((row) => row[from] !== row[into] && row[from] !== '' && !found.has(row[from] ?? '')).length;
  for (let i = 0; i < rings; i++)
    book.add({
      severity: 'ERROR',
      category: 'SOURCE_MERGE_RING',
      table: merges.table,
      field: '',
      message: 'numbers merged in a ring',
    });
  return found;
}

async function readTable(
  { extract, engine, book, drivers, progress }: Omit<ExtractInput, 'folder'>,
  table: string,
  merges: ReadonlyMap<string, string>,
  into: SourceRow[] | { readonly number: number; readonly writer: PartWriter },
  isThere: boolean,
): Promise<ExtractedTable> {
  const projected = engine.projection.get(table) as ProjectedTable;
  const figures: ExtractedTable = { table, read: 0, bad: 0, deleted: 0, merged: 0, kept: 0 };
  const severity = projected.checkedOnly ? 'INFO' : drivers.has(table) ? 'ERROR' : 'WARN';
  const say = (category: string, message: string, field = '', level: Severity = severity): void =>
    book.add({ severity: level, category, table, field, message });
  if (!isThere) {
    say('SOURCE_TABLE_MISSING', 'the contract reads this table and the extract does not have it');
    return figures;
  }
  let header: Header | null = null;
  await extract.read(table, {
    header(names) {
      header = readHeader(names, projected);
      for (const column of header.missing)
        say('SOURCE_COLUMN_MISSING', 'a column the contract reads is not there', column);
      for (const column of header.repeated)
        say('SOURCE_COLUMN_REPEATED', 'a column stands twice; the first counts', column);
    },
    bad(position, problem) {
      figures.read += 1;
      figures.bad += 1;
      book.add(
        {
          severity: 'ERROR',
          category: `SOURCE_${problem}`,
          table,
          field: '',
          message: 'the line cannot be read as a row',
        },
        () => `line ${position}`,
      );
    },
    row(cells, position) {
      figures.read += 1;
      if (figures.read % 50_000 === 0) progress(table, figures.read);
      const row = (header as Header).project(cells, position);
      const fate = deletionOf(row, projected);
      if (fate === 'deleted') {
        figures.deleted += 1;
        return;
      }
      if (fate === 'unknown') say('SOURCE_DELETE_MARK_UNKNOWN', 'a mark of deletion nobody declared', '', 'WARN');
      if (!moveMerged(row, projected, merges)) {
        figures.merged += 1;
        return;
      }
      figures.kept += 1;
      if (Array.isArray(into)) into.push(row);
      else into.writer.add(into.number, row, projected.patient === null ? '' : (row[projected.patient] ?? ''));
    },
  });
  if (header === null) say('SOURCE_HEADER_MISSING', 'the file is empty: not even a header');
  else if (figures.read === 0) say('SOURCE_TABLE_EMPTY', 'the table has no rows');
  progress(table, figures.read);
  return figures;
}
