import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Json } from '../../src/core/index.ts';
import { bigints, booleans, hexes, integers, texts } from '../../src/sinks/postgres/arrays.ts';
import { dateDays, timestamptzMicros } from '../../src/sinks/postgres/instants.ts';
import { typedArray } from '../../src/sinks/postgres/typed-arrays.ts';

/** Reads a one-dimensional array in PostgreSQL's binary format: the bytes of each element, or null. */
function elements(array: Buffer): (Buffer | null)[] {
  expect(array.readInt32BE(0)).toBe(1);
  const count = array.readInt32BE(12);
  const found: (Buffer | null)[] = [];
  let at = 20;
  for (let n = 0; n < count; n++) {
    const length = array.readInt32BE(at);
    at += 4;
    found.push(length < 0 ? null : array.subarray(at, at + length));
    at += Math.max(0, length);
  }
  expect(at).toBe(array.length);
  return found;
}

describe('array parameters in the binary format', () => {
  it('hold what was put in, however often they have to grow', () => {
    const some = fc.array(fc.option(fc.string({ unit: 'grapheme', maxLength: 30 })), { maxLength: 600 });
    fc.assert(
      fc.property(some, (values) => {
        expect(elements(texts(values)).map((one) => one?.toString('utf8') ?? null)).toEqual(values);
      }),
    );
    expect(elements(texts(new Array(1_000).fill(null)))).toEqual(new Array(1_000).fill(null));
    const longs = fc.array(fc.option(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })), { maxLength: 400 });
    fc.assert(
      fc.property(longs, (values) => {
        expect(elements(bigints(values)).map((one) => one?.readBigInt64BE() ?? null)).toEqual(values);
      }),
    );
    expect(elements(integers([-1, 2_147_483_647])).map((one) => one?.readInt32BE())).toEqual([-1, 2_147_483_647]);
    expect(elements(booleans([true, false]))).toEqual([Buffer.of(1), Buffer.of(0)]);
    expect(elements(hexes(['00ff', '']))).toEqual([Buffer.of(0, 255), Buffer.alloc(0)]);
  });
});

describe('instants', () => {
  const micros = (text: string): number | bigint | null => {
    const bytes = Buffer.from(`..${text}..`, 'utf8');
    return timestamptzMicros(bytes, 2, bytes.length - 2);
  };

  it('come out in microseconds since 2000, to the last one', () => {
    const from = Date.UTC(-270_000, 0);
    fc.assert(
      fc.property(fc.integer({ min: -62_135_596_800, max: 253_402_300_799 }), fc.nat(999_999), (seconds, fraction) => {
        const day = new Date(seconds * 1000).toISOString().slice(0, 19);
        const text = `${day}.${String(fraction).padStart(6, '0')}Z`;
        const wanted = BigInt(seconds) * 1_000_000n + BigInt(fraction) - 946_684_800_000_000n;
        expect(BigInt(micros(text) ?? from)).toBe(wanted);
      }),
    );
    expect(micros('2000-01-01T00:00:00Z')).toBe(0);
    expect(micros('2000-01-01T00:00:01.5Z')).toBe(1_500_000);
    expect(micros('2000-01-01T01:00:00+01:00')).toBe(0n);
    expect(micros('2024-02-29T00:00:00Z')).toBe(BigInt(Date.UTC(2024, 1, 29)) * 1_000n - 946_684_800_000_000n);
    const none = ['2026-02-29T00:00:00Z', '2026-04-31T00:00:00Z', '2026-13-01T00:00:00Z', '2026-01-01T24:00:00Z'];
    for (const wrong of ['2000-01-01', 'yesterday', '2000-13-01T00:00', '2000-01-01T00:00:00', ...none])
      expect(micros(wrong)).toBeNull();
  });

  it('of dates are days', () => {
    expect(dateDays('1970-01-01')).toBe(0);
    expect(dateDays('2026-11-21')).toBe(Date.UTC(2026, 10, 21) / 86_400_000);
    expect(dateDays('0001-01-01')).toBe(-719_162);
    expect(dateDays('2026-11-21T00:00:00Z')).toBeNull();
  });
});

describe('a column of JSON values', () => {
  const textOf = (value: Json): string | null => (value === null ? null : String(value));
  const bytesOf = (type: string, values: readonly Json[]) => {
    const { parameter, array, cast } = typedArray(type, values, textOf);
    return { cells: elements(parameter), array, cast };
  };

  it('goes in the binary format of its type', () => {
    const { cells, array, cast } = bytesOf('bigint', [1, '-2', null, '9223372036854775807']);
    expect(cells.map((cell) => cell?.readBigInt64BE() ?? null)).toEqual([1n, -2n, null, 9_223_372_036_854_775_807n]);
    expect([array, cast]).toEqual(['bigint', null]);
    expect(bytesOf('boolean', [true, false]).cells).toEqual([Buffer.of(1), Buffer.of(0)]);
    expect(bytesOf('timestamp with time zone', ['2000-01-01T00:00:01Z']).cells[0]?.readBigInt64BE()).toBe(1_000_000n);
  });

  it.each([
    ['bigint', ['1', ' 2 ']],
    ['bigint', ['9223372036854775808']],
    ['bigint', [1.5]],
    ['integer', [2_147_483_648]],
    ['smallint', ['40000']],
    ['boolean', [true, 'yes']],
    ['timestamp with time zone', ['2026-01-01T00:00:00Z', '2026-02-30T00:00:00Z']],
    ['timestamp with time zone', ['infinity']],
    ['numeric', ['1.50']],
    ['text', ['a']],
  ])('of type %s is left to the server to read when it holds %j', (type, values) => {
    const { cells, array, cast } = bytesOf(type, values);
    expect(cells.map((cell) => cell?.toString('utf8'))).toEqual(values.map(String));
    expect([array, cast]).toEqual(['text', type === 'text' ? null : type]);
  });
});
