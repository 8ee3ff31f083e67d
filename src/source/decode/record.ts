import {
  type Image,
  isoOfMicros,
  type Operation,
  type Position,
  SluiceError,
  type SourceRecord,
} from '../../core/index.ts';
import type { AvroSchemas, ReadColumns } from './avro.ts';
import { parseExact } from './exact-json.ts';
import { takeUnsent } from './unsent.ts';

/** The header by which our connectors say which epoch a record belongs to. */
export const EPOCH_HEADER = 'sluice.epoch';

export interface RawMessage {
  readonly offset: bigint;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, string>>;
}

export interface TopicTable {
  /** `schema.table` */
  readonly table: string;
  readonly key: readonly string[];
  /** what must not go from its rows without being noticed */
  readonly reads?: ReadColumns;
}

export interface DecodeOptions {
  /** epoch of records without the header; without it they are refused */
  readonly defaultEpoch?: number;
}

export interface SourceFields {
  readonly sequence?: string | null;
  readonly snapshot?: string | boolean | null;
  readonly lsn?: number | string | null;
  readonly txId?: number | string | null;
  readonly ts_us?: number | string | null;
  readonly ts_ms?: number | string | null;
  readonly origin?: string | null;
}

interface Envelope {
  readonly op?: string;
  readonly before?: Image | null;
  readonly after?: Image | null;
  readonly source?: SourceFields | null;
  /** the connector's own time; that of `source` is the commit's */
  readonly ts_ms?: number | string | null;
  readonly message?: { prefix?: string; content?: unknown };
  readonly status?: string;
}

/** JSON or Avro, told apart by the first byte; a JSON converter with schemas wraps the payload once more. */
function decodeBytes(buffer: Buffer, schemas: AvroSchemas): unknown {
  if (buffer[0] === 0) return schemas.decode(buffer);
  let value: unknown;
  try {
    value = parseExact(buffer.toString('utf8'));
  } catch {
    throw new SluiceError('VALUE_UNDECODABLE', 'neither JSON nor in the Avro wire format');
  }
  const wrapped = value as { schema?: unknown; payload?: unknown } | null;
  const isWrapped = wrapped !== null && typeof wrapped === 'object' && 'payload' in wrapped && 'schema' in wrapped;
  return isWrapped ? wrapped.payload : value;
}

/**
 * The row's key as text: the value itself, or a JSON array of the values of several columns.
 * Throws KEY_UNDECODABLE; REGISTRY_UNAVAILABLE when it may be decodable later.
 */
export async function decodeKey(raw: RawMessage, table: TopicTable, schemas: AvroSchemas): Promise<string> {
  await schemas.fetch(raw.key);
  return keyOf(raw, table, schemas);
}

function keyOf(raw: RawMessage, table: TopicTable, schemas: AvroSchemas): string {
  if (raw.key === null) throw new SluiceError('KEY_UNDECODABLE', 'the record has no key');
  let key: Record<string, unknown>;
  try {
    key = decodeBytes(raw.key, schemas) as Record<string, unknown>;
  } catch {
    throw new SluiceError('KEY_UNDECODABLE', 'the key cannot be decoded');
  }
  return keyText(
    table.key.map((column) => key?.[column]),
    table.key,
  );
}

/** Throws KEY_UNDECODABLE. */
export function keyText(values: readonly unknown[], names: readonly string[]): string {
  if (values.some((value) => value === undefined || value === null || typeof value === 'object')) {
    throw new SluiceError('KEY_UNDECODABLE', `the key lacks ${names.join(', ')}`);
  }
  return values.length === 1 ? String(values[0]) : JSON.stringify(values.map(String));
}

const SNAPSHOT_PHASE = new Set(['first', 'true', 'last', 'first_in_data_collection', 'last_in_data_collection']);

/** Throws VALUE_UNDECODABLE when the source says nothing of the place of a change. */
export function positionFrom(offset: bigint, source: SourceFields, epoch: number): Position {
  const { a, b } = sequenceOf(source.sequence);
  const place = b ?? (source.lsn == null ? null : BigInt(source.lsn));
  if (place === null) throw new SluiceError('VALUE_UNDECODABLE', 'the record has no position');
  const incremental = source.snapshot === 'incremental';
  return {
    epoch,
    phase: SNAPSHOT_PHASE.has(String(source.snapshot ?? 'false')) ? 0 : 1,
    a: a ?? -1n,
    b: place,
    txId: incremental || source.txId === null || source.txId === undefined ? null : BigInt(source.txId),
    offset,
  };
}

const SEQUENCE = /^\["(\d{1,19})","(\d{1,19})"\]$/;

/** `["123","456"]`, either of them null. */
function sequenceOf(text: string | null | undefined): { a: bigint | null; b: bigint | null } {
  const usual = text ? SEQUENCE.exec(text) : null;
  if (usual) return { a: BigInt(usual[1] as string), b: BigInt(usual[2] as string) };
  const [a = null, b = null] = JSON.parse(text ?? '[null,null]') as (string | null)[];
  return { a: a === null ? null : BigInt(a), b: b === null ? null : BigInt(b) };
}

/** millions of records in a row have the same header */
let newest = { header: '', epoch: Number.NaN };

/** Throws EPOCH_MISSING. */
export function epochOf(raw: RawMessage, options: DecodeOptions): number {
  const header = raw.headers[EPOCH_HEADER];
  if (header !== undefined && header !== newest.header) newest = { header, epoch: Number(header.replaceAll('"', '')) };
  const epoch = header === undefined ? options.defaultEpoch : newest.epoch;
  if (epoch === undefined || !Number.isInteger(epoch)) {
    throw new SluiceError('EPOCH_MISSING', `the record has no ${EPOCH_HEADER} header`);
  }
  return epoch;
}

/** Source commit time with its microseconds. */
function sourceTimeOf(source: SourceFields): string {
  return isoOfMicros(source.ts_us != null ? Number(source.ts_us) : Number(source.ts_ms ?? 0) * 1000);
}

/** A time of an envelope; null where it has none. */
export const millisOf = (value: unknown): number | null => {
  const ms = Number(value ?? 0);
  return ms > 0 ? ms : null;
};

const OPERATIONS = new Set(['c', 'u', 'd', 'r']);

/** Throws VALUE_UNDECODABLE. */
export function operationOf(op: string | undefined): Operation {
  if (!OPERATIONS.has(op ?? '')) throw new SluiceError('VALUE_UNDECODABLE', 'unknown operation');
  return op as Operation;
}

/**
 * Decodes one record of a raw topic, at once unless a schema has to be fetched.
 * See `decodeKey` for what it throws; VALUE_UNDECODABLE, SCHEMA_UNKNOWN and COLUMN_LOST besides.
 */
export function decodeRecord(
  raw: RawMessage,
  table: TopicTable,
  schemas: AvroSchemas,
  options: DecodeOptions = {},
): SourceRecord | Promise<SourceRecord> {
  if (!schemas.lacks(raw.value) && !schemas.lacks(raw.key)) return recordOf(raw, table, schemas, options);
  return schemas
    .fetch(raw.value, table.reads)
    .then(() => schemas.fetch(raw.key))
    .then(() => recordOf(raw, table, schemas, options));
}

function recordOf(raw: RawMessage, table: TopicTable, schemas: AvroSchemas, options: DecodeOptions): SourceRecord {
  if (raw.value === null) return { kind: 'tombstone', table: table.table, key: keyOf(raw, table, schemas) };
  const envelope = decodeBytes(raw.value, schemas) as Envelope | null;
  if (envelope === null || typeof envelope !== 'object')
    throw new SluiceError('VALUE_UNDECODABLE', 'not a change event');
  if (envelope.op === 'm') {
    return {
      kind: 'message',
      prefix: envelope.message?.prefix ?? '',
      content: String(envelope.message?.content ?? ''),
    };
  }
  if (envelope.status === 'BEGIN' || envelope.status === 'END') return { kind: 'transaction-boundary' };
  const source = envelope.source;
  if (!source) throw new SluiceError('VALUE_UNDECODABLE', 'the record says nothing of its source');
  const position = positionFrom(raw.offset, source, epochOf(raw, options));
  if (envelope.op === 't') return { kind: 'truncate', table: table.table, position };
  const op = operationOf(envelope.op);
  const key = keyOf(raw, table, schemas);
  const { image: after, unsent } = takeUnsent(envelope.after ?? null);
  return {
    kind: 'change',
    table: table.table,
    key,
    op,
    after: op === 'd' ? null : (after ?? null),
    // unsent values of an image before the change tell nothing and are left out
    before: takeUnsent(envelope.before ?? null).image,
    unsent: op === 'd' ? [] : unsent,
    position,
    sourceTime: sourceTimeOf(source),
    connectorMs: millisOf(envelope.ts_ms),
    origin: source.origin ?? null,
  };
}
