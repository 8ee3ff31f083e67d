import type { Document, JsonObject, RecordedChange } from '../../core/index.ts';
import { sourceInstant } from './audit.ts';
import { factsOf } from './fhir/change-provenance.ts';
import type { Names } from './names.ts';

/** One line of an append-only table: what one change of a row added to it. `owner` is the column and id of what it tells of. */
export function entryOf(
  names: Names,
  change: RecordedChange,
  target: string,
  owner: readonly [column: string, id: string],
  columns: JsonObject,
): Document {
  const [column, id] = owner;
  return {
    target,
    id: JSON.stringify([id, change.entry]),
    content: { [column]: id, entry: change.entry, ...columns, at: sourceInstant(change), source_lsn: change.lsn },
    stamps: { correlation_id: factsOf(names, change).correlationId },
  };
}

/** Id of the changed row; null when it has none, for then nothing was made of it. */
export function changedId(change: RecordedChange): string | null {
  const id = change.after['id'];
  return typeof id === 'string' ? id.toLowerCase() : null;
}
