/**
 * Chance that can be had again: the same seed and path give the same draws on every machine. Nothing in this room
 * asks the platform for randomness when it decides what a row looks like.
 */
export interface Chance {
  /** a whole number in [0, limit) */
  below(limit: number): number;
  /** a whole number in [from, to], both included */
  between(from: number, to: number): number;
  /** true in this share of draws, 0 to 1 */
  yes(share: number): boolean;
  pick<T>(list: readonly T[]): T;
  /** an entry drawn by its weight */
  weighted<T>(list: readonly (readonly [T, number])[]): T;
  /** a random UUID, version 4 */
  uuid(): string;
}

const MASK = (1n << 64n) - 1n;
const RANGE = 2 ** 32;

/** SplitMix64: spreads a 64-bit state over all its bits. Used for seeding only. */
function mix(state: bigint): bigint {
  let z = (state + 0x9e3779b97f4a7c15n) & MASK;
  z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & MASK;
  z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & MASK;
  return z ^ (z >> 31n);
}

function seedState(seed: bigint, path: readonly (string | number)[]): bigint {
  let state = mix(BigInt.asUintN(64, seed));
  for (const step of path) {
    if (typeof step === 'number') state = mix(state ^ BigInt(step));
    else for (const letter of step) state = mix(state ^ BigInt(letter.codePointAt(0) ?? 0));
  }
  return state;
}

const rotate = (x: number, by: number): number => (x << by) | (x >>> (32 - by));

/**
 * A stream of draws of its own for each path under a seed, so that the rows of one block do not depend on how many
 * draws another took. The generator is xoshiro128**.
 */
export function chanceOf(seed: bigint, ...path: readonly (string | number)[]): Chance {
  const first = mix(seedState(seed, path));
  const second = mix(first);
  let a = Number(first & 0xffffffffn) | 0;
  let b = Number(first >> 32n) | 0;
  let c = Number(second & 0xffffffffn) | 0;
  // one bit forced: the all-zero state would stay zero for ever
  let d = Number(second >> 32n) | 1;

  const bits = (): number => {
    const result = Math.imul(rotate(Math.imul(b, 5), 7), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotate(d, 11);
    return result;
  };
  const below = (limit: number): number => Math.floor((bits() / RANGE) * limit);
  const pick = <T>(list: readonly T[]): T => {
    if (list.length === 0) throw new RangeError('nothing to pick from');
    return list[below(list.length)] as T;
  };
  return {
    below,
    pick,
    between: (from, to) => from + below(to - from + 1),
    yes: (share) => bits() < share * RANGE,
    weighted: (list) => {
      let left = (bits() / RANGE) * list.reduce((sum, [, weight]) => sum + weight, 0);
      for (const [item, weight] of list) {
        left -= weight;
        if (left < 0) return item;
      }
      return pick(list)[0];
    },
    uuid: () => {
      const hex = [bits(), (bits() & 0xffff0fff) | 0x4000, (bits() & 0x3fffffff) | 0x80000000, bits()]
        .map((word) => (word >>> 0).toString(16).padStart(8, '0'))
        .join('');
      return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
    },
  };
}
