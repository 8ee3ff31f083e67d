import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  canonicalDecimal,
  canonicalJson,
  contentHash,
  ERROR_CODES,
  type Json,
  normaliseNhsNumber,
  opaqueKey,
  SluiceError,
  uuid5,
} from '../../src/core/index.ts';

const json = fc.jsonValue() as fc.Arbitrary<Json>;

function shuffled(value: Json): Json {
  if (Array.isArray(value)) return value.map(shuffled);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, v]) => [key, shuffled(v as Json)]),
  );
}

describe('canonical form', () => {
  test('the order of members does not matter', () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(canonicalJson(shuffled(value))).toBe(canonicalJson(value));
      }),
    );
  });

  test('it is JSON of the same value, and canonical again', () => {
    fc.assert(
      fc.property(json, (value) => {
        const text = canonicalJson(value);
        expect(canonicalJson(JSON.parse(text) as Json)).toBe(text);
      }),
    );
  });

  test('different values have different hashes', () => {
    fc.assert(
      fc.property(json, json, (x, y) => {
        expect(contentHash(x) === contentHash(y)).toBe(canonicalJson(x) === canonicalJson(y));
      }),
    );
  });

  test('the order of an array does matter', () => {
    expect(contentHash(['a', 'b'])).not.toBe(contentHash(['b', 'a']));
  });

  test('null and absent differ', () => {
    expect(canonicalJson({ a: null })).not.toBe(canonicalJson({}));
  });
});

describe('decimals', () => {
  test.each([
    ['1.50', '1.5'],
    ['-0.00', '0'],
    ['0012', '12'],
    ['.5', '0.5'],
    ['9999999999.99', '9999999999.99'],
    ['-0.125', '-0.125'],
  ])('%s is %s', (text, canonical) => expect(canonicalDecimal(text)).toBe(canonical));

  test('what is no number is refused', () => {
    for (const text of ['', '.', '1e5', 'NaN', '1.2.3']) expect(() => canonicalDecimal(text)).toThrow(RangeError);
  });
});

describe('identities', () => {
  test('the name-based UUID is the one of RFC 9562', () => {
    expect(uuid5('6ba7b810-9dad-11d1-80b4-00c04fd430c8', 'www.example.com')).toBe(
      '2ed6657d-e927-568b-95e1-2665a8aea6a2',
    );
  });

  test('an opaque key shows nothing of the key', () => {
    expect(opaqueKey('9990000018')).toMatch(/^[\w-]{16}$/);
    expect(opaqueKey('9990000018')).not.toContain('999');
  });
});

describe('NHS numbers', () => {
  test.each([
    ['999 000 0018', '9990000018'],
    ['944-930-4130', '9449304130'],
    ['9449304131', null],
    ['0000000000', null],
    ['9999999999', null],
    ['12345', null],
    ['', null],
    [null, null],
  ])('%s', (text, digits) => expect(normaliseNhsNumber(text)).toBe(digits));

  test('one wrong digit is always noticed', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 1, max: 9 }), (place, by) => {
        const digits = [...'9449304130'];
        digits[place] = String((Number(digits[place]) + by) % 10);
        expect(normaliseNhsNumber(digits.join(''))).toBe(null);
      }),
    );
  });
});

describe('errors', () => {
  test('every code says what to do', () => {
    for (const [code, [disposition, advice]] of Object.entries(ERROR_CODES)) {
      expect(['retry', 'park', 'halt'], code).toContain(disposition);
      expect(advice.length, code).toBeGreaterThan(20);
    }
    expect(new SluiceError('FENCED', 'x').disposition).toBe('retry');
  });
});
