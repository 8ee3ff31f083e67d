import { expect, test } from 'vitest';
import type { ReconcileParts } from '../../../src/app/reconcile/parts.ts';
import { scanRound } from '../../../src/app/reconcile/round.ts';
import type { Flow } from '../../../src/core/index.ts';
import type { FindingCount } from '../../../src/sinks/postgres/index.ts';

const flow = (name: string): Flow => ({
  name,
  root: { group: name },
  parts: [],
  targets: [],
  transform: () => ({ documents: [], issues: [] }),
});
const FLOWS = [flow('a'), flow('b')];

/** Parts of a migration with nothing in it but findings; what is recorded is kept as `flow figure value`. */
function emptyWith(counts: readonly Partial<FindingCount>[]) {
  const recorded: string[] = [];
  const pool = {
    query: async (sql: string, [, flows, figures, values]: unknown[][]) => {
      if (sql.startsWith('insert into sluice.measurement'))
        for (const [i, of] of (flows ?? []).entries()) recorded.push(`${of} ${figures?.[i]} ${values?.[i]}`);
      return { rows: [] };
    },
  };
  const parts = {
    store: { unresolved: async () => new Map(), counts: async () => counts },
    open: {
      pool,
      name: 'm',
      migration: { name: 'm', tables: [], flows: FLOWS, targetSchemas: [] },
      ledger: { halts: async () => [] },
    },
    reading: { roots: async () => [] },
    readers: new Map(),
    history: null,
    clock: { now: () => 0, sleep: async () => undefined },
  } as unknown as ReconcileParts;
  return { parts, recorded };
}

const differ = (recorded: readonly string[]) => recorded.filter((line) => line.includes('countsDiffer'));

test('a scan counts what is confirmed to be missing or extra, though both counts agree without it', async () => {
  const { parts, recorded } = emptyWith([
    { flow: 'a', kind: 'missing', state: 'confirmed', n: 2 },
    { flow: 'a', kind: 'extra', state: 'confirmed', n: 1 },
    { flow: 'a', kind: 'missing', state: 'suspect', n: 7 },
    { flow: 'b', kind: 'extra', state: 'accepted', n: 5 },
    { flow: 'b', kind: 'value', state: 'confirmed', n: 1 },
  ]);
  const round = await scanRound(parts, { flows: FLOWS, signal: new AbortController().signal });
  expect(round.flows.get('a')).toMatchObject({ expected: 0, actual: 0, countsDiffer: 3 });
  expect(differ(recorded)).toEqual([
    'a reconcile.countsDiffer 3',
    'b reconcile.countsDiffer 0',
    ' reconcile.countsDiffer 3',
  ]);
});

test('a scan of one flow records nothing for the migration', async () => {
  const { parts, recorded } = emptyWith([{ flow: 'b', kind: 'missing', state: 'confirmed', n: 2 }]);
  await scanRound(parts, { flows: FLOWS.slice(0, 1), signal: new AbortController().signal });
  expect(differ(recorded)).toEqual(['a reconcile.countsDiffer 0']);
});
