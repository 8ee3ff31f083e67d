import type { Cells, Json } from '../../core/index.ts';
import type { Cursor } from './cursor.ts';

/** A field of a record in the order it is written. */
export interface Field {
  readonly name: string;
  readonly type: Compiled;
}

/** What can be done with the bytes of one schema. */
export interface Compiled {
  /** Passes over a value; true when it is the placeholder of a large value that was not sent. */
  readonly skip: (c: Cursor) => boolean;
  readonly read: (c: Cursor, cells: Cells) => void;
  /** a value that is no record, array or map; null for those */
  readonly scalar: (c: Cursor) => string | number | bigint | boolean | null;
  /** whatever it is, as rows hold it: integers that are no safe number as text, bytes in base64 */
  readonly json: (c: Cursor) => Json;
  /** the fields that follow, of a record; null where there is none */
  readonly enter: (c: Cursor) => readonly Field[] | null;
}
