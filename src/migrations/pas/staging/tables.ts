import { SluiceError } from '../../../core/index.ts';
import type { Catalogue } from '../catalogue/model.ts';
import { tablesRead } from '../contract/check-plans.ts';
import type { Contract } from '../contract/model.ts';

/** The schema in which V83's tables stand in PostgreSQL. */
export const STAGING_SCHEMA = 'v83';
/** Tells rows of one key apart: what is double in V83 stays double, and is refused by the engine, not by the load. */
export const COPY_COLUMN = 'sluice_copy';
/** The key of a table for which no dictionary has one: the row's own content. */
export const ROW_COLUMN = 'sluice_row';

/** A table of V83 as it stands in PostgreSQL: every value the text V83 wrote, names in small letters. */
export interface StagingTable {
  /** as the dictionaries have it */
  readonly table: string;
  readonly name: string;
  readonly columns: readonly string[];
  /** of `columns`, or ROW_COLUMN; COPY_COLUMN follows it in the primary key */
  readonly key: readonly string[];
  readonly keyed: boolean;
}

/** The tables the contract reads. @throws CONFIG_INVALID for a name the catalogue does not have */
export function stagingTables(contract: Contract, catalogue: Catalogue): readonly StagingTable[] {
  const read = [...new Set([...tablesRead(contract).keys(), contract.merges.table])].sort();
  return read.map((table) => {
    const fields = catalogue.sourceFields.get(table);
    const known = catalogue.sourceTables.get(table);
    if (!fields || !known)
      throw new SluiceError('CONFIG_INVALID', `the contract reads ${table}, which no catalogue has`);
    const keyed = known.key.length > 0;
    return {
      table,
      name: table.toLowerCase(),
      columns: [...fields.keys()].map((field) => field.toLowerCase()),
      key: keyed ? known.key.map((field) => field.toLowerCase()) : [ROW_COLUMN],
      keyed,
    };
  });
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** Makes a table, or gives the one that has the columns `known` those it lacks. */
export function stagingDdl(
  { name, columns, key, keyed }: StagingTable,
  schema: string,
  known: readonly string[],
): readonly string[] {
  const table = `${quoted(schema)}.${quoted(name)}`;
  if (known.length > 0)
    return columns
      .filter((column) => !known.includes(column))
      .map((column) => `alter table ${table} add column ${quoted(column)} text`);
  const own = keyed ? [] : [`${quoted(ROW_COLUMN)} text not null`];
  const typed = columns.map((column) => `${quoted(column)} text${key.includes(column) ? " not null default ''" : ''}`);
  const all = [...own, ...typed, `${COPY_COLUMN} integer not null default 1`];
  const primary = [...key.map(quoted), COPY_COLUMN].join(', ');
  return [
    `create table ${table} (${all.join(', ')}, primary key (${primary}))`,
    ...(keyed ? [] : [`alter table ${table} replica identity full`]),
  ];
}
