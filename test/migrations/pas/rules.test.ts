import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createTranslator } from '../../../src/migrations/pas/rules/crosswalk.ts';
import { dateOrder, formatDate, parseDate, parseTime } from '../../../src/migrations/pas/rules/dates.ts';
import { createDerivations } from '../../../src/migrations/pas/rules/derivations.ts';
import { checkNhsNumber } from '../../../src/migrations/pas/rules/nhs-number.ts';
import { parseNumber } from '../../../src/migrations/pas/rules/numbers.ts';
import { valueClass } from '../../../src/migrations/pas/rules/value-class.ts';

describe('dates', () => {
  const two = (n: number): string => String(n).padStart(2, '0');

  test('every day of the calendar in every form, and no day it does not have', () => {
    const parts = fc.tuple(
      fc.integer({ min: 1850, max: 2199 }),
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 1, max: 31 }),
    );
    fc.assert(
      fc.property(parts, ([y, m, d]) => {
        const date = new Date(Date.UTC(y, m - 1, d));
        const real = date.getUTCMonth() === m - 1;
        const forms = [
          `${two(d)}/${two(m)}/${y}`,
          `${y}-${two(m)}-${two(d)}`,
          `${y}${two(m)}${two(d)}`,
          `${y}${two(m)}${two(d)}0915`,
          `${two(d)}/${two(m)}/${y} 09:15`,
        ];
        for (const form of forms) {
          const parsed = parseDate(form);
          if (real) expect(typeof parsed === 'object' && formatDate(parsed), form).toBe(forms[0]);
          else expect(parsed, form).toBe('DATE_NOT_REAL');
        }
      }),
    );
  });

  test.each([
    ['00010101', 'DATE_YEAR'],
    ['01/01/0001', 'DATE_YEAR'],
    ['99999999', 'DATE_PLACEHOLDER'],
    ['00/00/0000', 'DATE_PLACEHOLDER'],
    ['000000000000', 'DATE_PLACEHOLDER'],
    ['29/02/1900', 'DATE_NOT_REAL'],
    ['20240115 2500', 'DATE_FORMAT'],
    ['202401152500', 'DATE_NOT_REAL'],
    ['15/01/24', 'DATE_FORMAT'],
    ['2024011', 'DATE_FORMAT'],
  ])('%s is %s', (text, problem) => expect(parseDate(text)).toBe(problem));

  test('the open end is a date, time is kept, order is by minute', () => {
    expect(parseDate('31/12/9999')).toMatchObject({ year: 9999 });
    const [early, late] = ['15/01/2024 09:30', '202401151000'].map((text) => parseDate(text));
    if (typeof early !== 'object' || typeof late !== 'object') throw new Error('no dates');
    expect(formatDate(early, true)).toBe('15/01/2024 09:30');
    expect(dateOrder(early)).toBeLessThan(dateOrder(late));
    expect(['0930', '9:30', '24:00', ''].map(parseTime)).toEqual(['09:30', '09:30', null, null]);
  });
});

describe('other values', () => {
  test('numbers in one form, within their digits', () => {
    expect(parseNumber('+007.50', 4)).toEqual({ value: '7.5' });
    expect(parseNumber('-0', 4)).toEqual({ value: '0' });
    expect(parseNumber('12345', 4)).toBe('NUMBER_TOO_LONG');
    expect(parseNumber('1e3', 4)).toBe('NUMBER_FORMAT');
  });

  test('NHS numbers: only blanks and hyphens are passed over; 999 only in test data', () => {
    expect(checkNhsNumber('943-476 5919', { testData: false })).toEqual({ digits: '9434765919' });
    expect(checkNhsNumber('9990000018', { testData: false })).toBe('NHS_TEST_RANGE');
    expect(checkNhsNumber('9990000018', { testData: true })).toEqual({ digits: '9990000018' });
    expect(checkNhsNumber('943\t476 5919', { testData: true })).toBe('NHS_FORMAT');
  });

  test('a value class shows the shape and nothing else', () => {
    expect(['', '  ', '14/03/1958', 'Ann ŚĆ'].map(valueClass)).toEqual([
      'empty',
      'blank',
      '9{2}/9{2}/9{4}',
      'Aa{2} A{2}',
    ]);
  });

  test('a crosswalk entry holds from its first day to its last, and only signed where asked', () => {
    const entry = { source: 'A', meaning: '', reviewedBy: '' };
    const entries = [
      { ...entry, target: 'old', from: null, to: '2025-12-31', review: 'APPROVED' as const, reviewedBy: 'x' },
      { ...entry, target: 'new', from: '2026-01-01', to: null, review: 'IN_REVIEW' as const },
      { ...entry, source: 'B', target: 'b', from: null, to: null, review: 'REJECTED' as const },
    ];
    const at = (on: string, approvedOnly: boolean) => createTranslator(entries, { on, approvedOnly });
    expect(at('2025-12-31', true)('A')).toEqual({ value: 'old', approved: true });
    expect(at('2026-01-01', false)(' A ')).toEqual({ value: 'new', approved: false });
    expect(at('2026-01-01', true)('A')).toBe('CROSSWALK_NOT_APPROVED');
    expect(at('2026-01-01', true)('a')).toBe('CROSSWALK_UNMAPPED');
    expect(at('2026-01-01', false)('B')).toBe('CROSSWALK_UNMAPPED');
  });
});

describe('derivations', () => {
  const rules = createDerivations({ testData: true });
  const derive = (name: string, ...values: string[]): string => {
    const scope = { problem: null as string | null, note: null };
    const value = rules.get(name)?.(values, [], scope as never) ?? 'no such rule';
    return scope.problem ?? value;
  };

  test.each([
    ['agreed-date', ['19800229', '29/02/1980'], '19800229'],
    ['agreed-date', ['19800229', '01/03/1980'], 'DATES_DISAGREE'],
    ['age-on', ['01/02/2000', '31/01/2020'], '19'],
    ['age-on', ['01/02/2000', '01/02/2020'], '20'],
    ['days-between', ['28/02/2024', '202403011200'], '2'],
    ['days-between', ['28/02/2024', ''], ''],
    ['forename-1', ['ANN MARY LOU'], 'ANN'],
    ['forename-3', ['ANN MARY LOU JO'], 'LOU JO'],
    ['family-name', ['ANN SMYTHE'], 'SMYTHE'],
    ['postcode', ['ls14ap'], 'LS1 4AP'],
    ['postcode', ['NOT KNOWN'], 'POSTCODE_FORMAT'],
    ['icd10-code', ['i25.1'], 'I251'],
    ['icd10-code', ['HEART'], 'CODE_FORMAT'],
    ['opcs4-code', ['W37.1'], 'W371'],
    ['practice-code', ['a81001'], 'A81001'],
    ['practice-code', ['LOCAL'], 'CODE_FORMAT'],
    ['health-authority-code', ['QAA'], 'QAA'],
    ['health-authority-code', ['LEEDS'], 'CODE_FORMAT'],
    ['admission-letter', ['2A'], 'N'],
    ['not-flag', ['YES'], 'N'],
    ['not-flag', ['perhaps'], 'FLAG_UNKNOWN'],
    ['removed-or-admitted', ['x', ''], 'R'],
    ['join-text', ['a', '', 'b'], 'a; b'],
    ['phone', ['0113 496 0000'], '01134960000'],
    ['whole-number', ['1.5'], 'NUMBER_FORMAT'],
  ])('%s of %j is %s', (name, values, expected) => expect(derive(name, ...values)).toBe(expected));

  test('a long address is broken where it may be, and nothing is lost', () => {
    const text = `${'12 Care Close, '.repeat(8)}End`;
    const [first, second] = [derive('text-part-1', text), derive('text-part-2', text)];
    expect(first.length).toBeLessThanOrEqual(80);
    expect(`${first} ${second}`).toBe(text);
  });
});
