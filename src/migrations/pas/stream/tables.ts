import type { Image, SourceTable } from '../../../core/index.ts';
import { SluiceError } from '../../../core/index.ts';
import type { Contract, MergeList } from '../contract/model.ts';
import type { Projection } from '../engine/projection.ts';
import { COPY_COLUMN, STAGING_SCHEMA, type StagingTable } from '../staging/tables.ts';
import { isShared, type Lookup } from './lookups.ts';

/** Links of landed rows. A column's link is its name behind a word, so that no column can be taken for another link. */
export const PATIENT = 'patient';
export const ROW = 'row';
export const MERGED_FROM = 'merged_from';
export const MERGED_INTO = 'merged_into';
export const columnLink = (column: string): string => `by_${column.toLowerCase()}`;

/** A value as the engine reads it. */
export const textOf = (image: Image, column: string): string => {
  const value = image[column.toLowerCase()];
  return typeof value === 'string' ? value.trim() : '';
};

const linkedBy =
  (column: string) =>
  (image: Image): string | null =>
    textOf(image, column) || null;

/** Keys of what tables without a patient make, by the driver: its rows with the same values are one root. */
export function sharedDrivers(contract: Contract, projection: Projection): ReadonlyMap<string, readonly string[]> {
  const keys = new Map<string, readonly string[]>();
  for (const { table, feeds } of contract.plans.values())
    for (const { driver, key, fold, name } of feeds) {
      if (!isShared(projection, driver)) continue;
      const known = keys.get(driver);
      if (fold !== null || (known && known.join() !== key.join()))
        throw new SluiceError(
          'CONFIG_INVALID',
          `feed ${name} of ${table}: a table without a patient is streamed by one key and without a fold`,
        );
      keys.set(driver, key);
    }
  return keys;
}

export const rootOf = (table: string, values: readonly string[]): string => [table, ...values].join('|');

/** The staging tables as the pipeline lands them, with the links by which rows are found. */
export function sourceTables(
  staging: readonly StagingTable[],
  projection: Projection,
  lookups: readonly Lookup[],
  drivers: ReadonlyMap<string, readonly string[]>,
  merges: MergeList,
): readonly SourceTable[] {
  return staging.map(({ table, name, key }) => {
    const links: Record<string, (image: Image) => string | null> = {};
    const projected = projection.get(table);
    const patient = projected && [...projected.columns].find(([, index]) => index === projected.patient)?.[0];
    // a row without a patient's number is somebody's all the same: it is refused under the empty one
    if (patient !== undefined) links[PATIENT] = (image) => textOf(image, patient);
    if (table === merges.table) {
      links[MERGED_FROM] = linkedBy(merges.from);
      links[MERGED_INTO] = linkedBy(merges.into);
    }
    const driverKey = drivers.get(table);
    if (driverKey)
      links[ROW] = (image) =>
        rootOf(
          table,
          driverKey.map((column) => textOf(image, column)),
        );
    const unindexed = new Set<string>();
    for (const lookup of lookups) {
      if (lookup.table === table) links[columnLink(lookup.column)] = linkedBy(lookup.column);
      if (lookup.fromTable !== table) continue;
      links[columnLink(lookup.fromColumn)] = linkedBy(lookup.fromColumn);
      unindexed.add(columnLink(lookup.fromColumn));
    }
    for (const lookup of lookups) if (lookup.table === table) unindexed.delete(columnLink(lookup.column));
    return {
      name: `${STAGING_SCHEMA}.${name}`,
      key: [...key, COPY_COLUMN],
      links,
      unindexed: [...unindexed],
      reads: [...(projected?.columns.keys() ?? [])].map((column) => column.toLowerCase()),
    };
  });
}
