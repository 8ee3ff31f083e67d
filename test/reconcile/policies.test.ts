import { expect, it } from 'vitest';
import { readPolicies, whyNotRepairable } from '../../src/app/reconcile/repair.ts';
import type { Finding, Migration } from '../../src/core/index.ts';
import { comparableResource } from '../../src/sinks/fhir/index.ts';

it('reads who may be repaired, for all flows and for one', () => {
  const { otherwise, flows } = readPolicies('never,a=automatic', ['a', 'b']);
  expect([otherwise, flows.get('a'), flows.get('b')]).toEqual(['never', 'automatic', undefined]);
  expect(() => readPolicies('c=automatic', ['a'])).toThrow(/no flow 'c'/);
  expect(() => readPolicies('sometimes', [])).toThrow(/automatic, approval or never/);
});

it('says what a derivation cannot repair', () => {
  const finding = { root: 'r', target: 'a.b', kind: 'value', state: 'confirmed' } as Finding;
  const history = { target: { name: 'dynamodb.history' } };
  const why = (of: Partial<Finding>): string | null =>
    whyNotRepairable({ ...finding, ...of }, { dynamodb: { history } } as unknown as Migration);
  expect(why({})).toBeNull();
  expect(why({ root: '' })).toMatch(/by hand/);
  expect(why({ target: 'source:a.b' })).toMatch(/not landed/);
  expect(why({ target: 'dynamodb.history' })).toMatch(/backup/);
  expect(why({ state: 'accepted' })).toMatch(/accepted/);
});

it('compares a resource without narrative and what servers add, references resolved', () => {
  const stored = {
    resourceType: 'Task',
    text: { status: 'generated', div: '<div/>' },
    meta: { versionId: '3', lastUpdated: 'now', source: '#x', profile: ['p'] },
    for: { reference: 'http://fhir.example/base/Patient/1/_history/2' },
  };
  expect(comparableResource(stored, 't')).toEqual({
    resourceType: 'Task',
    id: 't',
    meta: { profile: ['p'] },
    for: { reference: 'Patient/1' },
  });
});
