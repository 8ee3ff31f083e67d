import { describe, expect, test } from 'vitest';
import type { Measurement } from '../../src/core/index.ts';
import {
  EVIDENCE_SECONDS,
  GATE_FIGURES,
  judgePhase,
  MOVES,
  PHASES,
  type PhaseState,
  type PhaseStep,
  phaseOf,
  refusalOf,
  SUPABASE_PHASES,
  type WindowClause,
} from '../../src/gates/index.ts';

const NOW = Date.parse('2026-03-10T12:00:00Z');
const FLOWS = ['orders', 'events'];

/** A figure that fits its clause, for as long as it asks and as often as it must. */
function fitting(clause: WindowClause): Measurement[] {
  const { figure, of, windowSeconds, evidence, test: asked, threshold } = clause;
  const every = (evidence.gapSeconds ?? windowSeconds) / 2;
  const times =
    clause.over === 'last' ? [60] : Array.from({ length: Math.ceil(windowSeconds / every) }, (_, i) => 1 + i * every);
  const flows = of === 'whole' ? [''] : FLOWS;
  const value = asked === 'at-least' ? threshold : 0;
  return flows.flatMap((flow) =>
    times.map((ago) => ({
      migration: 'supabase',
      flow,
      figure,
      value,
      at: new Date(NOW - ago * 1000).toISOString(),
      sample: 100_000,
      coverage: 1,
      oldestSeconds: 10,
      source: 'test',
    })),
  );
}

const dense = (clause: WindowClause): WindowClause => ({
  ...clause,
  evidence: { ...clause.evidence, measurements: 1 },
});

describe('the phase sets of supabase', () => {
  test('are the five phases, in their order', () => {
    expect(SUPABASE_PHASES.map(({ name }) => name)).toEqual(PHASES);
    const names = SUPABASE_PHASES.flatMap(({ clauses }) => clauses.map(({ clause }) => clause));
    expect(new Set(names).size).toBe(names.length);
  });

  test.each(SUPABASE_PHASES.map((profile) => [profile.name, profile] as const))(
    '%s: without evidence every clause fails, with all of it the set passes, and each clause by itself can break it',
    (_, profile) => {
      const dark = judgePhase(profile, () => [], FLOWS, NOW);
      expect(dark.status).toBe('FAIL');
      expect(dark.checks.map(({ why }) => why)).toEqual(profile.clauses.map(() => 'no evidence'));
      for (const { message, figures } of dark.checks)
        expect(message.includes('not built')).toBe(GATE_FIGURES[figures.figure as keyof typeof GATE_FIGURES] === null);
      const loose = {
        ...profile,
        clauses: profile.clauses.map((one) => dense(one) as (typeof profile.clauses)[number]),
      };
      expect(judgePhase(loose, fitting, FLOWS, NOW).checks.filter(({ status }) => status === 'FAIL')).toEqual([]);
      for (const broken of loose.clauses) {
        const verdict = judgePhase(loose, (one) => (one.figure === broken.figure ? [] : fitting(one)), FLOWS, NOW);
        expect(verdict.status).toBe('FAIL');
        expect(verdict.checks.find(({ gate }) => gate === broken.clause)?.status).toBe('FAIL');
      }
    },
  );

  test.each([
    'LEGACY_CALLS_RETIRED',
    'DASHBOARDS_NEW_STORES',
    'LEGACY_SECRETS_GONE',
    'ROLLBACK_DRILLED',
    'FLAGS_TOGGLE',
  ])('%s does not hold by a figure behind which nobody looked at anything', (name) => {
    const profile = SUPABASE_PHASES.find(({ clauses }) => clauses.some(({ clause }) => clause === name));
    if (!profile) throw new Error(name);
    const whyOf = (sample: number | null) => {
      const figures = (clause: WindowClause) => fitting(clause).map((one) => ({ ...one, sample }));
      return judgePhase(profile, figures, FLOWS, NOW).checks.find(({ gate }) => gate === name)?.why;
    };
    expect(whyOf(0)).toBe('thin');
    expect(whyOf(null)).toBe('thin');
    expect(whyOf(1)).toBe('holds');
  });

  test('a set without a clause does not pass', () => {
    expect(judgePhase({ name: 'foundation', migration: 'x', clauses: [] }, () => [], FLOWS, NOW).status).toBe('FAIL');
  });

  test('ask for what the acceptance criteria ask for', () => {
    const asked = SUPABASE_PHASES.flatMap(({ clauses }) =>
      clauses.map(
        ({ clause, test: t, threshold, windowSeconds }) => `${clause} ${t} ${threshold} ${windowSeconds / 3600}h`,
      ),
    );
    for (const one of [
      'CDC_LAG_UNDER_5S below 0.01 24h',
      'COUNTS_IDENTICAL_24H at-most 0 24h',
      'SHADOW_FIELDS_MATCH below 0.001 24h',
      'WRITE_ERRORS_7D below 0.01 168h',
      'DIVERGENCE_UNDER_HALF_PERCENT below 0.005 24h',
      'RETIRE_ERRORS below 0.005 24h',
      'RETIRE_DRIFT below 0.001 24h',
      'LEGACY_NO_WRITES_48H at-least 172800 6h',
      'KPIS_30_DAYS at-most 0 720h',
    ])
      expect(asked).toContain(one);
  });
});

const step = (seq: number, kind: PhaseStep['kind'], subject: string, actor = 'ann'): PhaseStep => ({
  seq,
  kind,
  subject,
  actor,
  at: new Date(NOW + seq * 1000).toISOString(),
});

describe('phases', () => {
  test('one is left for the next, and back for any before; nothing else is a move', () => {
    for (const [i, from] of PHASES.entries())
      for (const [j, to] of PHASES.entries())
        expect(MOVES[from][to]).toBe(j === i ? 'stay' : j < i ? 'back' : j === i + 1 ? 'on' : 'too far');
  });

  test('a migration is where its steps have brought it', () => {
    const asked = step(1, 'phase-request', 'read-parity');
    const on = step(2, 'phase-approve', 'read-parity', 'bob');
    expect(phaseOf([])).toEqual({ phase: 'foundation', since: null, requested: null, seq: 0 });
    expect(phaseOf([asked])).toMatchObject({
      phase: 'foundation',
      requested: { to: 'read-parity', by: 'ann' },
      seq: 1,
    });
    expect(phaseOf([asked, on])).toEqual({ phase: 'read-parity', since: on.at, requested: null, seq: 2 });
    expect(phaseOf([asked, on, step(3, 'phase-back', 'foundation')])).toMatchObject({ phase: 'foundation', seq: 3 });
  });

  test('a step that is none moves nothing: not asked for, too far, of an unknown phase, asked for before going back', () => {
    expect(phaseOf([step(1, 'phase-approve', 'read-parity')]).phase).toBe('foundation');
    expect(phaseOf([step(1, 'phase-request', 'decommission'), step(2, 'phase-approve', 'decommission')]).phase).toBe(
      'foundation',
    );
    expect(phaseOf([step(1, 'phase-request', 'elsewhere')]).requested).toBeNull();
    const there = [step(1, 'phase-request', 'read-parity'), step(2, 'phase-approve', 'read-parity')];
    const gone = [...there, step(3, 'phase-request', 'write-strangler'), step(4, 'phase-back', 'foundation')];
    expect(phaseOf(gone)).toMatchObject({ phase: 'foundation', requested: null });
  });

  const state: PhaseState = {
    phase: 'read-parity',
    since: '2026-03-01T00:00:00.000Z',
    requested: { to: 'write-strangler', by: 'Ann Other', at: '2026-03-09T00:00:00.000Z' },
    seq: 9,
  };
  const signed = {
    signer: 'bob',
    profile: 'read-parity',
    verdict: 'PASS',
    at: '2026-03-10T00:00:00.000Z',
    binding: 'b',
  } as const;
  const approval = { approver: 'cleo', signed, now: { verdict: 'PASS', binding: 'b', ms: NOW } } as const;

  test('is left on a signed PASS and a PASS of now', () => {
    expect(refusalOf(state, approval)).toBeNull();
  });

  const long = new Date(NOW - (EVIDENCE_SECONDS + 1) * 1000).toISOString();
  test.each([
    ['nobody asked', { ...state, requested: null }, approval, /nobody has asked/],
    ['who asked approves', state, { ...approval, approver: ' ann  OTHER' }, /somebody else has to approve/],
    ['nothing is signed', state, { ...approval, signed: null }, /is signed/],
    [
      'who asked has signed',
      state,
      { ...approval, signed: { ...signed, signer: 'ANN OTHER' } },
      /somebody else has to sign/,
    ],
    [
      'another set is signed',
      state,
      { ...approval, signed: { ...signed, profile: 'foundation' } },
      /not under read-parity/,
    ],
    ['a FAIL is signed', state, { ...approval, signed: { ...signed, verdict: 'FAIL' as const } }, /no PASS/],
    ['it is old', state, { ...approval, signed: { ...signed, at: long } }, /older than 24 hours/],
    ['it has no time', state, { ...approval, signed: { ...signed, at: 'x' } }, /older/],
    ['it is of a time to come', state, { ...approval, signed: { ...signed, at: '2026-03-11T00:00:00.000Z' } }, /older/],
    [
      'it is of an earlier stay',
      { ...state, since: '2026-03-10T01:00:00.000Z' },
      approval,
      /before read-parity was entered/,
    ],
    ['rules changed', state, { ...approval, signed: { ...signed, binding: 'a' } }, /changed since/],
    ['it fails now', state, { ...approval, now: { ...approval.now, verdict: 'FAIL' as const } }, /does not PASS now/],
  ])('is not left when %s', (_, where, what, why) => {
    expect(refusalOf(where, what)).toMatch(why);
  });
});
