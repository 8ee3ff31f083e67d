import { type Json, SluiceError } from '../../core/index.ts';
import type { ArrayCells } from './array-cells.ts';
import { CARRIERS, type Carrier, texts } from './arrays.ts';

/** The values of one column as an array parameter, and what the statement makes of it. */
export interface TypedArray {
  readonly parameter: Buffer;
  /** element type of the array */
  readonly array: string;
  readonly cast: string | null;
}

/** Column types, as the catalogue names them, whose values go in the binary format where all of them fit. */
const BINARY: ReadonlyMap<string, Carrier> = new Map<string, Carrier>([
  ['bigint', CARRIERS.bigint],
  ['integer', CARRIERS.integer],
  ['smallint', CARRIERS.smallint],
  ['boolean', CARRIERS.boolean],
  ['double precision', CARRIERS['double precision']],
  ['timestamp with time zone', CARRIERS.timestamptz],
]);

const scratch = Buffer.alloc(64);

/**
 * A text is left to PostgreSQL to read, and so is a column of which one value is not in the usual form: it may be legal
 * all the same, and if not, the server's refusal is the one that counts.
 */
export function typedArray(type: string, values: readonly Json[], textOf: (value: Json) => string | null): TypedArray {
  const carrier = BINARY.get(type);
  const cells = carrier && binary(carrier, values);
  if (carrier && cells) return { parameter: cells.parameter(), array: carrier.array, cast: null };
  return { parameter: texts(values.map(textOf)), array: 'text', cast: type === 'text' ? null : type };
}

function binary(carrier: Carrier, values: readonly Json[]): ArrayCells | null {
  const cells = carrier.make();
  try {
    for (const value of values) if (!put(cells, value)) return null;
  } catch (error) {
    if (error instanceof SluiceError || error instanceof RangeError) return null;
    throw error;
  }
  return cells;
}

function put(cells: ArrayCells, value: Json): boolean {
  if (value === null) cells.null();
  else if (typeof value === 'boolean') cells.boolean(value);
  else if (typeof value === 'number') {
    if (Number.isSafeInteger(value)) cells.long(value);
    else cells.double(value);
  } else if (typeof value === 'string' && value.length > 0 && value.length <= scratch.length) {
    const length = scratch.write(value, 'latin1');
    cells.text(scratch, 0, length);
  } else return false;
  return true;
}
