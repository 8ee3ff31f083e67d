import type { Aggregate, LandedRow } from '../../../core/index.ts';
import { deletionOf, moveMerged } from '../engine/intake.ts';
import type { SourceRow } from '../engine/outcome.ts';
import type { ProjectedTable, Projection } from '../engine/projection.ts';

/** A landed row as the row the engine works on; its position is that of its newest change. */
function projectRow({ image, lsn }: LandedRow, names: readonly string[], projected: ProjectedTable): string[] {
  const row = names.map((name) => {
    const value = image[name];
    return typeof value === 'string' ? value.trim() : '';
  });
  row[projected.original] = '';
  row[projected.position] = lsn;
  return row;
}

/** Reads the parts of an aggregate: rows that are deleted, at the source or by V83's own mark, are not there. */
export class PartRows {
  readonly #aggregate: Aggregate;
  readonly #projection: Projection;
  readonly #names: ReadonlyMap<string, readonly string[]>;
  /** `TABLE|position` to the time of the newest change there. */
  readonly #changed = new Map<string, string>();

  constructor(aggregate: Aggregate, projection: Projection, names: ReadonlyMap<string, readonly string[]>) {
    this.#aggregate = aggregate;
    this.#projection = projection;
    this.#names = names;
  }

  read(part: string, table: string): string[][] {
    return this.live(part, table).map(({ row }) => row);
  }

  live(part: string, table: string): { readonly key: string; readonly row: string[] }[] {
    const projected = this.#projection.get(table);
    if (!projected) return [];
    for (const { lsn, sourceTime } of this.#aggregate.parts[part] ?? []) {
      const place = `${table}|${lsn}`;
      if (sourceTime > (this.#changed.get(place) ?? '')) this.#changed.set(place, sourceTime);
    }
    return (this.#aggregate.parts[part] ?? [])
      .filter(({ deleted }) => !deleted)
      .map((landed) => ({ key: landed.key, row: projectRow(landed, this.#names.get(table) ?? [], projected) }))
      .filter(({ row }) => deletionOf(row, projected) !== 'deleted');
  }

  /** When a row that was read changed last, by its position; null: no such row was read. */
  changedAt(table: string, position: string): string | null {
    return this.#changed.get(`${table}|${position}`) ?? null;
  }

  /** Rows of the tables of some parts, each row once however many parts it is in. */
  byTable(tableOf: ReadonlyMap<string, string>): Map<string, string[][]> {
    const rows = new Map<string, Map<string, string[]>>();
    for (const [part, table] of tableOf) {
      const known = rows.get(table) ?? new Map<string, string[]>();
      for (const { key, row } of this.live(part, table)) known.set(key, row);
      rows.set(table, known);
    }
    return new Map([...rows].map(([table, known]) => [table, [...known.values()]]));
  }
}

/** Rows by column names in the order of the projection, in the small letters of the staging tables. */
export const namesOf = (projection: Projection): ReadonlyMap<string, readonly string[]> =>
  new Map(
    [...projection].map(([table, { columns }]) => [table, [...columns.keys()].map((name) => name.toLowerCase())]),
  );

/** The rows that belong to `now`, those of numbers merged into it moved to it. */
export function rowsOfPatient(
  rows: readonly string[][],
  projected: ProjectedTable,
  merges: ReadonlyMap<string, string>,
  now: string,
): readonly SourceRow[] {
  const { patient } = projected;
  return rows.filter((row) => moveMerged(row, projected, merges) && patient !== null && row[patient] === now);
}
