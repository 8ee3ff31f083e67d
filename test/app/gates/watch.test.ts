import { expect, test } from 'vitest';
import type { Judgement } from '../../../src/app/gates/judge.ts';
import { watchGates } from '../../../src/app/gates/watch.ts';
import { type GateRecords, silentLog } from '../../../src/core/index.ts';

/** What the watch shows of a clause that was judged so. */
async function shownOf(check: Partial<Judgement['checks'][number]>): Promise<number | undefined> {
  const profile = 'read-parity';
  const gate = 'COUNTS_IDENTICAL_24H';
  const judgement: Judgement = {
    profile,
    status: check.status ?? 'FAIL',
    at: '2026-03-10T12:00:00.000Z',
    checks: [{ gate, status: 'FAIL', actual: null, expected: '<= 0', message: '', ...check }],
    hashes: {},
  };
  const records = { newest: async () => [], append: async () => ({ seq: 1, hash: 'h' }) };
  const stopping = new AbortController();
  let shown: number | undefined;
  await watchGates('supabase', {
    migration: 'supabase',
    judge: async () => [judgement],
    records: records as unknown as GateRecords,
    meter: {
      gauge: (name, labels, value) => {
        if (name === 'sluice_gate_clause' && labels.gate === profile && labels.clause === gate) shown = value;
      },
    },
    clock: { now: () => Date.parse(judgement.at), sleep: async () => stopping.abort() },
    worker: 'test',
    log: silentLog,
    signal: stopping.signal,
  });
  return shown;
}

test.each(['no evidence', 'stale', 'no number'] as const)(
  'a clause that fails for "%s" is shown as one without evidence',
  async (why) => {
    expect(await shownOf({ why })).toBe(-1);
  },
);

test.each(['thin', 'hole', 'uncovered', 'not as asked'] as const)(
  'one that fails for "%s" is shown as not held',
  async (why) => {
    expect(await shownOf({ why })).toBe(0);
  },
);

test('one that holds is shown so, and one of a report without a figure as one without evidence', async () => {
  expect(await shownOf({ status: 'PASS', why: 'holds' })).toBe(1);
  expect(await shownOf({})).toBe(-1);
  expect(await shownOf({ actual: 3 })).toBe(0);
});
