import { describe, expect, test } from 'vitest';
import { DOS_LIMITS, DOS_PROFILES, evaluate, movedCounts, profileNamed } from '../../src/gates/index.ts';

const binding = { runId: 'r1', hashes: { settings: 's1' } };
const profile = profileNamed(DOS_PROFILES, 'dos');

const GOOD = {
  ageHours: 26,
  recordP95Seconds: 0.249,
  errorRatio: 0.01,
  fullSyncSeconds: 1800,
  anomalyShare: 0.1,
  anomalies: 0,
};

const failed = (figures: Record<string, number | null>): string[] =>
  evaluate(profile, { binding, figures }, binding)
    .checks.filter(({ status }) => status === 'FAIL')
    .map(({ gate }) => gate);

describe('the profile dos', () => {
  test('passes at its limits', () => expect(failed(GOOD)).toEqual([]));

  test.each([
    ['ageHours', 26.01, 'EVIDENCE_FRESH'],
    ['recordP95Seconds', 0.25, 'RECORD_P95_BELOW'],
    ['errorRatio', 0.0101, 'ERROR_RATIO_MAX'],
    ['fullSyncSeconds', 1800.1, 'FULL_SYNC_MAX'],
    ['anomalyShare', 0.11, 'ANOMALY_SHARE_MAX'],
    ['anomalies', 1, 'NO_ANOMALIES'],
  ])('%s of %d fails %s, and so does none', (figure, value, gate) => {
    expect(failed({ ...GOOD, [figure]: value })).toEqual([gate]);
    expect(failed({ ...GOOD, [figure]: null })).toEqual([gate]);
    expect(failed({ ...GOOD, [figure]: Number.NaN })).toEqual([gate]);
  });

  test('fails every clause without a report', () => {
    const { checks, status } = evaluate(profile, null, binding);
    expect(status).toBe('FAIL');
    expect(checks.every((check) => check.status === 'FAIL')).toBe(true);
    expect(checks).toHaveLength(profile.clauses.length + 1);
  });

  test('names what is asked for as it is asked', () => {
    const { checks } = evaluate(profile, { binding, figures: GOOD }, binding);
    expect(checks.find(({ gate }) => gate === 'RECORD_P95_BELOW')?.expected).toBe(`< ${DOS_LIMITS.recordSeconds}`);
  });
});

describe('counts that moved', () => {
  test.each([
    ['by just the share', 100, 110, []],
    ['by more', 100, 111, [{ type: 'n', before: 100, now: 111, share: 0.11 }]],
    ['down', 100, 80, [{ type: 'n', before: 100, now: 80, share: 0.2 }]],
    ['by a few of few', 3, 6, []],
    ['to nothing, of few', 3, 0, [{ type: 'n', before: 3, now: 0, share: 1 }]],
    ['from nothing to a few', 0, 4, []],
    ['from nothing to more', 0, 5, [{ type: 'n', before: 0, now: 5, share: null }]],
    ['not at all', 0, 0, []],
  ])('%s', (_what, before, now, moved) => {
    expect(movedCounts({ n: before }, { n: now }, 0.1)).toEqual(moved);
  });

  test('of a type that is new or gone', () => {
    expect(movedCounts({ gone: 9 }, { new: 9 }, 0.1).map(({ type }) => type)).toEqual(['gone', 'new']);
  });
});
