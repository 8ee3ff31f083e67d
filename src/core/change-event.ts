import type { Image, Json } from './json.ts';
import type { Position } from './position.ts';

/** c: insert, u: update, d: delete, r: read by a snapshot */
export type Operation = 'c' | 'u' | 'd' | 'r';

/** One change of one source row, decoded. */
export interface ChangeEvent {
  readonly kind: 'change';
  /** source table as `schema.table` */
  readonly table: string;
  /** canonical text of the primary key: the value itself for one column, a JSON array of values for several */
  readonly key: string;
  readonly op: Operation;
  /** image after the change; null for a delete */
  readonly after: Image | null;
  /** image before the change as far as the replica identity gives it; null for inserts and reads */
  readonly before: Image | null;
  /** columns of `after` whose unchanged large value was not sent; they are absent from `after` */
  readonly unsent: readonly string[];
  readonly position: Position;
  /** source commit time, ISO UTC with microseconds */
  readonly sourceTime: string;
  /** when the connector had it, in milliseconds since 1970; null where the record does not say */
  readonly connectorMs?: number | null;
  /** replication origin, when the writing session set one */
  readonly origin: string | null;
}

/** What else a raw topic holds. A tombstone follows each delete and carries no position. */
export type SourceRecord =
  | ChangeEvent
  | { readonly kind: 'tombstone'; readonly table: string; readonly key: string }
  | { readonly kind: 'truncate'; readonly table: string; readonly position: Position }
  | { readonly kind: 'message'; readonly prefix: string; readonly content: string }
  | { readonly kind: 'transaction-boundary' };

const isEmpty = (value: Json | undefined): boolean =>
  value === null || value === undefined || value === '' || value === 0 || value === false || value === '0';

/**
 * The image a deleted row keeps. Of a replica identity that is not FULL the delete brings the key alone, every other
 * column empty; then what is landed says more.
 */
export function lastImage(key: readonly string[], before: Image | null, landed: Image | null): Image {
  if (before === null || landed === null) return landed ?? before ?? {};
  const keyOnly = Object.entries(before).every(([column, value]) => key.includes(column) || isEmpty(value));
  return keyOnly ? landed : { ...landed, ...before };
}
