import type { Json } from '../../../core/index.ts';

export type Scalar = null | boolean | number | string;

export const isScalar = (value: Json): value is Scalar => value === null || typeof value !== 'object';

/** A place of the old list and a place of the new; null where one has nothing to go with the other. */
type Pair = readonly [from: number | null, to: number | null];

interface Stretch {
  readonly from: readonly [start: number, end: number];
  readonly to: readonly [start: number, end: number];
}

/**
 * Lays two lists side by side: the longest common stretch first, then what is left of it and right of it in the same
 * way. Where that tells of more than one difference, and place by place does not tell of more, it is place by place.
 */
export function pairing(before: readonly Scalar[], after: readonly Scalar[]): readonly Pair[] {
  const whole: Stretch = { from: [0, before.length], to: [0, after.length] };
  const aligned = align(before, after, whole);
  const differences = (pairs: readonly Pair[]): number =>
    pairs.filter(([from, to]) => from === null || to === null || before[from] !== after[to]).length;
  if (differences(aligned) <= 1) return aligned;
  const plain = sideBySide(whole);
  return differences(aligned) >= differences(plain) ? plain : aligned;
}

function sideBySide({ from: [a, aEnd], to: [b, bEnd] }: Stretch): readonly Pair[] {
  const length = Math.max(aEnd - a, bEnd - b);
  return Array.from({ length }, (_, n) => [a + n < aEnd ? a + n : null, b + n < bEnd ? b + n : null]);
}

function align(before: readonly Scalar[], after: readonly Scalar[], part: Stretch): readonly Pair[] {
  const common = longestCommon(before, after, part);
  if (common === null) return sideBySide(part);
  const { a, b, length } = common;
  return [
    ...align(before, after, { from: [part.from[0], a], to: [part.to[0], b] }),
    ...Array.from({ length }, (_, n): Pair => [a + n, b + n]),
    ...align(before, after, { from: [a + length, part.from[1]], to: [b + length, part.to[1]] }),
  ];
}

/** The longest stretch both have; of several the first in the old list, then in the new. */
function longestCommon(before: readonly Scalar[], after: readonly Scalar[], { from, to }: Stretch) {
  let best: { a: number; b: number; length: number } | null = null;
  let ending = new Map<number, number>();
  for (let i = from[0]; i < from[1]; i++) {
    const next = new Map<number, number>();
    for (let j = to[0]; j < to[1]; j++) {
      if (before[i] !== after[j]) continue;
      const length = (ending.get(j - 1) ?? 0) + 1;
      next.set(j, length);
      if (length > (best?.length ?? 0)) best = { a: i - length + 1, b: j - length + 1, length };
    }
    ending = next;
  }
  return best;
}
