import { describe, expect, it } from 'vitest';
import type { ReconcileParts } from '../../../src/app/reconcile/parts.ts';
import { recordObservations } from '../../../src/app/reconcile/record.ts';
import { findStrangers, recheckStrangers } from '../../../src/app/reconcile/strangers.ts';
import type { Flow, HistoryReader, Target, TargetReader } from '../../../src/core/index.ts';
import { fakeFlow, fakeReconciling, rightPair } from '../../support/fake-reconciling.ts';

const flow = fakeFlow('a', true);
const [table, resource] = flow.targets as [Target, Target];
const accepted = Array.from({ length: 1_000 }, (_, i) => `k${1_000 + i}`);

/** What is extra among what is found, and what is known to be gone. */
async function found(parts: ReconcileParts, target: Target) {
  const { observations } = await findStrangers(parts, flow.name, target);
  const ids = (is: boolean) => observations.filter(({ kinds }) => kinds.length > 0 === is).map(({ id }) => id);
  return { extra: ids(true), gone: ids(false), observations };
}

describe('what was accepted', () => {
  it('hides nothing new in a table, and is closed when it has gone', async () => {
    const { parts, findings } = fakeReconciling({ flows: [flow], roots: [], unexpected: [...accepted.slice(1), 'z'] });
    for (const key of accepted) findings.put({ target: 'a.doc', key, state: 'accepted' });
    const { extra, gone, observations } = await found(parts, table);
    expect(extra).toContain('z');
    expect(gone).toEqual([accepted[0]]);
    await recordObservations(parts, observations, 'scan');
    expect(findings.told).toContain('a.doc z extra suspect');
    expect(findings.told.filter((line) => line.endsWith('accepted'))).toHaveLength(999);
  });

  it('hides nothing new at another server', async () => {
    const fhir: TargetReader = {
      pairs: async (_, wanted) => wanted.map(rightPair),
      async *ids() {
        yield [...accepted.slice(1), 'z'];
      },
    };
    const { parts, findings } = fakeReconciling({ flows: [flow], roots: [], fhir });
    for (const key of accepted) findings.put({ target: 'fhir.a', key, state: 'accepted' });
    const { extra, gone } = await found(parts, resource);
    expect(extra).toContain('z');
    expect(gone).toEqual([accepted[0]]);
  });
});

it('more than can be told at once is told as soon as the first have findings', async () => {
  const unexpected = Array.from({ length: 1_500 }, (_, i) => `k${1_000 + i}`);
  const { parts, findings } = fakeReconciling({ flows: [flow], roots: [], unexpected });
  for (const most of [1_000, 1_500]) {
    const { observations } = await found(parts, table);
    await recordObservations(parts, observations, 'scan');
    expect(findings.told).toHaveLength(most);
  }
});

it('a recheck asks for what it was given, and neither reads nor counts the whole table', async () => {
  const { parts, asked } = fakeReconciling({ flows: [flow], roots: [], unexpected: ['x'] });
  const seen = await recheckStrangers(parts, 'a', table, ['x', 'gone']);
  expect(seen.map(({ id, kinds }) => [id, kinds.length])).toEqual([
    ['x', 1],
    ['gone', 0],
  ]);
  expect(asked).toEqual([{ call: 'stillUnexpected', n: 2 }]);
  // nothing is said of a server that is not read
  expect(await recheckStrangers(parts, 'a', resource, ['x'])).toEqual([]);
});

describe('a history of writes', () => {
  const target = { kind: 'dynamodb', name: 'd.history', key: ['subject', 'time'], mode: 'append' } as unknown as Target;
  /** entries of these subjects, in pages of one; `1` is on record */
  const parts = (subjects: readonly string[]) => {
    const fake = fakeReconciling({ flows: [flow] as readonly Flow[], roots: ['1'] });
    const read: string[] = [];
    const history = {
      rules: { target, tellsOf: [{ name: 'd.item' }], itemOf: (id: string) => ({ target: 'd.item', id }) },
      entries: async (subject: string) => (subjects.includes(subject) ? [{}] : []),
      async *subjects() {
        for (const subject of subjects) {
          read.push(subject);
          yield [subject];
        }
      },
    } as unknown as HistoryReader;
    return { parts: { ...fake.parts, history } as ReconcileParts, findings: fake.findings, read };
  };

  it('is not read whole to look once more at some of it', async () => {
    const { parts: some, read } = parts(['1', 'x']);
    const seen = await recheckStrangers(some, 'a', target, ['x', 'gone', '1']);
    expect(seen.map(({ id, kinds }) => [id, kinds.length])).toEqual([
      ['x', 1],
      ['gone', 0],
      ['1', 0],
    ]);
    expect(read).toEqual([]);
  });

  it('tells what is new beside what was accepted, and what has gone though it is not read to its end', async () => {
    const { parts: some, findings } = parts([...accepted.slice(1), 'z']);
    for (const key of accepted) findings.put({ target: target.name, key, state: 'accepted' });
    expect(await found(some, target)).toMatchObject({ gone: [accepted[0]] });
    expect((await found(some, target)).extra).toContain('z');
    const others = Array.from({ length: 1_200 }, (_, i) => `b${1_000 + i}`);
    const { parts: many, findings: before } = parts([...others, 'late']);
    for (const key of ['late', 'gone']) before.put({ target: target.name, key, state: 'confirmed' });
    const { extra, gone } = await found(many, target);
    expect([extra.length, extra.includes('late'), gone]).toEqual([1_001, true, ['gone']]);
  });
});
