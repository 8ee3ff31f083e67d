import type { Cells, CopyBatch, CopyColumn, Position, Rows } from '../../../core/index.ts';
import type { ArrayCells } from '../array-cells.ts';
import { CARRIERS } from '../arrays.ts';

/** Positions of phase 0 are below all streamed ones of their epoch, of which -1 is the lowest. */
const SNAPSHOT_A = -2n;

/** Rows of some columns with the position of each, as array parameters. */
export class ArrayRows implements Rows {
  readonly cells: readonly Cells[];
  readonly #arrays: readonly ArrayCells[];
  readonly #epoch = CARRIERS.integer.make();
  readonly #a = CARRIERS.bigint.make();
  readonly #b = CARRIERS.bigint.make();
  readonly #tx = CARRIERS.bigint.make();
  readonly #offset = CARRIERS.bigint.make();
  readonly #all: readonly ArrayCells[];
  #count = 0;

  constructor(columns: readonly CopyColumn[]) {
    this.#arrays = columns.map(({ type }) => CARRIERS[type].make());
    this.cells = this.#arrays;
    this.#all = [...this.#arrays, this.#epoch, this.#a, this.#b, this.#tx, this.#offset];
  }

  get count(): number {
    return this.#count;
  }

  end({ epoch, phase, a, b, txId, offset }: Position): void {
    this.#epoch.long(epoch);
    this.#a.long(phase === 0 ? SNAPSHOT_A : a);
    this.#b.long(b);
    if (txId === null || phase === 0) this.#tx.null();
    else this.#tx.long(txId);
    this.#offset.long(offset);
    for (const cells of this.#all) cells.keep();
    this.#count += 1;
  }

  undo(): void {
    for (const cells of this.#all) cells.rollback();
  }

  clear(): void {
    for (const cells of this.#all) cells.clear();
    this.#count = 0;
  }

  /** one a column, then those of the position */
  parameters(): Buffer[] {
    return this.#all.map((cells) => cells.parameter());
  }
}

export interface PartialRows {
  readonly unsent: readonly number[];
  readonly rows: ArrayRows;
}

export class ArrayBatch implements CopyBatch {
  readonly whole: ArrayRows;
  readonly gone: ArrayRows;
  readonly #columns: readonly CopyColumn[];
  readonly #partials = new Map<string, PartialRows>();

  constructor(columns: readonly CopyColumn[], key: readonly CopyColumn[]) {
    this.#columns = columns;
    this.whole = new ArrayRows(columns);
    this.gone = new ArrayRows(key);
  }

  partial(unsent: readonly number[]): Rows {
    const name = unsent.join();
    let found = this.#partials.get(name);
    if (!found) {
      found = { unsent, rows: new ArrayRows(this.#columns) };
      this.#partials.set(name, found);
    }
    return found.rows;
  }

  get partials(): readonly PartialRows[] {
    return [...this.#partials.values()].filter(({ rows }) => rows.count > 0);
  }

  clear(): void {
    this.whole.clear();
    this.gone.clear();
    for (const { rows } of this.#partials.values()) rows.clear();
  }
}
