import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DigestBuckets, DigestRow, DigestSide } from '../../src/core/index.ts';
import { addTotals, differingRows, sameTotals, subtractTotals, totalsOf } from '../../src/reconcile/index.ts';

const LEAST = -(2n ** 63n);
const MOST = 2n ** 63n - 1n;
const lane = fc.bigInt({ min: LEAST, max: MOST });
/** Both ends of the places, both ends of buckets of every size, few distinct ones so that they meet, and any. */
const EDGES = [
  LEAST,
  LEAST + 1n,
  -1n,
  0n,
  1n,
  MOST - 1n,
  MOST,
  ...[8n, 44n, 52n].flatMap((n) => [2n ** n - 1n, 2n ** n]),
];
const place = fc.oneof(fc.constantFrom(...EDGES), fc.bigInt({ min: 0n, max: 300n }), lane);
const row: fc.Arbitrary<DigestRow> = fc.record({ place, a: lane, b: lane });
const rows = fc.uniqueArray(row, { selector: (one) => one.place, maxLength: 60 });

const isIn = ({ place: at }: DigestRow, within: DigestBuckets | null): boolean =>
  within === null || within.numbers.includes(at >> BigInt(within.shift));

/** A side that is held in memory; counts the rows it was asked for one by one. */
function sideOf(all: readonly DigestRow[]): DigestSide<DigestRow> & { read: number } {
  const side = {
    read: 0,
    async totals(shift: number, within: DigestBuckets | null) {
      const groups = new Map<bigint, DigestRow[]>();
      for (const one of all.filter((each) => isIn(each, within))) {
        const bucket = one.place >> BigInt(shift);
        const group = groups.get(bucket);
        if (group) group.push(one);
        else groups.set(bucket, [one]);
      }
      return new Map([...groups].map(([bucket, some]) => [bucket, totalsOf(some)]));
    },
    async rows(within: DigestBuckets) {
      const some = all.filter((one) => isIn(one, within));
      side.read += some.length;
      return some;
    },
  };
  return side;
}

const placesOf = (some: readonly DigestRow[]): readonly bigint[] =>
  some.map((one) => one.place).sort((x, y) => (x < y ? -1 : x > y ? 1 : 0));

describe('totals', () => {
  it('are the same in any order and however they are cut', () => {
    fc.assert(
      fc.property(rows, fc.nat(), (all, at) => {
        const cut = all.length === 0 ? 0 : at % all.length;
        const [head, tail] = [all.slice(0, cut), all.slice(cut)];
        expect(totalsOf([...tail, ...head].reverse())).toEqual(totalsOf(all));
        expect(addTotals(totalsOf(head), totalsOf(tail))).toEqual(totalsOf(all));
      }),
    );
  });

  it('move by the difference of a row that changes', () => {
    fc.assert(
      fc.property(rows, row, row, (others, before, after) => {
        const moved = addTotals(subtractTotals(totalsOf([...others, before]), totalsOf([before])), totalsOf([after]));
        expect(moved).toEqual(totalsOf([after, ...others]));
      }),
    );
  });

  it('do not lose a row that is there twice, as an XOR would', () => {
    fc.assert(
      fc.property(rows, row, (others, one) => {
        expect(sameTotals(totalsOf([...others, one, one]), totalsOf(others))).toBe(false);
      }),
    );
  });
});

describe('bisection', () => {
  it('finds exactly the rows that differ, at the ends of the places and of buckets, too', async () => {
    await fc.assert(
      fc.asyncProperty(
        rows,
        fc.array(fc.constantFrom('same', 'same', 'changed', 'left only', 'right only'), {
          minLength: 60,
          maxLength: 60,
        }),
        fc.integer({ min: 0, max: 8 }),
        async (all, fates, leaf) => {
          const [left, right, differs]: [DigestRow[], DigestRow[], DigestRow[]] = [[], [], []];
          for (const [i, one] of all.entries()) {
            const fate = fates[i];
            if (fate !== 'right only') left.push(one);
            if (fate !== 'left only') right.push(fate === 'changed' ? { ...one, b: one.b + 1n } : one);
            if (fate !== 'same') differs.push(one);
          }
          const found = await differingRows(sideOf(left), sideOf(right), { leaf, most: 1_000 });
          expect(found.whole).toBe(true);
          const places = new Set([...found.left, ...found.right].map((one) => one.place));
          expect([...places].sort()).toEqual(differs.map((one) => one.place).sort());
          const inLeft = new Set(placesOf(left));
          expect(placesOf(found.left)).toEqual(placesOf(differs.filter((one) => inLeft.has(one.place))));
        },
      ),
      { numRuns: 300 },
    );
  });

  it('tells two rows whose contents were swapped', async () => {
    const hashOf = (key: bigint, content: bigint): DigestRow => ({
      place: key,
      a: key * 31n ** content,
      b: key ^ content,
    });
    const left = [hashOf(5n, 1n), hashOf(MOST, 2n), hashOf(LEAST, 3n)];
    const right = [hashOf(5n, 2n), hashOf(MOST, 1n), hashOf(LEAST, 3n)];
    const found = await differingRows(sideOf(left), sideOf(right), { leaf: 1, most: 10 });
    expect(placesOf(found.left)).toEqual([5n, MOST]);
  });

  it('reads no row when all is well, and only the leaves that differ when something is not', async () => {
    const many = Array.from({ length: 5_000 }, (_, i) => ({ place: BigInt(i), a: BigInt(i), b: BigInt(-i) }));
    const well = [sideOf(many), sideOf(many)] as const;
    await differingRows(...well, { leaf: 10, most: 1_000 });
    expect(well[0].read + well[1].read).toBe(0);
    const other = sideOf(many.map((one) => (one.place === 4_999n ? { ...one, a: 0n } : one)));
    const found = await differingRows(sideOf(many), other, { leaf: 10, most: 1_000 });
    expect(placesOf(found.left)).toEqual([4_999n]);
    expect(other.read).toBeLessThanOrEqual(10);
  });

  it('stops when there is more than it was asked for, and says so', async () => {
    const many = Array.from({ length: 400 }, (_, i) => ({ place: BigInt(i) << 40n, a: 1n, b: 1n }));
    const found = await differingRows(sideOf(many), sideOf([]), { leaf: 4, most: 20 });
    expect(found.whole).toBe(false);
    expect(found.left.length).toBeGreaterThanOrEqual(20);
    expect(found.left.length).toBeLessThan(60);
  });
});
