import {
  type ChangeEvent,
  type Flow,
  type LandedState,
  type LandingTransaction,
  type Mark,
  opaqueKey,
  type ParkedRecord,
  SluiceError,
  type SourceRecord,
} from '../core/index.ts';
import { deriveLocked } from './derive.ts';
import { entryOf, type Folded, foldChanges, keysOfPast } from './fold.ts';
import type { Decoder, PipelineContext, RawRecord } from './ports.ts';
import { oneBehindTheOther } from './signal.ts';
import type { Subscriptions } from './subscriptions.ts';

/** A partition's records, decoded, ready for one landing transaction. */
export interface DecodedBatch {
  readonly changes: readonly { readonly event: ChangeEvent; readonly raw: RawRecord }[];
  readonly parked: readonly ParkedRecord[];
  /** a record that stops the partition: everything before it is in the batch */
  readonly stop: SluiceError | null;
  /** offset after the last record taken in */
  readonly to: bigint;
}

export interface Place {
  readonly topic: string;
  readonly partition: number;
  readonly table: string;
}

/** Decodes records in order up to the first one that must stop the partition. Retry errors are thrown. */
export async function decodeBatch(
  decoder: Decoder,
  place: Place,
  records: readonly RawRecord[],
  to: bigint,
): Promise<DecodedBatch> {
  const changes: { event: ChangeEvent; raw: RawRecord }[] = [];
  const parked: ParkedRecord[] = [];
  for (const raw of records) {
    try {
      const answer = decoder.decode(place.topic, raw);
      // not waited for without need: a turn of the event loop's queue for each record is felt
      const decoded = answer instanceof Promise ? await answer : answer;
      const stop = stopping(decoded, place);
      if (stop) return { changes, parked, stop, to: raw.offset };
      if (decoded.kind === 'change') changes.push({ event: decoded, raw });
    } catch (error) {
      const fault =
        error instanceof SluiceError ? error : new SluiceError('INTERNAL', 'decoding failed', { cause: error });
      if (fault.disposition === 'retry') throw fault;
      if (fault.disposition === 'halt') return { changes, parked, stop: fault, to: raw.offset };
      parked.push(await parkedRecord(decoder, place, raw, fault));
    }
  }
  return { changes, parked, stop: null, to };
}

function stopping(record: SourceRecord, place: Place): SluiceError | null {
  return record.kind === 'truncate' ? new SluiceError('TRUNCATED', `${place.table} was truncated at the source`) : null;
}

export async function parkedRecord(
  decoder: Pick<Decoder, 'decodeKey'>,
  place: Place,
  raw: RawRecord,
  fault: SluiceError,
): Promise<ParkedRecord> {
  return {
    topic: place.topic,
    partition: place.partition,
    offset: raw.offset,
    table: place.table,
    key: await decoder.decodeKey(place.topic, raw),
    code: fault.code,
    detail: { message: fault.message, ...fault.context },
    rawKey: raw.key,
    rawValue: raw.value,
    headers: raw.headers,
  };
}

/**
 * Lands one batch inside `tx`: newest images, history, marks and parked records, and derives on the spot those flows
 * whose root is this row alone. The caller has moved progress in the same transaction, and has asked whether any record
 * of the table was parked before.
 */
export async function landBatch(
  tx: LandingTransaction,
  context: PipelineContext,
  subscriptions: Subscriptions,
  place: Place,
  batch: DecodedBatch,
  { fastFlows, hadParked }: { readonly fastFlows: readonly Flow[]; readonly hadParked: boolean },
): Promise<Folded | null> {
  await tx.park(batch.parked);
  const table = subscriptions.table(place.table);
  if (!table || batch.changes.length === 0) return null;
  const events = batch.changes.map(({ event }) => event);
  const keys = [...new Set(events.map((event) => event.key))].sort();
  const unsure = [...new Set(events.filter((event) => event.unsent.length > 0).map((event) => event.key))];
  const atOnce = new Set(fastFlows.map((flow) => flow.name));
  const doubtful = new Map<string, bigint>();
  // what is parked already came earlier than anything of this batch
  for (const key of await tx.openParked(table.name, unsure)) doubtful.set(key, -1n);
  for (const { key, offset } of batch.parked) doubtful.set(key, offset);
  const landed = await tx.landed(table.name, keys, keysOfPast(table, events));
  const folded = foldChanges({ table, landed, doubtful, events, atOnce }, subscriptions);
  const rows = keys.flatMap((key) => folded.rows.get(key) ?? []);
  const saving = tx.save(table.name, rows);
  const rest = async (): Promise<void> => {
    await tx.recordMoves(folded.moves);
    await tx.recordChanges(folded.changes);
    const rawOf = (event: ChangeEvent): RawRecord | undefined => batch.changes.find((c) => c.event === event)?.raw;
    await tx.park(folded.parked.map(({ event, code }) => unsentRecord(place, event, rawOf(event), code)));
    if (hadParked || batch.parked.length + folded.parked.length > 0) await tx.heal(table.name, folded.complete);
    const marks: Mark[] = [...folded.marks];
    const fresh = new Set(keys.filter((key) => !landed.has(key)));
    for (const flow of fastFlows) {
      const derived = await deriveAtOnce(tx, context, flow, rows, fresh);
      for (const { key, sourceTime } of rows)
        if (!derived.has(key)) marks.push({ flow: flow.name, part: '', key, sourceTime });
    }
    await tx.mark(marks);
  };
  // rules run while the database stores what they are run on
  await oneBehindTheOther(saving, rest());
  return folded;
}

function unsentRecord(
  place: Place,
  event: ChangeEvent,
  raw: RawRecord | undefined,
  code: 'TOAST_VALUE_UNKNOWN' | string,
): ParkedRecord {
  return {
    topic: place.topic,
    partition: place.partition,
    offset: event.position.offset,
    table: place.table,
    key: event.key,
    code: code as 'TOAST_VALUE_UNKNOWN',
    detail: { columns: [...event.unsent], entry: entryOf(event) },
    rawKey: raw?.key ?? null,
    rawValue: raw?.value ?? null,
    headers: raw?.headers ?? {},
  };
}

/**
 * Answers the roots it derived, which need no mark. What fails here, or is in other hands, is marked and goes the
 * ordinary way, which parks or retries it.
 */
async function deriveAtOnce(
  tx: LandingTransaction,
  context: PipelineContext,
  flow: Flow,
  rows: readonly LandedState[],
  fresh: ReadonlySet<string>,
): Promise<ReadonlySet<string>> {
  const first = rows[0];
  if (!first) return new Set();
  const aggregates = new Map(rows.map((row) => [row.key, { key: row.key, root: row, parts: {} }]));
  try {
    return await tx.attempt(async () => {
      const locked = await tx.deriving.take(flow, new Map(rows.map((row) => [row.key, row.sourceTime])));
      if (locked.length > 0)
        await deriveLocked(tx.deriving, flow, locked, { aggregates, fresh, switches: context.switches });
      return new Set(locked.map(({ key }) => key));
    });
  } catch (error) {
    const code = error instanceof SluiceError ? error.code : 'INTERNAL';
    context.log.debug('a batch goes the long way', { flow: flow.name, code, keyHash: opaqueKey(first.key) });
    return new Set();
  }
}
