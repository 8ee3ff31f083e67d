import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createCsvReader } from '../../src/core/index.ts';
import type { Catalogue, SourceField, SourceTable } from '../../src/migrations/pas/catalogue/model.ts';
import type { Crosswalk } from '../../src/migrations/pas/contract/model.ts';
import { readHeader } from '../../src/migrations/pas/engine/intake.ts';
import type { SourceRow } from '../../src/migrations/pas/engine/outcome.ts';
import type { Projection } from '../../src/migrations/pas/engine/projection.ts';

const FOLDERS = ['../shared/pas'];

/** Test material of the reference; null where this machine does not have it. */
export const MATERIAL = FOLDERS.find((folder) => folder !== undefined && existsSync(join(folder, 'FACTS.md'))) ?? null;

export const material = (...path: string[]): string => join(MATERIAL ?? '', ...path);

export function readCsv(path: string): string[][] {
  const rows: string[][] = [];
  const reader = createCsvReader({
    row: (cells) => rows.push(cells),
    bad: (line, problem) => rows.push([`${line} ${problem}`]),
  });
  reader.push(readFileSync(path, 'utf8'));
  reader.end();
  return rows;
}

export function readObjects(path: string): Record<string, string>[] {
  const [header = [], ...rows] = readCsv(path);
  return rows.map((cells) => Object.fromEntries(header.map((name, i) => [name, cells[i] ?? ''])));
}

/** The dictionaries as the reference has them: its contract is judged with its own names. */
export function referenceCatalogue(): Catalogue {
  const sourceFields = new Map<string, Map<string, SourceField>>();
  for (const { table_name: table = '', field_name: field = '' } of readObjects(material('data/source_catalog.csv'))) {
    const fields = sourceFields.get(table) ?? new Map<string, SourceField>();
    fields.set(field, { table, field, ordinal: fields.size + 1, size: null, type: 'text', format: null, element: '' });
    sourceFields.set(table, fields);
  }
  const sourceTables = new Map<string, SourceTable>();
  for (const row of readObjects(material('data/source_tables.csv'))) {
    const key = (row.key_fields_inferred ?? '').split('|').filter((name) => name !== '');
    const table = row.table_name ?? '';
    sourceTables.set(table, { table, grain: 'reference', key, deletedBy: null, core: row.mocked_by_oracle === '1' });
  }
  const edges = readObjects(material('data/target_foreign_keys.csv')).map((row) => ({
    child: row.child_table ?? '',
    field: row.child_field ?? '',
    parent: row.parent_table ?? '',
  }));
  return { sourceTables, sourceFields, targetFields: new Map(), edges };
}

/** Pairs without dates or signatures, as the reference keeps them. */
export function referenceCrosswalks(): Map<string, Crosswalk & { kind: 'codes' }> {
  const folder = material('data/crosswalks');
  return new Map(
    readdirSync(folder).map((file) => {
      const name = file.replace('.csv', '');
      const entries = readObjects(join(folder, file)).map((row) => ({
        source: row.source_value ?? '',
        target: row.target_value ?? '',
        meaning: '',
        from: null,
        to: null,
        review: 'DRAFT' as const,
        reviewedBy: '',
      }));
      return [name, { kind: 'codes' as const, name, version: '1', says: '', entries }];
    }),
  );
}

/** All rows of a folder of extracts, projected. */
export function readExtracts(folder: string, projection: Projection): Map<string, SourceRow[]> {
  const tables = new Map<string, SourceRow[]>();
  for (const projected of projection.values()) {
    const path = join(folder, `${projected.table}.csv`);
    if (!existsSync(path)) continue;
    const [names = [], ...rows] = readCsv(path);
    const header = readHeader(names, projected);
    tables.set(
      projected.table,
      rows.map((cells, i) => header.project(cells, String(i + 2))),
    );
  }
  return tables;
}
