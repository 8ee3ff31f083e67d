import type { SourceCatalogue } from './import.ts';

/** What one source catalogue has otherwise than another. */
export interface CatalogueDifference {
  readonly kind: 'TABLE_MORE' | 'TABLE_LESS' | 'COLUMN_MORE' | 'COLUMN_LESS' | 'SIZE' | 'TYPE';
  readonly table: string;
  readonly column: string;
  readonly was: string;
  readonly now: string;
}

export function compareCatalogues(was: SourceCatalogue, now: SourceCatalogue): CatalogueDifference[] {
  const found: CatalogueDifference[] = [];
  const say = (kind: CatalogueDifference['kind'], table: string, column = '', before = '', after = ''): void => {
    found.push({ kind, table, column, was: before, now: after });
  };
  for (const table of was.sourceFields.keys()) if (!now.sourceFields.has(table)) say('TABLE_LESS', table);
  for (const [table, columns] of now.sourceFields) {
    const before = was.sourceFields.get(table);
    if (!before) {
      say('TABLE_MORE', table);
      continue;
    }
    for (const column of before.keys()) if (!columns.has(column)) say('COLUMN_LESS', table, column);
    for (const [column, field] of columns) {
      const old = before.get(column);
      if (!old) say('COLUMN_MORE', table, column);
      else if (old.size !== field.size) say('SIZE', table, column, String(old.size ?? ''), String(field.size ?? ''));
      else if (old.type !== field.type) say('TYPE', table, column, old.type, field.type);
    }
  }
  return found;
}
