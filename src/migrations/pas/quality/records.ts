/** No hospital has more rows in a table; a number beyond it is damage, and no memory is given to it. */
export const MOST_RECORDS = 2 ** 28;

/** A set of record numbers: one bit each, so that 10 million of them are little more than a megabyte. */
export interface NumberSet {
  has(number: number): boolean;
  /** false: it was there */
  add(number: number): boolean;
}

export function numberSet(): NumberSet {
  let bits = new Uint32Array(1 << 12);
  return {
    has: (number) => number <= MOST_RECORDS && (((bits[number >>> 5] ?? 0) >>> (number & 31)) & 1) === 1,
    add(number) {
      const word = number >>> 5;
      if (word >= bits.length) {
        const wider = new Uint32Array(Math.max(word + 1, bits.length * 2));
        wider.set(bits);
        bits = wider;
      }
      const mask = 1 << (number & 31);
      const known = ((bits[word] as number) & mask) !== 0;
      bits[word] = (bits[word] as number) | mask;
      return !known;
    },
  };
}
