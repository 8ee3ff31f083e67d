import type { Catalogue } from '../catalogue/model.ts';
import type { TargetColumn } from './shape.ts';

/** The columns that are written of each target table: those the catalogue does not take for words of the guide. */
export function targetColumnsOf({ targetFields }: Catalogue): ReadonlyMap<string, readonly TargetColumn[]> {
  return new Map(
    [...targetFields].map(([table, fields]) => [
      table,
      [...fields.values()]
        .filter(({ phantom }) => !phantom)
        .map(({ field, type, length, mandatory }) => ({ name: field, type, length, mandatory })),
    ]),
  );
}
