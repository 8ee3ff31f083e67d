import { csvLine } from '../../../core/index.ts';
import type { SourceCatalogue } from './import.ts';

/** source-tables.csv and source-columns.csv of a catalogue, as readCatalogue reads them. */
export function writeSourceCatalogue(catalogue: SourceCatalogue): { sourceTables: string; sourceColumns: string } {
  const tables = [['table', 'grain', 'key', 'deleted_by', 'core']];
  for (const { table, grain, key, deletedBy, core } of catalogue.sourceTables.values())
    tables.push([table, grain, key.join(' '), deletedBy ?? '', core ? 'yes' : '']);
  const columns = [['table', 'no', 'column', 'size', 'type', 'format', 'element']];
  for (const fields of catalogue.sourceFields.values())
    for (const { table, ordinal, field, size, type, format, element } of fields.values())
      columns.push([table, String(ordinal), field, size === null ? '' : String(size), type, format ?? '', element]);
  return { sourceTables: tables.map(csvLine).join(''), sourceColumns: columns.map(csvLine).join('') };
}
