import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { comparePositions, type Position } from '../../src/core/index.ts';

const at = (over: Partial<Position>): Position => ({
  epoch: 1,
  phase: 1,
  a: 0n,
  b: 0n,
  txId: null,
  offset: 0n,
  ...over,
});

describe('order of changes of one row', () => {
  test('a higher epoch wins over everything', () => {
    expect(comparePositions(at({ epoch: 2 }), at({ epoch: 1, a: 9n, b: 9n, offset: 9n }))).toBeGreaterThan(0);
  });

  test('what streamed wins over what a snapshot read, though its log position is lower', () => {
    expect(comparePositions(at({ phase: 1, a: -1n, b: 10n }), at({ phase: 0, a: -1n, b: 90n }))).toBeGreaterThan(0);
  });

  test('inside one transaction the own log position decides, whatever the commit before it was', () => {
    const first = at({ txId: 7n, a: -1n, b: 10n, offset: 1n });
    const resent = at({ txId: 7n, a: 50n, b: 10n, offset: 9n });
    const second = at({ txId: 7n, a: -1n, b: 11n, offset: 2n });
    expect(comparePositions(resent, second)).toBeLessThan(0);
    expect(comparePositions(resent, first)).toBeGreaterThan(0);
  });

  test('between transactions commit order wins over log position', () => {
    const early = at({ txId: 1n, a: 6672n, b: 6944n });
    const late = at({ txId: 2n, a: 7064n, b: 6808n });
    expect(comparePositions(late, early)).toBeGreaterThan(0);
  });

  test('64-bit positions are compared exactly', () => {
    const big = 2n ** 62n;
    expect(comparePositions(at({ a: big + 1n }), at({ a: big }))).toBeGreaterThan(0);
  });

  test('a tie goes to the later record', () => {
    expect(comparePositions(at({ offset: 2n }), at({ offset: 1n }))).toBeGreaterThan(0);
  });

  const anyPosition = fc.record({
    epoch: fc.integer({ min: 1, max: 2 }),
    phase: fc.constantFrom(0 as const, 1 as const),
    a: fc.bigInt({ min: -1n, max: 3n }),
    b: fc.bigInt({ min: 0n, max: 3n }),
    txId: fc.option(fc.bigInt({ min: 1n, max: 2n }), { nil: null }),
    offset: fc.bigInt({ min: 0n, max: 5n }),
  });

  test('it is antisymmetric, and equal only to itself', () => {
    fc.assert(
      fc.property(anyPosition, anyPosition, (x, y) => {
        expect(Math.sign(comparePositions(x, y))).toBe(-Math.sign(comparePositions(y, x)) || 0);
        expect(comparePositions(x, x)).toBe(0);
      }),
    );
  });
});
