import { SluiceError } from '../../../core/index.ts';
import { readSheet, type SheetRow } from '../sheet.ts';
import type {
  Catalogue,
  MomentFormat,
  SourceField,
  SourceGrain,
  SourceTable,
  TargetEdge,
  TargetField,
  ValueType,
} from './model.ts';

/** The texts of data/catalogue. */
export interface CatalogueTexts {
  readonly sourceTables: string;
  readonly sourceColumns: string;
  readonly targetColumns: string;
}

const TYPES: readonly string[] = ['text', 'code', 'flag', 'integer', 'decimal', 'date', 'datetime', 'time'];
const FORMATS: readonly string[] = [
  'DD/MM/CCYY',
  'DD/MM/CCYY HH:MM',
  'DD/MM/YY',
  'CCYYMMDD',
  'CCYYMMDDHHMM',
  'CCYYMMDDHHMMSS',
  'HH:MM',
  'inverted',
];
const GRAINS: readonly string[] = ['patient', 'episode', 'activity', 'reference'];

/** @throws CONFIG_INVALID naming file and line when a cell cannot be understood */
export function readCatalogue(texts: CatalogueTexts): Catalogue {
  const sourceTables = readSourceTables(texts.sourceTables);
  const sourceFields = readSourceFields(texts.sourceColumns);
  const targetFields = readTargetFields(texts.targetColumns);
  const edges: TargetEdge[] = [];
  for (const fields of targetFields.values())
    for (const { table, field, parent } of fields.values())
      if (parent !== null) edges.push({ child: table, field, parent });
  return { sourceTables, sourceFields, targetFields, edges };
}

export function readSourceTables(text: string): Map<string, SourceTable> {
  const head = ['table', 'grain', 'key', 'deleted_by', 'core'];
  return new Map(
    readSheet('source-tables.csv', text, head).map((row) => [
      row.get('table'),
      {
        table: row.get('table'),
        grain: oneOf(row, 'grain', GRAINS) as SourceGrain,
        key: row.get('key').split(' ').filter(Boolean),
        deletedBy: row.get('deleted_by') || null,
        core: yes(row, 'core'),
      },
    ]),
  );
}

export function readSourceFields(text: string): Map<string, Map<string, SourceField>> {
  const head = ['table', 'no', 'column', 'size', 'type', 'format', 'element'];
  const fields = new Map<string, Map<string, SourceField>>();
  for (const row of readSheet('source-columns.csv', text, head)) {
    const field: SourceField = {
      table: row.get('table'),
      field: row.get('column'),
      ordinal: count(row, 'no') ?? 0,
      size: count(row, 'size'),
      type: oneOf(row, 'type', TYPES) as ValueType,
      format: row.get('format') === '' ? null : (oneOf(row, 'format', FORMATS) as MomentFormat),
      element: row.get('element'),
    };
    put(fields, row, field);
  }
  return fields;
}

function readTargetFields(text: string): Map<string, Map<string, TargetField>> {
  const head = ['table', 'no', 'column', 'listed_as', 'type', 'length', 'mandatory', 'key', 'parent', 'phantom'];
  const fields = new Map<string, Map<string, TargetField>>();
  for (const row of readSheet('target-columns.csv', text, [...head, 'code_type', 'torn_from', 'known_from'])) {
    const key = row.get('key');
    const field: TargetField = {
      table: row.get('table'),
      field: row.get('column'),
      listedAs: row.get('listed_as') || row.get('column'),
      ordinal: count(row, 'no') ?? 0,
      type: oneOf(row, 'type', TYPES) as ValueType,
      length: count(row, 'length'),
      mandatory: yes(row, 'mandatory'),
      key: key === '' ? null : (oneOf(row, 'key', ['record', 'source', 'parent']) as TargetField['key']),
      parent: row.get('parent') || null,
      phantom: yes(row, 'phantom'),
      tornFrom: row.get('torn_from') || null,
      knownFrom: oneOf(row, 'known_from', ['guide', 'data']) as TargetField['knownFrom'],
      codeType: count(row, 'code_type'),
    };
    put(fields, row, field);
  }
  return fields;
}

function put<F extends { table: string; field: string }>(
  fields: Map<string, Map<string, F>>,
  row: SheetRow,
  field: F,
): void {
  const table = fields.get(field.table) ?? new Map<string, F>();
  if (table.has(field.field)) throw new SluiceError('CONFIG_INVALID', `${row.place} ${field.field} stands there twice`);
  table.set(field.field, field);
  fields.set(field.table, table);
}

function oneOf(row: SheetRow, column: string, allowed: readonly string[]): string {
  const value = row.get(column);
  if (allowed.includes(value)) return value;
  throw new SluiceError('CONFIG_INVALID', `${row.place} ${column} must be one of ${allowed.join(', ')}`);
}

function count(row: SheetRow, column: string): number | null {
  const value = row.get(column);
  if (value === '') return null;
  if (/^\d{1,6}$/.test(value)) return Number(value);
  throw new SluiceError('CONFIG_INVALID', `${row.place} ${column} must be a whole number`);
}

function yes(row: SheetRow, column: string): boolean {
  return oneOf(row, column, ['yes', '']) === 'yes';
}
