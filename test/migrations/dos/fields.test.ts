import { describe, expect, test } from 'vitest';
import { date, double, time } from '../../../src/migrations/dos/columns.ts';
import { readAddress } from '../../../src/migrations/dos/fields/address.ts';
import { readAges } from '../../../src/migrations/dos/fields/ages.ts';
import { countyOf } from '../../../src/migrations/dos/fields/county.ts';
import { fixedText, plainText, tenPlaces, toCents } from '../../../src/migrations/dos/fields/decimals.ts';
import { emailIssue } from '../../../src/migrations/dos/fields/email.ts';
import { decodeReferences } from '../../../src/migrations/dos/fields/html-text.ts';
import { readPhone } from '../../../src/migrations/dos/fields/phone.ts';
import { readPosition } from '../../../src/migrations/dos/fields/position.ts';
import { readPublicName } from '../../../src/migrations/dos/fields/public-name.ts';

describe('an e-mail address', () => {
  test.each([
    'desk@nhs.net',
    'a.b+c@larkspur.nhs.uk',
    '"front desk"@nhs.net',
    '"x".desk@nhs.net',
    // the reference takes any character for the dot
    'desk@larkspur.nhsxnet',
  ])('%s is kept', (email) => expect(emailIssue(email)).toBeNull());

  test.each([
    [null, 'email_not_string'],
    ['', 'email_not_string'],
    [`${'a'.repeat(247)}@nhs.net`, 'invalid_length'],
    ['desk', 'invalid_format'],
    ['desk@', 'invalid_format'],
    ['@nhs.net', 'invalid_format'],
    ['a@b@nhs.net', 'invalid_format'],
    ['.desk@nhs.net', 'invalid_format'],
    ['desk.@nhs.net', 'invalid_format'],
    ['de..sk@nhs.net', 'invalid_format'],
    [' desk@nhs.net', 'invalid_format'],
    ['desk@-x.nhs.net', 'invalid_format'],
    [`desk@${'x'.repeat(64)}.nhs.net`, 'invalid_format'],
    ['desk@larkspur.example', 'not_nhs_email'],
    ['desk@NHS.NET', 'not_nhs_email'],
  ])('%s is refused as %s', (email, code) => {
    expect(emailIssue(email)).toMatchObject({ code, severity: 'error', expression: ['email'], value: email });
  });

  test('of hostile length is refused without delay', () => {
    const started = performance.now();
    expect(emailIssue(`"${'a"'.repeat(120)}@nhs.net`)?.code).toBe('invalid_format');
    expect(performance.now() - started).toBeLessThan(100);
  });
});

describe('a telephone number', () => {
  test.each([
    ['01632 960 101', '01632960101'],
    [' +44 1632 960101 ', '01632960101'],
    ['0163296010', '0163296010'],
    ['0800123456', '0800123456'],
    ['08454640', '08454640'],
  ])('%s is kept as %s', (raw, phone) => expect(readPhone('publicphone', raw)).toEqual({ phone, issue: null }));

  test.each([
    [null, 'empty', null],
    ['', 'empty', ''],
    ['   ', 'invalid_length', ''],
    ['999', 'invalid_length', '999'],
    ['016329601', 'invalid_length', '016329601'],
    ['016329601012', 'invalid_length', '016329601012'],
    ['04001234567', 'invalid_format', '04001234567'],
    ['0163296010a', 'invalid_format', '0163296010a'],
    ['0201234567', 'invalid_format', '0201234567'],
  ])('%s is refused as %s', (raw, code, value) => {
    const { phone, issue } = readPhone('nonpublicphone', raw);
    expect(phone).toBeNull();
    expect(issue).toMatchObject({ code, value, expression: ['nonpublicphone'] });
  });
});

describe('the public name of a practice', () => {
  test.each([
    ['Larkspur Surgery', 'Larkspur Surgery'],
    ['GP - Larkspur', 'Larkspur'],
    ['GP-Larkspur', 'Larkspur'],
    ['GP - GP - Larkspur', 'GP'],
    ['Larkspur Surgery - Branch - East', 'Larkspur Surgery'],
    ['Larkspur-on-Sea', 'Larkspur-on-Sea'],
    ['Larkspur &amp; Moor', 'Larkspur & Moor'],
    ['Larkspur&#39;s &copy;', "Larkspur's ©"],
    ['Larkspur\t\n  Surgery ', 'Larkspur Surgery'],
    ['&lt;b&gt;Larkspur', '<b>Larkspur'],
  ])('%s becomes %s', (raw, name) => expect(readPublicName(raw)).toMatchObject({ name, issue: null }));

  test.each([
    [null, 'required', []],
    ['x'.repeat(101), 'too_long', ['004']],
    ['Larkspur <script>', 'dangerous_pattern', ['005']],
    ['Larkspur ONclick =1', 'dangerous_pattern', ['005']],
    ['Larkspur data:', 'dangerous_pattern', ['005']],
    ['GP - ', 'empty_after_sanitization', ['001']],
    ['&#32;', 'empty_after_sanitization', []],
    ['Larkspur &amp;amp; Moor', 'suspicious_encoding', ['002']],
    ['Larkspur &zzz;', 'suspicious_encoding', ['002']],
  ])('%s is refused as %s', (raw, code, notes) => {
    const reading = readPublicName(raw);
    expect(reading).toMatchObject({
      name: null,
      issue: { code: `publicname_${code}`, severity: 'error', value: null },
    });
    expect(reading.notes.map((note) => note.code.slice(-3))).toEqual(notes);
  });
});

test.each([
  ['&eacute;&eacute', 'éé'],
  ['&notit;', '¬it;'],
  ['&#x80;&#0;&#xD800;&#x110000;', '€\ufffd\ufffd\ufffd'],
  ['&#1;&#xFFFF;', ''],
  ['&unknown; & &;', '&unknown; & &;'],
  ['&NotEqualTilde;', '≂̸'],
])('the references of %s are decoded', (text, plain) => expect(decodeReferences(text)).toBe(plain));

describe('an address', () => {
  const read = (address: string | null, town: string | null = 'Penhallow') =>
    readAddress({ address, town, postcode: 'ZZ99 9ZZ' }, 'compat');

  test('is two lines and a county, town and postcode as they are', () => {
    expect(read('4 Larkspur Row$Nether Moor$Cornwall')).toEqual({
      line1: '4 Larkspur Row',
      line2: 'Nether Moor',
      county: 'Cornwall',
      town: 'Penhallow',
      postcode: 'ZZ99 9ZZ',
    });
  });

  test.each([null, '', 'Not Available', '  not   AVAILABLE '])('%j is none', (address) => {
    expect(read(address)).toBeNull();
  });

  test.each([
    ['$$', null, null],
    ['N/A', 'N/A', null],
    ['1 Row$PENHALLOW$Moor', '1 Row', 'Moor'],
    ['1 Row$1  row$Moor', '1 Row', 'Moor'],
    ['1 Row$Moor$1 Row', '1 Row', 'Moor'],
    ['1 Row$Moor$Third line', '1 Row', 'Moor'],
  ])('of %j the lines are %j and %j', (address, line1, line2) => expect(read(address)).toMatchObject({ line1, line2 }));

  test('takes the last line that names a county, and leaves an earlier one', () => {
    expect(read('Devon$1 Row$Kent')).toMatchObject({ county: 'Kent', line1: 'Devon', line2: '1 Row' });
  });
});

describe('a county', () => {
  test.each([
    ['kent', 'Kent'],
    ['Bristol, City of', 'Bristol, City Of'],
    ['Tyne and Wear', 'Tyne And Wear'],
    ['West Yorkshire', 'West Yorkshire'],
    ['Wales', 'Wales [Cymru Gb-Cym]'],
    // found inside a name, as the reference does it
    ['Avon', 'Armagh City, Banbridge And Craigavon'],
    ['London', 'London, City Of'],
    ['Berkshire', 'West Berkshire'],
    ['GB', 'Isle Of Anglesey [Sir Ynys Môn Gb-Ynm]'],
  ])('%s is found as %s', (line, county) => expect(countyOf(line, 'compat')).toBe(county));

  test.each(['Nether Moor', 'Middlesex', 'Paris', '4 Kent Road'])('%s is none', (line) => {
    expect(countyOf(line, 'compat')).toBeNull();
  });

  test('is found by its full name only where exactness is asked for', () => {
    expect(countyOf('Kent', 'exact')).toBe('Kent');
    expect(countyOf('merseyside', 'exact')).toBe('Merseyside');
    expect(countyOf('Avon', 'exact')).toBeNull();
  });
});

describe('a position', () => {
  test('has ten places and no exponent', () => {
    expect(readPosition(53.8, -0.000000049)).toEqual({ latitude: '53.8000000000', longitude: '-0.0000000490' });
  });

  test.each([
    [null, 1],
    [1, null],
    [51.5, 0],
    [1e-12, 1],
  ])('of %s and %s is none', (latitude, longitude) => expect(readPosition(latitude, longitude)).toBeNull());
});

describe('a decimal of ten places', () => {
  test.each([
    [0.1, '0.1000000000'],
    [-1.5, '-1.5000000000'],
    // ties go to the even neighbour: 2^-11 is one
    [0.00048828125, '0.0004882812'],
    [-0.00048828125, '-0.0004882812'],
    [0.00146484375, '0.0014648438'],
    [1e22, '10000000000000000000000.0000000000'],
  ])('%s is %s', (value, text) => expect(fixedText(tenPlaces(value))).toBe(text));

  test('is rounded to two places with a half away from zero', () => {
    expect(plainText(toCents(tenPlaces(0.125)))).toBe('0.13');
    expect(plainText(toCents(tenPlaces(-0.125)))).toBe('-0.13');
  });
});

describe('ages', () => {
  const joined = (...ranges: [number, number][]) =>
    readAges(ranges.map(([daysfrom, daysto]) => ({ daysfrom, daysto })))?.map(
      ({ rangeFrom, rangeTo }) => `${rangeFrom}-${rangeTo}`,
    );

  test.each([
    [[], undefined],
    [[[0, 5840]], ['0-5840']],
    [
      [
        [5844, 47481.5],
        [0, 364.25],
        [365.25, 1825.25],
        [1826.25, 5843],
      ],
      ['0-47481.5'],
    ],
    [
      [
        [0, 10],
        [11.01, 20],
      ],
      ['0-10', '11.01-20'],
    ],
    [
      [
        [0, 100],
        [20, 30],
      ],
      ['0-100'],
    ],
    [
      [
        [0, 100],
        [20, 300],
      ],
      ['0-300'],
    ],
    // an end within a day of the last takes its place, the smaller one too
    [
      [
        [0, 1000],
        [999.5, 999.8],
      ],
      ['0-999.8'],
    ],
  ] as [[number, number][], string[] | undefined][])('%j become %j', (ranges, text) => {
    expect(joined(...ranges)).toEqual(text);
  });
});

describe('columns of the stream', () => {
  test.each([
    [1.5, 1.5],
    ['Infinity', undefined],
    [Number.POSITIVE_INFINITY, undefined],
    ['NaN', undefined],
    [Number.NaN, undefined],
  ])('the double %s is %s', (value, number) => expect(double(value)).toBe(number));

  test.each([
    ['08:30:00', '08:30:00'],
    [30_600_000, '08:30:00'],
    [86_400_000, '00:00:00'],
    ['24:00:00', '00:00:00'],
    ['25:00:00', undefined],
    [86_400_001, undefined],
  ])('the time %s is %s', (value, text) => expect(time(value)).toBe(text));

  test.each([
    ['2026-12-25', '2026-12-25'],
    [20_812, '2026-12-25'],
    ['2026-02-30', undefined],
    ['0001-01-01', '0001-01-01'],
    [-719_162, '0001-01-01'],
    [-719_163, undefined],
    [2_932_896, '9999-12-31'],
    // as the stream and as a reading have it, it has no form of ten characters
    [2_932_897, undefined],
    ['10000-01-01', undefined],
    ['0044-03-15 BC', undefined],
    ['infinity', undefined],
    [2_147_483_647, undefined],
    [-2_147_483_648, undefined],
    [null, undefined],
  ])('the date %s is %s', (value, text) => expect(date(value)).toBe(text));
});
