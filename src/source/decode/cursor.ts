/** Where reading has got to in a buffer, and Avro's primitive encodings. Running past the end throws RangeError. */
export class Cursor {
  bytes: Buffer;
  at: number;

  constructor(bytes: Buffer, at: number) {
    this.bytes = bytes;
    this.at = at;
  }

  byte(): number {
    const value = this.bytes[this.at++];
    if (value === undefined) throw new RangeError('the bytes end too early');
    return value;
  }

  /** An int or a long; a bigint only where a number would not be exact. */
  long(): number | bigint {
    let value = 0;
    let scale = 1;
    const begin = this.at;
    for (let n = 0; n < 8; n++) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (value > Number.MAX_SAFE_INTEGER) break;
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
      scale *= 128;
    }
    this.at = begin;
    return this.#bigLong();
  }

  /** A length or an index, which is never that large. */
  size(): number {
    const value = this.long();
    if (typeof value === 'bigint' || value < 0) throw new RangeError('a negative or enormous length');
    return value;
  }

  skipLong(): void {
    while (this.byte() >= 0x80);
  }

  double(): number {
    const value = this.bytes.readDoubleLE(this.at);
    this.at += 8;
    return value;
  }

  float(): number {
    const value = this.bytes.readFloatLE(this.at);
    this.at += 4;
    return value;
  }

  /** Passes over `length` bytes and answers where they end. */
  pass(length: number): number {
    this.at += length;
    if (this.at > this.bytes.length) throw new RangeError('the bytes end too early');
    return this.at;
  }

  latin1(): string {
    const length = this.size();
    const begin = this.at;
    return this.bytes.toString('latin1', begin, this.pass(length));
  }

  utf8(): string {
    const length = this.size();
    const begin = this.at;
    return this.bytes.toString('utf8', begin, this.pass(length));
  }

  #bigLong(): number | bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.byte();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte >= 0x80) continue;
      const plain = BigInt.asIntN(64, (value >> 1n) ^ -(value & 1n));
      return plain >= -9007199254740991n && plain <= 9007199254740991n ? Number(plain) : plain;
    }
    throw new RangeError('an integer of more than 64 bits');
  }
}
