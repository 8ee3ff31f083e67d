import { type CopyColumn, type RowRecord, SluiceError } from '../../core/index.ts';
import type { AvroSchemas } from '../decode/avro.ts';
import { decodeRecord, epochOf, type RawMessage, type TopicTable } from '../decode/record.ts';
import { AvroRows } from './avro-rows.ts';
import { EventRow } from './event-rows.ts';

const OTHER = { kind: 'other' } as const;

const schemaOf = (bytes: Buffer | null): number | null =>
  bytes !== null && bytes.length > 5 && bytes[0] === 0 ? bytes.readUInt32BE(1) : null;

/** Reads the topic of a table that is copied: only what its target holds, from the bytes where they are Avro. */
export class RowReader {
  readonly #table: TopicTable;
  readonly #columns: readonly CopyColumn[];
  readonly #schemas: AvroSchemas;
  readonly #avro: AvroRows;

  constructor(table: TopicTable, columns: readonly CopyColumn[], schemas: AvroSchemas) {
    this.#table = table;
    this.#columns = columns;
    this.#schemas = schemas;
    this.#avro = new AvroRows(table.key, columns);
  }

  /** Throws what `decodeRecord` throws. Answers at once, unless a schema has to be fetched or the record is no Avro. */
  read(raw: RawMessage): RowRecord | Promise<RowRecord> {
    if (raw.value === null) return OTHER;
    const value = schemaOf(raw.value);
    const key = schemaOf(raw.key);
    if (value === null || key === null) return this.#whole(raw);
    if (this.#avro.knows(value) && this.#avro.knows(key)) return this.#compiled(raw);
    return this.#learn(value, key).then(() => this.#compiled(raw));
  }

  async #learn(value: number, key: number): Promise<void> {
    if (!this.#avro.knows(value)) this.#avro.learn(value, await this.#schemas.compiled(value, this.#table.reads));
    if (this.#avro.knows(key)) return;
    try {
      this.#avro.learn(key, await this.#schemas.compiled(key));
    } catch (error) {
      if (error instanceof SluiceError && error.disposition === 'retry') throw error;
      throw new SluiceError('KEY_UNDECODABLE', 'the key cannot be decoded');
    }
  }

  #compiled(raw: RawMessage): RowRecord {
    try {
      return this.#avro.read(raw as RawMessage & { readonly value: Buffer }, epochOf(raw, {})) ?? OTHER;
    } catch (error) {
      if (error instanceof SluiceError) throw error;
      // what the reading itself says could quote a value
      const context = { schema: schemaOf(raw.value) ?? 0 };
      throw new SluiceError('VALUE_UNDECODABLE', 'the bytes do not fit their schema', { context });
    }
  }

  async #whole(raw: RawMessage): Promise<RowRecord> {
    const record = await decodeRecord(raw, this.#table, this.#schemas);
    if (record.kind === 'truncate') return { kind: 'truncate' };
    return record.kind === 'change' ? new EventRow(record, this.#table.key, this.#columns) : OTHER;
  }
}
