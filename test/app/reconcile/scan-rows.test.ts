import { expect, it } from 'vitest';
import type { ReconcileParts } from '../../../src/app/reconcile/parts.ts';
import { settleRows } from '../../../src/app/reconcile/scan-rows.ts';
import { fakeFlow, fakeReconciling } from '../../support/fake-reconciling.ts';

const signal = new AbortController().signal;
const flows = [fakeFlow('a')];

/**
 * Settles one row that is not landed as the source has it.
 *
 * @param isMoving whether it is written between the two reads of this look
 * @param isProved whether it can be proved in this look what is landed
 */
async function settle(isMoving: (look: number) => boolean, isProved: (look: number) => boolean = () => true) {
  const { parts, findings } = fakeReconciling({ flows, roots: ['1'] });
  let [look, reads, written] = [0, 0, 0n];
  const reading = {
    ...parts.reading,
    landed: async () => {
      reads += 1;
      // each look reads it before the source and after
      if (reads % 2 === 0 && isMoving(look)) written += 1n;
      const position = { epoch: 1, phase: 1, a: 1n, b: 1n, txId: 1n, offset: written };
      return new Map([['1', { key: '1', image: { id: '1' }, deleted: false, links: {}, position }]]);
    },
  };
  const source = {
    ...parts.source,
    byKeys: async () => {
      look += 1;
      return { rows: [{ key: '1', image: { id: '1', name: 'changed' } }], lsn: 1n, texts: new Set<string>() };
    },
  };
  const reader = { confirmed: async () => (isProved(look) ? 1n : 0n) };
  const moving = { ...parts, reading, source, reader } as unknown as ReconcileParts;
  const table = parts.open.migration.tables[0] as ReconcileParts['open']['migration']['tables'][number];
  const settled = await settleRows(moving, flows, [{ table, keys: ['1'] }], signal);
  return { unverified: settled.unverified.get('a') ?? 0, confirmed: settled.confirmed, told: findings.told, look };
}

it('a row that is touched while it is looked at again is looked at until it is known', async () => {
  const told = ['source:public.a 1 value confirmed'];
  expect(await settle((look) => look === 2)).toEqual({ unverified: 0, confirmed: 1, told, look: 3 });
  // on its way at the first look: once it was told to be unverified, and looked at no more
  expect(await settle((look) => look === 1)).toEqual({ unverified: 0, confirmed: 1, told, look: 3 });
});

it('a row that never stands still is not verified, and a suspicion that nobody could settle is not either', async () => {
  expect(await settle(() => true)).toEqual({ unverified: 1, confirmed: 0, told: [], look: 7 });
  const told = ['source:public.a 1 value suspect'];
  expect(await settle((look) => look > 1)).toEqual({ unverified: 1, confirmed: 0, told, look: 7 });
});

it('proofs that fail are not waited for without end', async () => {
  const { unverified, told, look } = await settle(
    () => false,
    (at) => at === 1,
  );
  expect({ unverified, told }).toEqual({ unverified: 1, told: ['source:public.a 1 value suspect'] });
  expect(look).toBeLessThan(7);
});
