import type { Chance } from '../../chance.ts';

/**
 * Some of a table's rows, known by key and by what a move must know of them, so that no move asks the database for
 * a random row. A row is taken out while a move works on it: two moves never meet on the same one by accident.
 */
export interface Reservoir<Row> {
  readonly size: number;
  take(chance: Chance, fits?: (row: Row) => boolean): Row | null;
  put(row: Row): void;
}

const TRIES = 40;

export function reservoir<Row>(capacity: number): Reservoir<Row> {
  const rows: Row[] = [];
  return {
    get size() {
      return rows.length;
    },
    take: (chance, fits) => {
      for (let n = fits === undefined ? 1 : TRIES; n > 0 && rows.length > 0; n--) {
        const at = chance.below(rows.length);
        const row = rows[at] as Row;
        if (fits !== undefined && !fits(row)) continue;
        const last = rows.pop() as Row;
        if (at < rows.length) rows[at] = last;
        return row;
      }
      return null;
    },
    put: (row) => {
      if (rows.length < capacity) rows.push(row);
    },
  };
}
