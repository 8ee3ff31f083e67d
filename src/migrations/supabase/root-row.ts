import type { z } from 'zod';
import type { Aggregate, Derivation, Document, JsonObject, LandedRow } from '../../core/index.ts';
import { originOf, stampsOf } from './audit.ts';
import { parseRow, readRow, rowHash } from './columns.ts';
import type { Names } from './names.ts';
import { DELETED_UNREAD } from './submissions/flow.ts';

/** Derives from the root's own row, once it is there and fits. */
export function deriveRow<S extends z.ZodType>(
  shape: S,
  table: string,
  aggregate: Aggregate,
  make: (row: z.output<S>, landed: LandedRow) => Derivation,
): Derivation {
  const landed = aggregate.root;
  if (landed === null) return { documents: [], issues: [] };
  // There is nothing to keep of a deleted row that never fitted; what an earlier image left is retired.
  if (landed.deleted && readRow(shape, landed.image) === null) return { documents: [], issues: [DELETED_UNREAD] };
  return make(parseRow(shape, table, landed.image), landed);
}

interface OwnRow {
  readonly target: string;
  readonly id: string;
  readonly row: JsonObject & { readonly id: string };
  readonly landed: LandedRow;
  readonly columns: JsonObject;
}

/** The row of a service table that one source row is, with the columns every such row carries. */
export const ownRow = (names: Names, { target, id, row, landed, columns }: OwnRow): Document => ({
  target,
  id,
  content: { id, ...columns, ...originOf(row.id, landed), row_hash: rowHash(row) },
  stamps: stampsOf(names, landed),
});
