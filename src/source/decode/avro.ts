import avro from 'avsc';
import { SluiceError } from '../../core/index.ts';

/** An int64 as a number where that is exact, otherwise as decimal text: the same rule for both decoders. */
const exactLong = avro.types.LongType.__with({
  fromBuffer: (buffer: Buffer) => {
    const value = buffer.readBigInt64LE();
    const small = value >= -9007199254740991n && value <= 9007199254740991n;
    return small ? Number(value) : String(value);
  },
  toBuffer: (value: number | string) => {
    const buffer = Buffer.alloc(8);
    buffer.writeBigInt64LE(BigInt(value));
    return buffer;
  },
  fromJSON: Number,
  toJSON: String,
  isValid: (value: unknown) => typeof value === 'string' || Number.isSafeInteger(value),
  compare: (x: unknown, y: unknown) => (x === y ? 0 : BigInt(x as string) < BigInt(y as string) ? -1 : 1),
});

/** Schemas by id, fetched once. Throws SCHEMA_UNKNOWN, or REGISTRY_UNAVAILABLE when nobody can be asked. */
export class AvroSchemas {
  readonly #url: string;
  readonly #types = new Map<number, avro.Type>();

  /** @param url Confluent-compatible base, e.g. http://host:port/apis/ccompat/v7 */
  constructor(url: string) {
    this.#url = url.replace(/\/$/, '');
  }

  /** Decodes magic byte, schema id and body. */
  async decode(buffer: Buffer): Promise<unknown> {
    if (buffer.length < 5 || buffer[0] !== 0) throw new SluiceError('VALUE_UNDECODABLE', 'not in the Avro wire format');
    const id = buffer.readUInt32BE(1);
    const type = this.#types.get(id) ?? (await this.#fetch(id));
    try {
      const { value, offset } = (type as unknown as Decodable).decode(buffer, 5);
      if (offset !== buffer.length) throw new RangeError('bytes left over');
      return value;
    } catch {
      // avsc's own message can quote what it read
      throw new SluiceError('VALUE_UNDECODABLE', `the bytes do not fit schema ${id}`, { context: { schema: id } });
    }
  }

  /** The schema's own text. Throws SCHEMA_UNKNOWN or REGISTRY_UNAVAILABLE. */
  async text(id: number): Promise<string> {
    const response = await fetch(`${this.#url}/schemas/ids/${id}`, { signal: AbortSignal.timeout(10_000) }).catch(
      (cause: unknown) => {
        throw new SluiceError('REGISTRY_UNAVAILABLE', 'the schema registry does not answer', { cause });
      },
    );
    if (response.status === 404) {
      throw new SluiceError('SCHEMA_UNKNOWN', `the registry has no schema ${id}`, { context: { schema: id } });
    }
    if (!response.ok) throw new SluiceError('REGISTRY_UNAVAILABLE', `the schema registry answers ${response.status}`);
    return ((await response.json()) as { schema: string }).schema;
  }

  async #fetch(id: number): Promise<avro.Type> {
    // avsc writes into the registry it is given, so each schema gets a fresh one
    const type = avro.Type.forSchema(
      JSON.parse(await this.text(id)) as avro.Schema,
      {
        registry: { long: exactLong },
        wrapUnions: false,
      } as never,
    );
    this.#types.set(id, type);
    return type;
  }
}

interface Decodable {
  decode(buffer: Buffer, position: number): { value: unknown; offset: number };
}
