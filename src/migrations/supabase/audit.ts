import type { JsonObject, LandedRow } from '../../core/index.ts';
import type { Names } from './names.ts';
import { instantOf } from './time.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Table name without its schema, as ids and identifier systems use it. */
export const shortName = (table: string): string => table.slice(table.indexOf('.') + 1);

export const sourceInstant = (row: { readonly sourceTime: string }): string =>
  instantOf(row.sourceTime) ?? row.sourceTime;

type Written = Pick<LandedRow, 'table' | 'key' | 'image' | 'sourceTime' | 'lsn'>;

/** The id that follows one change through all systems: the gateway's where the row carries one, else made of its place. */
export function correlationOf(names: Names, row: Written, deleted: boolean): string {
  const carried = row.image['correlation_id'];
  // the last image of a deleted row tells of the change before
  if (!deleted && typeof carried === 'string' && UUID.test(carried)) return carried.toLowerCase();
  return names.correlation(shortName(row.table), row.key, row.lsn);
}

/** Audit columns that follow a write and never cause one. */
export const stampsOf = (names: Names, row: LandedRow): JsonObject => ({
  source_ts: sourceInstant(row),
  correlation_id: correlationOf(names, row, row.deleted),
});

/** What every row says of the source row it was made of. */
export const originOf = (legacyId: string, row: LandedRow): JsonObject => ({
  legacy_id: legacyId,
  deleted_at: row.deleted ? sourceInstant(row) : null,
});
