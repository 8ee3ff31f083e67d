import { DIGEST_SHIFT, type DigestBuckets, type DigestRow, type DigestSide, type DigestTotals } from '../core/index.ts';

const NOTHING: DigestTotals = { count: 0, a: 0n, b: 0n };

const sum = (x: DigestTotals, y: DigestTotals, sign: 1 | -1): DigestTotals => ({
  count: x.count + sign * y.count,
  a: x.a + BigInt(sign) * y.a,
  b: x.b + BigInt(sign) * y.b,
});

export const addTotals = (x: DigestTotals, y: DigestTotals): DigestTotals => sum(x, y, 1);
export const subtractTotals = (x: DigestTotals, y: DigestTotals): DigestTotals => sum(x, y, -1);
export const sameTotals = (x: DigestTotals, y: DigestTotals): boolean =>
  x.count === y.count && x.a === y.a && x.b === y.b;
export const totalsOf = (rows: readonly DigestRow[]): DigestTotals =>
  rows.reduce((total, { a, b }) => addTotals(total, { count: 1, a, b }), NOTHING);

/** Each bucket is cut into 256. */
const STEP = 8;

export interface Differing<L extends DigestRow, R extends DigestRow> {
  /** rows of the one side that the other does not have so, and of the other */
  readonly left: readonly L[];
  readonly right: readonly R[];
  /** rows of both sides, those that are equal among them */
  readonly leftCount: number;
  readonly rightCount: number;
  /** false: there are more than were asked for */
  readonly whole: boolean;
}

export interface BisectOptions {
  /** a bucket with at most so many rows on both sides together is read row by row */
  readonly leaf: number;
  /** rows that are kept in memory at a time, and differing ones that are answered: not many more than so many */
  readonly most: number;
}

/** Finds the rows that differ: totals of all buckets, then of those that differ again in smaller ones, then their rows. */
export async function differingRows<L extends DigestRow, R extends DigestRow>(
  left: DigestSide<L>,
  right: DigestSide<R>,
  { leaf, most }: BisectOptions,
): Promise<Differing<L, R>> {
  const found = { left: [] as L[], right: [] as R[], leftCount: -1, rightCount: -1 };
  let within: DigestBuckets | null = null;
  for (let shift = DIGEST_SHIFT; ; shift = Math.max(0, shift - STEP)) {
    const mine = await left.totals(shift, within);
    const theirs = await right.totals(shift, within);
    if (found.leftCount < 0) found.leftCount = countOf(mine);
    if (found.rightCount < 0) found.rightCount = countOf(theirs);
    const large: bigint[] = [];
    let small: bigint[] = [];
    let rows = 0;
    const readSmall = async (): Promise<void> => {
      if (small.length === 0) return;
      const buckets = { shift, numbers: small };
      const [x, y] = [await left.rows(buckets), await right.rows(buckets)];
      found.left.push(...withoutThose(x, y));
      found.right.push(...withoutThose(y, x));
      small = [];
      rows = 0;
    };
    for (const bucket of new Set([...mine.keys(), ...theirs.keys()])) {
      const [x, y] = [mine.get(bucket) ?? NOTHING, theirs.get(bucket) ?? NOTHING];
      if (sameTotals(x, y)) continue;
      const count = x.count + y.count;
      if (count > leaf && shift > 0) large.push(bucket);
      else {
        if (found.left.length + found.right.length >= most) return { ...found, whole: false };
        small.push(bucket);
        rows += count;
        if (rows >= most) await readSmall();
      }
    }
    await readSmall();
    if (large.length === 0) return { ...found, whole: true };
    if (found.left.length + found.right.length >= most) return { ...found, whole: false };
    within = { shift, numbers: large };
  }
}

const countOf = (totals: ReadonlyMap<bigint, DigestTotals>): number =>
  [...totals.values()].reduce((all, { count }) => all + count, 0);

const nameOf = ({ place, a, b }: DigestRow): string => `${place}/${a}/${b}`;

/** Rows of `some` that are not among `others`, each as often as it is there more often. */
function withoutThose<R extends DigestRow>(some: readonly R[], others: readonly DigestRow[]): readonly R[] {
  const counts = new Map<string, number>();
  for (const row of others) counts.set(nameOf(row), (counts.get(nameOf(row)) ?? 0) + 1);
  return some.filter((row) => {
    const left = counts.get(nameOf(row)) ?? 0;
    if (left > 0) counts.set(nameOf(row), left - 1);
    return left === 0;
  });
}
