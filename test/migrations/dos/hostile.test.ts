import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SluiceError } from '../../../src/core/index.ts';
import { validateResource } from '../../../src/sinks/fhir/validate/index.ts';
import { Directory } from './directory.ts';
import { Stream } from './flows.ts';
import { bloodPressure, chemist, endpoint, enhancedAccess, LOOKUPS, pharmacyFirst, practice } from './rows.ts';

const word = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom(
    '$',
    ' $ ',
    '&amp;',
    '&#x0;',
    '+44',
    ' - ',
    'GP - ',
    '\u0085',
    '\ufeff',
    "' or 1=1 --",
    '{{x}}',
    '\u202e',
  ),
);
const text = fc.option(
  fc.array(word, { maxLength: 4 }).map((words) => words.join('')),
  { nil: null },
);
const odd = fc.record(
  {
    name: text.map((value) => value ?? ''),
    uid: text.map((value) => value ?? ''),
    address: text,
    town: text,
    postcode: text,
    publicphone: text,
    nonpublicphone: text,
    email: text,
    web: text,
    publicname: text,
    latitude: fc.double({ noNaN: true, noDefaultInfinity: true }),
    longitude: fc.double({ noNaN: true, noDefaultInfinity: true }),
  },
  { requiredKeys: [] },
);

test('whatever a row holds, its service comes out, with a reason when it is not moved, and its resources are valid', () => {
  const kinds = fc.constantFrom(practice, enhancedAccess, chemist, bloodPressure, pharmacyFirst);
  fc.assert(
    fc.property(kinds, odd, text, (kind, over, address) => {
      const tables = {
        services: [kind(1, over), chemist(9)],
        serviceendpoints: [endpoint(5, 1, { address, interaction: address, comment: address })],
      };
      const synced = new Directory().load(LOOKUPS).load(tables).sync(1);
      const isMoved = synced.outcome === 'inserted';
      const why = synced.reason ?? synced.error ?? synced.issues.find(({ severity }) => severity === 'fatal');
      expect(why === undefined || why === null).toBe(isMoved);
      const stream = new Stream({ fhir: true }).load(LOOKUPS).load(tables);
      expect(stream.item('data-migration-state', 'services#1') !== undefined).toBe(isMoved);
      for (const [target, documents] of stream.model.documents())
        if (target.startsWith('fhir.'))
          for (const { content } of documents.values()) expect(validateResource(content)).toEqual([]);
    }),
    { numRuns: 150 },
  );
});

test('a column of the wrong kind parks its service, and no value of it is told', () => {
  const wrong = fc.oneof(fc.constant('secret 7'), fc.constant(['secret 7']), fc.constant({ secret: 7 }), fc.boolean());
  const column = fc.constantFrom('uid', 'typeid', 'statusid', 'latitude', 'name');
  fc.assert(
    fc.property(column, wrong, (name, value) => {
      fc.pre(!((name === 'uid' || name === 'name') && typeof value === 'string'));
      const directory = new Directory().load({ services: [practice(1)] });
      directory.apply({ services: { update: [{ ...practice(1), [name]: value }] } });
      let told = '';
      try {
        directory.sync(1);
      } catch (error) {
        expect(error).toBeInstanceOf(SluiceError);
        told = (error as SluiceError).message;
      }
      expect(told).toBe(`services: these columns do not fit: ${name}`);
    }),
    { numRuns: 50 },
  );
});

test('names and addresses of a hundred thousand characters cost no time to speak of', () => {
  const long = [' ', 'a ', '$', '&', '<', 'on', '"', 'a@', '+44'].map((piece) => piece.repeat(100_000 / piece.length));
  const started = performance.now();
  for (const value of long) {
    const over = { publicname: value, address: value, email: value, publicphone: value, town: value, name: value };
    new Directory().load({ services: [practice(1, over)] }).sync(1);
  }
  expect(performance.now() - started).toBeLessThan(10_000);
});
