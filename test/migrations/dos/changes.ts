import type { ChangeEvent, Image } from '../../../src/core/index.ts';

/** A change of a row as a test tells it, by table and id. */
export interface RowChange {
  readonly table: string;
  readonly row: Image;
  readonly deleted: boolean;
}

/** A row's change as the stream would bring it; `place` rises with each. */
export function changeOf({ table, row, deleted }: RowChange, place: number): ChangeEvent {
  const at = BigInt(place);
  return {
    kind: 'change',
    table: `pathwaysdos.${table}`,
    key: String(row.id),
    op: deleted ? 'd' : 'c',
    after: deleted ? null : row,
    before: deleted ? row : null,
    unsent: [],
    position: { epoch: 1, phase: 1, a: at, b: at, txId: at, offset: at },
    sourceTime: '2026-03-13T08:00:00.000000Z',
    origin: null,
  };
}
