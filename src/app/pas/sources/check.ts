import type { SourceConnector } from './connector.ts';

export interface TableHealth {
  readonly table: string;
  readonly state: 'ready' | 'missing' | 'columns missing';
  readonly columnsMissing: readonly string[];
}

export interface SourceHealth {
  readonly source: string;
  readonly healthy: boolean;
  readonly ms: number;
  readonly tables: readonly TableHealth[];
}

/** Whether a source can be reached and has the tables and columns that are needed of it. */
export async function checkSourceHealth(
  source: SourceConnector,
  needed: readonly { readonly table: string; readonly columns: readonly string[] }[],
  now: () => number,
): Promise<SourceHealth> {
  const started = now();
  const there = new Set((await source.list()).map(({ table }) => table));
  const tables: TableHealth[] = [];
  for (const { table, columns } of needed) {
    if (!there.has(table)) {
      tables.push({ table, state: 'missing', columnsMissing: [] });
      continue;
    }
    const known = new Set((await source.describe(table)).map(({ name }) => name.toLowerCase()));
    const columnsMissing = columns.filter((column) => !known.has(column));
    tables.push({ table, state: columnsMissing.length === 0 ? 'ready' : 'columns missing', columnsMissing });
  }
  return { source: source.name, healthy: tables.every(({ state }) => state === 'ready'), ms: now() - started, tables };
}
