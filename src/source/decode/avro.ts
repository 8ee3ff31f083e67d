import { type Json, SluiceError } from '../../core/index.ts';
import { compileSchema } from './avro-schema.ts';
import type { Compiled } from './compiled.ts';
import { Cursor } from './cursor.ts';
import { refuseLostColumns } from './lost-columns.ts';

const isAvro = (buffer: Buffer): boolean => buffer.length >= 5 && buffer[0] === 0;

const unknownSchema = (id: number): SluiceError =>
  new SluiceError('SCHEMA_UNKNOWN', `the registry has no schema ${id}`, { context: { schema: id } });

/** The topic that values come from, and which columns of its rows the rules read. */
export interface ReadColumns {
  readonly topic: string;
  readonly columns: readonly string[];
}

/** Schemas by id, fetched once. Throws SCHEMA_UNKNOWN, or REGISTRY_UNAVAILABLE when nobody can be asked. */
export class AvroSchemas {
  readonly #url: string;
  readonly #types = new Map<number, Compiled>();
  /** why the last fetch of a schema gave none */
  readonly #refused = new Map<number, SluiceError>();

  /** @param url Confluent-compatible base, e.g. http://host:port/apis/ccompat/v7 */
  constructor(url: string) {
    this.#url = url.replace(/\/$/, '');
  }

  /** Whether a schema must be fetched before these bytes can be decoded. */
  lacks(buffer: Buffer | null): boolean {
    return buffer !== null && isAvro(buffer) && !this.#types.has(buffer.readUInt32BE(1));
  }

  /** Fetches what the bytes need. Throws REGISTRY_UNAVAILABLE only: of a schema unknown or unreadable `decode` tells. */
  async fetch(buffer: Buffer | null, reads?: ReadColumns): Promise<void> {
    if (buffer === null || !this.lacks(buffer)) return;
    const id = buffer.readUInt32BE(1);
    try {
      this.#types.set(id, await this.compiled(id, reads));
      this.#refused.delete(id);
    } catch (error) {
      if (!(error instanceof SluiceError) || error.disposition === 'retry') throw error;
      this.#refused.set(id, error);
    }
  }

  /** Decodes magic byte, schema id and body. Throws SCHEMA_UNKNOWN for a schema not fetched, VALUE_UNDECODABLE. */
  decode(buffer: Buffer): Json {
    if (!isAvro(buffer)) throw new SluiceError('VALUE_UNDECODABLE', 'not in the Avro wire format');
    const id = buffer.readUInt32BE(1);
    const type = this.#types.get(id);
    if (!type) throw this.#refused.get(id) ?? unknownSchema(id);
    try {
      const cursor = new Cursor(buffer, 5);
      const value = type.json(cursor);
      if (cursor.at !== buffer.length) throw new RangeError('bytes left over');
      return value;
    } catch {
      // what the reading itself says could quote a value
      throw new SluiceError('VALUE_UNDECODABLE', `the bytes do not fit schema ${id}`, { context: { schema: id } });
    }
  }

  /** Throws COLUMN_LOST besides, where the rows of a topic have lost columns that are read. */
  async compiled(id: number, reads?: ReadColumns): Promise<Compiled> {
    const known = this.#types.get(id);
    if (known) return known;
    const text = await this.#text(id);
    if (reads) {
      const { topic, columns } = reads;
      await refuseLostColumns((path) => this.#ask(path), { id, schema: text, subject: `${topic}-value`, columns });
    }
    try {
      const type = compileSchema(JSON.parse(text) as Json);
      this.#types.set(id, type);
      return type;
    } catch (cause) {
      throw new SluiceError('VALUE_UNDECODABLE', `schema ${id} of the registry is no Avro schema`, {
        cause,
        context: { schema: id },
      });
    }
  }

  async #text(id: number): Promise<string> {
    const found = (await this.#ask(`/schemas/ids/${id}`)) as { schema: string } | null;
    if (found === null) throw unknownSchema(id);
    return found.schema;
  }

  /** null: there is no such thing. Throws REGISTRY_UNAVAILABLE. */
  async #ask(path: string): Promise<unknown> {
    const response = await fetch(`${this.#url}${path}`, { signal: AbortSignal.timeout(10_000) }).catch(
      (cause: unknown) => {
        throw new SluiceError('REGISTRY_UNAVAILABLE', 'the schema registry does not answer', { cause });
      },
    );
    if (response.status === 404) return null;
    if (!response.ok) throw new SluiceError('REGISTRY_UNAVAILABLE', `the schema registry answers ${response.status}`);
    return response.json();
  }
}
