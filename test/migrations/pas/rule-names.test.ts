import { expect, test } from 'vitest';
import type { Contract, FieldRow, Rule } from '../../../src/migrations/pas/contract/model.ts';
import { ruleNames } from '../../../src/migrations/pas/stream/rule-names.ts';

const row = (field: string, of: FieldRow['class'], rule: Rule, feed: string | null = null): FieldRow => ({
  ...{ table: 'LOAD_PMI', field, feed, class: of, sources: [], rule, onBlank: 'blank', onReject: 'blank' },
  ...{ confidence: 'HIGH', review: 'DRAFT', reviewedBy: '', reason: 'a test' },
});
const codes: Rule = { kind: 'translate', crosswalk: 'sex' };
const contract = {
  fields: new Map([
    [
      'LOAD_PMI',
      [
        row('system_code', 'SURROGATE_ETL', { kind: 'constant', value: 'PAS_V83' }),
        row('sex', 'LOOKUP_TRANSLATION', codes, 'current'),
        row('sex', 'LOOKUP_TRANSLATION', codes, 'previous'),
        row('ended', 'DIRECT_SOURCE', { kind: 'copy' }, 'current'),
        row('ended', 'DERIVED', { kind: 'derive', name: 'day-before' }, 'previous'),
      ],
    ],
  ]),
} as unknown as Contract;

test('what decides a column, a row and a refusal has a name', () => {
  const ruleOf = ruleNames(contract);
  const of = (path: string): string | null => ruleOf('pas184.load_pmi', path);
  expect(of('system_code')).toBe('SURROGATE_ETL constant PAS_V83');
  expect(of('sex')).toBe('LOOKUP_TRANSLATION translate sex');
  expect(of('ended')).toBe('DIRECT_SOURCE copy, DERIVED derive day-before');
  expect([of(''), of('sluice_source_key')]).toEqual(['plan LOAD_PMI', 'plan LOAD_PMI']);
  expect(ruleOf('pas184.rejects', 'problem')).toBe('refusals');
  expect(ruleOf('pas184.load_unknown', 'x')).toBeNull();
});
