import { SluiceError } from '../../../core/index.ts';
import type { MappingClass } from '../contract/model.ts';

/** A row of a contract in the reference's column format. */
export interface ReferenceRow {
  readonly table: string;
  readonly field: string;
  readonly class: MappingClass;
  readonly sourceTable: string;
  readonly sourceField: string;
  readonly confidence: string;
  /** What the contract says itself; null: it does not say, and the catalogue decides. */
  readonly mandatory: boolean | null;
}

const CLASSES: readonly MappingClass[] = [
  'DIRECT_SOURCE',
  'DERIVED',
  'LOOKUP_TRANSLATION',
  'SURROGATE_ETL',
  'REFERENCE_MASTER_FEED',
  'OUT_OF_SCOPE',
];

/** Each column by the names it goes under. */
const COLUMNS = {
  table: ['target_table'],
  field: ['target_field'],
  class: ['mapping_class'],
  sourceTable: ['primary_source_table', 'source_table'],
  sourceField: ['primary_source_field', 'source_field'],
  confidence: ['confidence'],
} as const;

/** A column the format does not have and a hospital's file may. */
const MANDATORY = ['mandatory', 'mandatory_hint'];

const YES = new Set(['Y', 'YES', '1', 'TRUE']);

/**
 * Reads the records of such a file, header first. Of several rows for one field the first holds, unless later ones
 * are of high confidence: then the last of those.
 */
export function readReferenceRows(records: readonly (readonly string[])[]): readonly ReferenceRow[] {
  const [header = [], ...body] = records;
  const at = (names: readonly string[]): number => {
    const index = header.findIndex((name) => names.includes(name.trim().toLowerCase()));
    if (index < 0) throw new SluiceError('CONFIG_INVALID', `the contract has no column ${names.join(' or ')}`);
    return index;
  };
  const columns = Object.fromEntries(Object.entries(COLUMNS).map(([key, names]) => [key, at(names)])) as Record<
    keyof typeof COLUMNS,
    number
  >;
  const mandatoryAt = header.findIndex((name) => MANDATORY.includes(name.trim().toLowerCase()));
  const rows = new Map<string, ReferenceRow>();
  for (const [i, cells] of body.entries()) {
    const read = (key: keyof typeof COLUMNS): string => (cells[columns[key]] ?? '').trim();
    const mapping = CLASSES.find((name) => name === read('class'));
    if (!mapping) throw new SluiceError('CONFIG_INVALID', `the contract's row ${i + 2} has no known mapping_class`);
    const row: ReferenceRow = {
      table: read('table'),
      field: read('field'),
      class: mapping,
      sourceTable: read('sourceTable'),
      sourceField: read('sourceField'),
      confidence: read('confidence'),
      mandatory: mandatoryAt < 0 ? null : YES.has((cells[mandatoryAt] ?? '').trim().toUpperCase()),
    };
    const key = `${row.table}.${row.field}`;
    if (!rows.has(key) || row.confidence === 'HIGH') rows.set(key, row);
  }
  return [...rows.values()];
}

/**
 * The table whose rows become the rows of a target table: the one most fields name, by name among equals, of those
 * that are there.
 */
export function electDriver(rows: readonly ReferenceRow[], isThere: (table: string) => boolean): string | null {
  const votes = new Map<string, number>();
  for (const { class: mapping, sourceTable } of rows)
    if (['DIRECT_SOURCE', 'DERIVED', 'LOOKUP_TRANSLATION'].includes(mapping) && sourceTable !== '')
      votes.set(sourceTable, (votes.get(sourceTable) ?? 0) + 1);
  const ranked = [...votes].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
  return ranked.map(([table]) => table).find(isThere) ?? null;
}
