import type { Cells, ChangeEvent, CopyColumn, Json, RowChange, Rows } from '../../core/index.ts';

/** A change that was decoded whole, written value by value: for JSON, and for whatever else is not compiled. */
export class EventRow implements RowChange {
  readonly kind = 'row';
  readonly sourceMicros: number;
  readonly connectorMs: number | null;
  readonly unsent: readonly number[];
  readonly #event: ChangeEvent;
  readonly #columns: readonly CopyColumn[];
  readonly #key: readonly string[];

  constructor(event: ChangeEvent, key: readonly string[], columns: readonly CopyColumn[]) {
    this.#event = event;
    this.#columns = columns;
    this.#key = key;
    this.sourceMicros = Date.parse(event.sourceTime.slice(0, 19) + 'Z') * 1000 + Number(event.sourceTime.slice(20, 26));
    this.connectorMs = event.connectorMs ?? null;
    this.unsent = columns.flatMap(({ from }, i) => (event.unsent.includes(from) ? [i] : []));
  }

  get key(): string {
    return this.#event.key;
  }

  get op(): RowChange['op'] {
    return this.#event.op;
  }

  get position(): RowChange['position'] {
    return this.#event.position;
  }

  writeRow(rows: Rows): void {
    this.#columns.forEach(({ from }, i) => {
      writeValue(rows.cells[i] as Cells, this.#event.after?.[from] ?? null);
    });
  }

  writeKey(rows: Rows): void {
    const values = this.#key.length === 1 ? [this.#event.key] : (JSON.parse(this.#event.key) as string[]);
    values.forEach((value, i) => {
      writeValue(rows.cells[i] as Cells, value);
    });
  }
}

function writeValue(cells: Cells, value: Json): void {
  if (value === null) cells.null();
  else if (typeof value === 'boolean') cells.boolean(value);
  else if (Number.isSafeInteger(value)) cells.long(value as number);
  else if (typeof value === 'number') cells.double(value);
  else {
    const bytes = Buffer.from(typeof value === 'string' ? value : JSON.stringify(value), 'utf8');
    cells.text(bytes, 0, bytes.length);
  }
}
