import { SluiceError } from '../../../core/index.ts';
import { readSheet, type SheetRow } from '../sheet.ts';
import { inferKey, inferType } from './infer.ts';
import type { SourceField, SourceTable } from './model.ts';

export interface SourceCatalogue {
  readonly sourceTables: ReadonlyMap<string, SourceTable>;
  readonly sourceFields: ReadonlyMap<string, ReadonlyMap<string, SourceField>>;
}

/** Headings a hospital's dictionary may use, in small letters without blanks and underscores. */
const HEADINGS = {
  table: ['table', 'tablename', 'tbl'],
  column: ['column', 'columnname', 'field', 'fieldname'],
  size: ['size', 'length', 'fieldsize', 'maxlength'],
  element: ['element', 'dataelement', 'dataelementcode', 'elementcode'],
} as const;

/**
 * A hospital's own dictionary as a source catalogue. It must name table and column; size and data element code help.
 * Keys, grain and deletion markers of tables that `known` has are taken over where the columns are still there; all
 * else is told from names and sizes.
 * @throws CONFIG_INVALID naming file and line
 */
export function importDictionary(file: string, text: string, known: SourceCatalogue): SourceCatalogue {
  const heading = headingsOf(file, text);
  const sourceFields = new Map<string, Map<string, SourceField>>();
  for (const row of readSheet(file, text, [heading.table, heading.column])) {
    const table = named(row, heading.table);
    const name = named(row, heading.column);
    const columns = sourceFields.get(table) ?? new Map<string, SourceField>();
    if (columns.has(name)) throw new SluiceError('CONFIG_INVALID', `${row.place} ${table}.${name} stands there twice`);
    const size = sizeOf(row, heading.size);
    const before = known.sourceFields.get(table)?.get(name);
    const same = before !== undefined && (size === null || before.size === size);
    const { type, format } = same ? before : inferType(name, size);
    const element = heading.element === null ? '' : row.get(heading.element);
    columns.set(name, { table, field: name, ordinal: columns.size + 1, size, type, format, element });
    sourceFields.set(table, columns);
  }
  if (sourceFields.size === 0) throw new SluiceError('CONFIG_INVALID', `${file} names no column`);
  const sourceTables = new Map<string, SourceTable>();
  for (const [table, columns] of sourceFields) {
    const before = known.sourceTables.get(table);
    const keeps = before !== undefined && before.key.length > 0 && before.key.every((column) => columns.has(column));
    const told = inferKey([...columns.keys()]);
    sourceTables.set(table, {
      table,
      ...told,
      ...(keeps ? { grain: before.grain, key: before.key } : {}),
      core: before?.core ?? false,
    });
  }
  return { sourceTables, sourceFields };
}

interface Headings {
  readonly table: string;
  readonly column: string;
  readonly size: string | null;
  readonly element: string | null;
}

function headingsOf(file: string, text: string): Headings {
  const end = text.search(/\r?\n/);
  const first = (end < 0 ? text : text.slice(0, end)).replace(/^\ufeff/, '');
  const names = first.split(',').map((cell) => cell.trim().replace(/^"|"$/g, ''));
  const find = (wanted: readonly string[]): string | null =>
    names.find((name) => wanted.includes(name.toLowerCase().replace(/[\s_]/g, ''))) ?? null;
  const table = find(HEADINGS.table);
  const column = find(HEADINGS.column);
  if (table === null || column === null)
    throw new SluiceError('CONFIG_INVALID', `${file} must have the headings table and column in its first line`);
  return { table, column, size: find(HEADINGS.size), element: find(HEADINGS.element) };
}

function named(row: SheetRow, column: string): string {
  const name = row.get(column);
  if (/^[A-Za-z][A-Za-z0-9_]{0,62}$/.test(name)) return name;
  throw new SluiceError('CONFIG_INVALID', `${row.place} ${column} must be a name of letters, digits and underscores`);
}

function sizeOf(row: SheetRow, column: string | null): number | null {
  const size = column === null ? '' : row.get(column);
  if (size === '') return null;
  if (/^\d{1,5}$/.test(size)) return Number(size);
  throw new SluiceError('CONFIG_INVALID', `${row.place} ${column} must be a whole number of characters`);
}
