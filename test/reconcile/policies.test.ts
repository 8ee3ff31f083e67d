import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/app/config.ts';
import { readPolicies, repairByPolicy, repairOne, whyNotRepairable } from '../../src/app/reconcile/repair.ts';
import { type Finding, type Migration, silentLog } from '../../src/core/index.ts';
import { comparableResource } from '../../src/sinks/fhir/index.ts';

it('reads who may be repaired, for all flows and for one', () => {
  const { otherwise, flows } = readPolicies('never,a=automatic', ['a', 'b']);
  expect([otherwise, flows.get('a'), flows.get('b')]).toEqual(['never', 'automatic', undefined]);
  expect(() => readPolicies('c=automatic', ['a'])).toThrow(/no flow 'c'/);
  expect(() => readPolicies('sometimes', [])).toThrow(/automatic, approval or never/);
});

it('are a setting, which waits for approval unless told', () => {
  const servers = { postgres: { host: 'h', port: 1, user: 'u', password: 'p' }, kafka: [], connect: '', registry: '' };
  const defaults = { ...servers, registryNative: '', fhir: '', dynamodb: '' };
  expect(loadConfig(defaults, {}).repair).toBe('approval');
  expect(loadConfig(defaults, { SLUICE_REPAIR: 'never,a=automatic' }).repair).toBe('never,a=automatic');
});

describe('repairs', () => {
  const flows = ['a', 'b'].map((name) => ({ name, root: { table: 't' }, targets: [] }));
  const migration = { flows } as unknown as Migration;
  const finding = { id: '7', flow: 'a', root: 'r', target: 'a.b', key: 'k', kind: 'value', state: 'confirmed' };
  /** a ledger with one finding */
  const ledger = (isDone: boolean) => {
    const asked: unknown[][] = [];
    const said = (...what: unknown[]) => void asked.push(what);
    const store = {
      list: async (filter: unknown) => {
        said('list', filter);
        return [finding as Finding];
      },
      repair: async (...given: unknown[]) => {
        said('repair', ...given);
        return isDone;
      },
    };
    const parts = { store, migration, log: silentLog, open: { migration } };
    return { asked, parts: parts as unknown as Parameters<typeof repairByPolicy>[0] & { migration: Migration } };
  };

  it('by name are refused where a flow is never repaired, and said to have failed where the finding has changed', async () => {
    const one = (policies: string, { parts } = ledger(true)) =>
      repairOne(parts, readPolicies(policies, ['a', 'b']), '7', 'A N Other');
    await expect(one('b=automatic,never')).rejects.toThrow(/never repaired \(SLUICE_REPAIR\)/);
    expect((await one('never,a=approval')).id).toBe('7');
    await expect(one('approval', ledger(false))).rejects.toThrow(/changed meanwhile/);
  });

  it('by policy ask for what can be repaired only, of flows that let them', async () => {
    const { asked, parts } = ledger(true);
    expect(await repairByPolicy(parts, readPolicies('approval,a=automatic', ['a', 'b']))).toEqual(new Map([['a', 1]]));
    const repairable = { flows: ['a'], fewerThan: 3, except: null, entries: [] };
    expect(asked).toEqual([
      ['list', { states: ['confirmed'], repairable, limit: 1_000 }],
      ['repair', '7', 'policy', 'policy'],
    ]);
    expect(await repairByPolicy(parts, readPolicies('approval', ['a', 'b']))).toEqual(new Map());
    expect(asked).toHaveLength(2);
  });
});

it('says what a derivation cannot repair', () => {
  const finding = { root: 'r', target: 'a.b', kind: 'value', state: 'confirmed' } as Finding;
  const history = { target: { name: 'dynamodb.history' } };
  const targets = [{ name: 'a.entry', mode: 'append' }];
  const flows = [{ name: 'a', root: { table: 't' }, targets, history: () => [] }];
  const why = (of: Partial<Finding>): string | null =>
    whyNotRepairable({ ...finding, ...of }, { flows, dynamodb: { history } } as unknown as Migration);
  expect(why({})).toBeNull();
  expect(why({ root: '' })).toMatch(/by hand/);
  expect(why({ target: 'source:a.b' })).toMatch(/not landed/);
  expect(why({ target: 'dynamodb.history' })).toMatch(/backup/);
  expect(why({ state: 'accepted' })).toMatch(/accepted/);
  expect(why({ flow: 'a', target: 'a.entry' })).toMatch(/never changed/);
  expect(why({ flow: 'a', target: 'a.entry', kind: 'missing' })).toBeNull();
});

it('compares a resource without narrative and what servers add, references resolved', () => {
  const stored = {
    resourceType: 'Task',
    text: { status: 'generated', div: '<div/>' },
    meta: { versionId: '3', lastUpdated: 'now', source: '#x', profile: ['p'] },
    contained: [{ resourceType: 'Organization', id: 'o', text: { status: 'generated', div: '<div/>' } }],
    for: { reference: 'http://fhir.example/base/Patient/1/_history/2' },
    owner: { reference: 'http://other.example/base/Practitioner/1' },
    focus: { reference: 'ServiceRequest/1' },
  };
  expect(comparableResource(stored, 't', 'http://fhir.example/base/')).toEqual({
    resourceType: 'Task',
    id: 't',
    meta: { profile: ['p'] },
    contained: [{ resourceType: 'Organization', id: 'o' }],
    for: { reference: 'Patient/1' },
    owner: { reference: 'http://other.example/base/Practitioner/1' },
    focus: { reference: 'ServiceRequest/1' },
  });
});
