import type { Row } from '../insert.ts';

/** The schema of the staging tables. */
export const SCHEMA = 'v83';

/** A table of V83 as it stands in PostgreSQL: names in small letters, values as texts. */
export interface StagedTable {
  readonly name: string;
  readonly columns: readonly string[];
  /** `sluice_copy` follows it in the primary key */
  readonly key: readonly string[];
}

/** Staging tables, with what makes those that are missing. */
export interface Staging {
  readonly tables: readonly StagedTable[];
  /** statements */
  readonly ddl: (table: StagedTable, known: readonly string[]) => readonly string[];
}

/** A row of the generator as its staging table has it: a blank is nothing, but a key has to say even that. */
export function stagedRow({ key }: StagedTable, row: Readonly<Record<string, string>>, copy: number): Row {
  const staged: Record<string, string | number | null> = { sluice_copy: copy };
  for (const [name, value] of Object.entries(row)) {
    const column = name.toLowerCase();
    staged[column] = value === '' && !key.includes(column) ? null : value;
  }
  return staged;
}

/** Rows with the columns any of them has, as one statement needs them. */
export function sameColumns({ key }: StagedTable, rows: readonly Row[]): Row[] {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  return rows.map((row) =>
    Object.fromEntries(names.map((name) => [name, row[name] ?? (key.includes(name) ? '' : null)])),
  );
}
