import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { loadHouseContract } from '../../../src/app/pas/house-contract.ts';
import { applyPolicy, readPolicy } from '../../../src/migrations/pas/contract/policy.ts';
import { MATERIAL, material } from '../../support/pas-vectors.ts';

const { contract } = loadHouseContract();
const ON = { on: '2026-11-21', unsigned: true };
const signed = { approved_by: 'clinical-safety-lead', expires_on: '2027-03-31' };
const awol = { target_table: 'LOAD_ADT_WARDSTAYS', target_field: 'is_awol', rule_kind: 'DEFAULT_N' };

const apply = (overrides: readonly object[], options = ON) =>
  applyPolicy(contract, readPolicy(JSON.stringify({ overrides })), options);
const rowOf = (made: ReturnType<typeof apply>, table: string, field: string) =>
  made.contract.fields.get(table)?.find((row) => row.field === field);

describe('policy overrides', () => {
  test('a signed one changes the field and says by whom', () => {
    const made = apply([{ ...awol, ...signed }]);
    expect(made.findings).toEqual([]);
    expect(rowOf(made, 'LOAD_ADT_WARDSTAYS', 'is_awol')).toMatchObject({
      rule: { kind: 'constant', value: 'N' },
      review: 'APPROVED',
      reviewedBy: 'clinical-safety-lead',
    });
  });

  test('expired, unsigned, unmatched: not applied where it matters, and found', () => {
    const before = contract.fields.get('LOAD_ADT_WARDSTAYS');
    const expired = apply([{ ...awol, ...signed, expires_on: '2026-11-20' }]);
    expect(expired.findings.map(({ category }) => category)).toEqual(['POLICY_EXPIRED']);
    expect(expired.contract.fields.get('LOAD_ADT_WARDSTAYS')).toEqual(before);
    const unsigned = apply([awol], { ...ON, unsigned: false });
    expect(unsigned.findings.map(({ category }) => category)).toEqual(['POLICY_UNSIGNED']);
    expect(unsigned.contract.fields.get('LOAD_ADT_WARDSTAYS')).toEqual(before);
    expect(apply([{ ...awol, target_field: 'no_such' }]).findings.map(({ category }) => category)).toEqual([
      'POLICY_UNMATCHED',
    ]);
  });

  test('the last of two for one field counts', () => {
    const made = apply([
      { ...awol, ...signed },
      { ...awol, ...signed, rule_kind: 'USER_DEFINED_OR_EMPTY', confidence: 'LOW' },
    ]);
    expect(rowOf(made, 'LOAD_ADT_WARDSTAYS', 'is_awol')).toMatchObject({ confidence: 'LOW', rule: { kind: 'none' } });
  });

  test('nobody is given a nationality or a cause of death by policy', () => {
    const made = apply([
      { target_table: 'LOAD_PMI', target_field: 'nationality', rule_kind: 'DEFAULT_GBR', ...signed },
      { target_table: 'LOAD_PMI', target_field: 'death_hiv_related', rule_kind: 'DEFAULT_N', ...signed },
    ]);
    expect(made.findings.map(({ category }) => category)).toEqual(['POLICY_RULE_UNKNOWN', 'POLICY_RULE_UNKNOWN']);
    expect(rowOf(made, 'LOAD_PMI', 'nationality')?.rule).toEqual({ kind: 'none' });
    expect(rowOf(made, 'LOAD_PMI', 'death_hiv_related')?.rule).toEqual({ kind: 'none' });
  });

  test('what is no policy is refused with the place', () => {
    expect(() => readPolicy('{"overrides":[{"target_table":1}]}')).toThrow(/overrides\.0\.target_table/);
    expect(() => readPolicy('not json')).toThrow(/no JSON/);
  });

  test.skipIf(MATERIAL === null)('the file of the reference is understood: all 25, none of them signed', () => {
    const overrides = readPolicy(readFileSync(material('data/mapping_resolution_policy.json'), 'utf8'));
    expect(overrides).toHaveLength(25);
    const { findings } = applyPolicy(contract, overrides, { ...ON, unsigned: false });
    expect(findings.filter(({ category }) => category === 'POLICY_UNSIGNED')).toHaveLength(25);
  });
});
