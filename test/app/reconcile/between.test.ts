import { expect, test } from 'vitest';
import { FiguresBetween } from '../../../src/app/reconcile/between.ts';
import type { ReconcileParts } from '../../../src/app/reconcile/parts.ts';
import type { Round } from '../../../src/app/reconcile/round.ts';
import type { FindingCount } from '../../../src/sinks/postgres/index.ts';

const NONE = {
  fields: 0,
  mismatchedFields: 0,
  unverified: 0,
  hot: 0,
  waiting: 0,
  unmappable: 0,
  expected: 0,
  actual: 0,
};
const tally = (unresolved: number) => ({ ...NONE, compared: 100, countsDiffer: 0, unresolved });
const round = (over: Partial<Round> = {}): Round => ({
  seconds: 10,
  rows: 0,
  flows: new Map([
    ['a', tally(1)],
    ['b', tally(0)],
  ]),
  failed: new Map(),
  confirmed: 0,
  whole: true,
  ...over,
});

/** A ledger that says how much is unresolved now, and keeps what is recorded as `flow figure value age`. */
function ledger(
  unresolved: Map<string, number>,
  counts: readonly Partial<FindingCount>[] = [],
  flows: readonly string[] = ['a', 'b'],
) {
  const recorded: string[] = [];
  const pool = {
    query: async (_: string, [, flows, figures, values, , , , ages]: unknown[][]) => {
      for (const [i, flow] of (flows ?? []).entries())
        recorded.push(`${flow} ${figures?.[i]} ${values?.[i]} ${ages?.[i]}`);
    },
  };
  const parts = {
    store: { unresolved: async () => unresolved, counts: async () => counts },
    open: { pool, migration: { name: 'm', flows: flows.map((name) => ({ name })) } },
    clock: { now: () => 60_000 },
  } as unknown as ReconcileParts;
  return { parts, recorded };
}

test('what gets worse between scans is recorded once, for its flow and for all, with the age of its oldest look', async () => {
  const unresolved = new Map([['a', 1]]);
  const { parts, recorded } = ledger(unresolved);
  const between = new FiguresBetween();
  unresolved.set('b', 2);
  await between.record(parts);
  // nothing was scanned: there is nothing to take a share of
  expect(recorded).toEqual([]);
  between.took(round({ whole: false }), 40_000);
  await between.record(parts);
  expect(recorded).toEqual([]);
  between.took(round(), 40_000);
  await between.record(parts);
  await between.record(parts);
  expect(recorded).toEqual([
    'b reconcile.divergenceRatio 0.02 30',
    'b reconcile.unresolved 2 30',
    'b reconcile.countsDiffer 0 30',
    ' reconcile.divergenceRatio 0.015 30',
    ' reconcile.unresolved 3 30',
    ' reconcile.countsDiffer 0 30',
  ]);
});

test('what gets better waits for the next scan', async () => {
  const { parts, recorded } = ledger(new Map());
  const between = new FiguresBetween();
  between.took(round(), 40_000);
  await between.record(parts);
  expect(recorded).toEqual([]);
});

test('a document that is missing is a count that differs, before the next scan has counted', async () => {
  const counts = [
    { flow: 'a', kind: 'missing', state: 'confirmed', n: 2 },
    { flow: 'a', kind: 'extra', state: 'accepted', n: 5 },
    { flow: 'b', kind: 'value', state: 'confirmed', n: 1 },
  ] as const;
  const { parts, recorded } = ledger(new Map([['a', 1]]), counts);
  const between = new FiguresBetween();
  between.took(round(), 40_000);
  await between.record(parts);
  expect(recorded.filter((line) => line.includes('countsDiffer'))).toEqual([
    'a reconcile.countsDiffer 2 30',
    ' reconcile.countsDiffer 2 30',
  ]);
});

test('of some flows nothing is recorded for the migration', async () => {
  const { parts, recorded } = ledger(new Map([['a', 2]]), [], ['a', 'b', 'c']);
  const between = new FiguresBetween();
  between.took(round(), 40_000);
  await between.record(parts);
  expect(recorded).toEqual([
    'a reconcile.divergenceRatio 0.02 30',
    'a reconcile.unresolved 2 30',
    'a reconcile.countsDiffer 0 30',
  ]);
});
