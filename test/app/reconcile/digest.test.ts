import { expect, it, vi } from 'vitest';
import { DigestEngine } from '../../../src/app/reconcile/digest.ts';
import type { ReconcileParts } from '../../../src/app/reconcile/parts.ts';
import { type Flow, SluiceError } from '../../../src/core/index.ts';
import { fakeFlow, fakeReconciling } from '../../support/fake-reconciling.ts';

// what is expected cannot be worked out for one of the flows
vi.mock('../../../src/app/reconcile/digest-expectations.ts', async (load) => ({
  ...(await load<object>()),
  Expectations: class {
    columnsOf = () => [];
    isKnown = ({ name }: Flow) => name !== 'a';
    bringUp = async ({ name }: Flow) => {
      if (name === 'a') throw new SluiceError('CONSTRAINT_VIOLATED', 'PostgreSQL: sqlstate 22P02');
      return 1;
    };
  },
}));

it('a flow that fails has no figure, and the others are added up and recorded', async () => {
  const flows = [fakeFlow('a'), fakeFlow('b')];
  const { parts, recorded } = fakeReconciling({ flows, roots: [] });
  const side = { totals: async () => new Map(), rows: async () => [] };
  const digest = { owed: async () => [], places: async () => new Map(), knownIn: async () => [] };
  const moment = { digest: () => ({ ...digest, expected: () => side, actual: () => side }) };
  const reading = { ...parts.reading, moment: (work: (at: typeof moment) => unknown) => work(moment) };
  const engine = new DigestEngine({ ...parts, reading } as unknown as ReconcileParts);
  const round = await engine.round({ flows, signal: new AbortController().signal });
  expect([...round.failed].map(([flow, { code }]) => [flow, code])).toEqual([['a', 'CONSTRAINT_VIOLATED']]);
  expect([[...round.flows.keys()], round.workedOut, round.whole]).toEqual([['b'], 1, true]);
  expect(recorded).toEqual(['b reconcile.digestDiffering']);
});
