import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Measurement } from '../../src/core/index.ts';
import { checkWindow, type WindowCheck, type WindowClause } from '../../src/gates/index.ts';

const NOW = Date.parse('2026-03-10T12:00:00Z');
const HOUR = 3600;

type Given = Partial<Omit<WindowClause, 'evidence'>> & { readonly evidence?: Partial<WindowClause['evidence']> };

const clause = ({ evidence, ...over }: Given = {}): WindowClause => ({
  clause: 'UNDER_TEST',
  says: 'a test',
  figure: 'x.ratio',
  test: 'below',
  threshold: 0.005,
  of: 'whole',
  over: 'every',
  windowSeconds: 24 * HOUR,
  ...over,
  evidence: {
    measurements: 8,
    gapSeconds: 3 * HOUR,
    ageSeconds: 3 * HOUR,
    sample: 100,
    coverage: null,
    ...evidence,
  },
});

const at = (hoursAgo: number, over: Partial<Measurement> = {}): Measurement => ({
  migration: 'm',
  flow: '',
  figure: 'x.ratio',
  value: 0.001,
  at: new Date(NOW - hoursAgo * HOUR * 1000).toISOString(),
  sample: 1000,
  coverage: 1,
  oldestSeconds: null,
  source: 'test',
  ...over,
});

/** One an hour over the whole window; `change` alters one of them. */
const day = (change: (hoursAgo: number) => Partial<Measurement> | null = () => ({})): Measurement[] =>
  Array.from({ length: 24 }, (_, i) => 23.5 - i).flatMap((ago) => {
    const changed = change(ago);
    return changed === null ? [] : [at(ago, changed)];
  });

const judged = (
  measured: readonly Measurement[],
  given: Given = {},
  flows: readonly string[] = ['a', 'b'],
): WindowCheck => checkWindow(clause(given), measured, flows, NOW);

const once = (hoursAgo: number, over: Partial<Measurement>) => (ago: number) => (ago === hoursAgo ? over : {});

describe('a clause over a window', () => {
  test('holds where every measurement of a full window does, and says what it rests on', () => {
    const check = judged(day());
    expect(check).toMatchObject({ status: 'PASS', why: 'holds', actual: 0.001, expected: '< 0.005' });
    expect(check.figures).toMatchObject({ measurements: 24, sample: 1000, sources: ['test'] });
    expect(check.figures.from).toBe(at(23.5).at);
  });

  const failures: readonly (readonly [string, readonly Measurement[], WindowCheck['why'], Given?])[] = [
    ['nothing was measured', [], 'no evidence'],
    ['only another figure was', day(() => ({ figure: 'y.ratio' })), 'no evidence'],
    ['only another series was', day(() => ({ flow: 'a' })), 'no evidence'],
    ['all of it lies before the window', [at(25), at(30)], 'no evidence'],
    ['all of it is of a time to come', [at(-1), at(-2)], 'no evidence'],
    ['one is NaN', day(once(10.5, { value: Number.NaN })), 'no number'],
    ['the newest is infinite', day(once(0.5, { value: Number.POSITIVE_INFINITY })), 'no number'],
    ['one is below nothing', day(once(4.5, { value: -1 })), 'no number'],
    ['a sample is NaN', day(once(4.5, { sample: Number.NaN })), 'no number'],
    ['a coverage is more than all', day(once(4.5, { coverage: 1.5 })), 'no number'],
    ['a time is none', day(once(4.5, { at: 'yesterday' })), 'no number'],
    ['the newest is old', day((ago) => (ago < 3.1 ? null : {})), 'stale'],
    ['there is a hole', day((ago) => (ago > 8 && ago < 11.6 ? null : {})), 'hole'],
    ['the window is not full yet', day((ago) => (ago > 20 ? null : {})), 'hole'],
    [
      'they are too few',
      day((ago) => (Math.floor(ago) % 4 === 0 ? {} : null)),
      'thin',
      { evidence: { gapSeconds: 9 * HOUR } },
    ],
    ['too little was looked at', day(() => ({ sample: 99 })), 'thin'],
    ['once too little was looked at', day(once(9.5, { sample: 0 })), 'thin'],
    ['nobody says how much was looked at', day(once(9.5, { sample: null })), 'thin'],
    ['not all was looked at', day(once(9.5, { coverage: 0.98 })), 'uncovered', { evidence: { coverage: 0.99 } }],
    ['nobody says what was', day(once(9.5, { coverage: null })), 'uncovered', { evidence: { coverage: 0.99 } }],
    ['nobody says what was not seen', day(once(9.5, { coverage: null })), 'uncovered', { unseenCounts: true }],
    ['one of them does not hold', day(once(13.5, { value: 0.005 })), 'not as asked'],
    [
      'what was not seen could be wrong',
      day(once(13.5, { value: 0, coverage: 0.995 })),
      'not as asked',
      { unseenCounts: true },
    ],
    ['a ratio of nothing', day(() => ({ sample: 0 })), 'thin', { over: 'ratio', evidence: { sample: null } }],
    ['the sums are over it', day(once(2.5, { value: 0.2 })), 'not as asked', { over: 'ratio' }],
    ['the sums overflow', day(() => ({ value: 1e300, sample: 1e300 })), 'no number', { over: 'ratio' }],
  ];
  const named = failures.map(([name, measured, why, given]) => ({ name, measured, why, given }));
  test.each(named)('FAIL when $name', ({ measured, why, given }) => {
    const check = judged(measured, given);
    expect({ status: check.status, why: check.why }).toEqual({ status: 'FAIL', why });
    expect(check.message).toContain('x.ratio');
  });

  test('the ratio of sums weighs each by its sample; the last one alone counts where only it is asked for', () => {
    const measured = day(once(5.5, { value: 1, sample: 50 }));
    const ratio = judged(measured, { over: 'ratio', evidence: { sample: 1000 } });
    expect(ratio.status).toBe('PASS');
    expect(ratio.actual).toBeCloseTo(73 / 23_050, 9);
    expect(ratio.figures.sample).toBe(23_050);
    expect(judged(measured, { evidence: { sample: 1 } })).toMatchObject({ status: 'FAIL', actual: 1 });
    expect(judged(measured, { over: 'last', evidence: { gapSeconds: null, measurements: 1 } }).status).toBe('PASS');
    expect(
      judged(day(once(0.5, { value: 1 })), { over: 'last', evidence: { gapSeconds: null, measurements: 1 } }).status,
    ).toBe('FAIL');
  });

  test('each flow has to be there and to hold; the worst is named', () => {
    const both = [...day(() => ({ flow: 'a' })), ...day(() => ({ flow: 'b' }))];
    const each = { of: 'each-flow' } as const;
    expect(judged(both, each)).toMatchObject({ status: 'PASS', figures: { sample: 2000 } });
    expect(judged(both, each, ['a', 'b', 'c'])).toMatchObject({ status: 'FAIL', why: 'no evidence' });
    expect(judged(both, each, ['a', 'b', 'c']).message).toMatch(/^c: /);
    expect(judged(both, each, [])).toMatchObject({ status: 'FAIL', why: 'no evidence' });
    const bad = [...day(() => ({ flow: 'a' })), ...day((ago) => ({ flow: 'b', value: ago === 3.5 ? 0.5 : 0 }))];
    expect(judged(bad, each)).toMatchObject({ status: 'FAIL', actual: 0.5 });
    expect(judged(bad, each).message).toMatch(/^b: /);
  });
});

describe('a clause never holds while the truth fails it', () => {
  /** A world by the hour: so much was wrong of so much; of it a share was looked at, and what is measured may be lost. */
  const hour = fc.record({
    total: fc.integer({ min: 0, max: 2000 }),
    wrong: fc.integer({ min: 0, max: 40 }),
    lookedAt: fc.constantFrom<number>(1, 1, 1, 0.999, 0.99, 0.5),
    fate: fc.constantFrom('there', 'there', 'there', 'there', 'there', 'there', 'there', 'lost', 'NaN', 'late'),
  });
  const world = fc.array(hour, { minLength: 24, maxLength: 24 });

  const measure = (hours: readonly (typeof hour extends fc.Arbitrary<infer T> ? T : never)[]): Measurement[] =>
    hours.flatMap(({ total, wrong, lookedAt, fate }, i): Measurement[] => {
      if (fate === 'lost') return [];
      const seen = Math.floor(total * lookedAt);
      // what is wrong lies where nobody looked, as far as it can
      const found = Math.max(0, Math.min(wrong, total) - (total - seen));
      const value = fate === 'NaN' ? Number.NaN : seen === 0 ? 0 : found / seen;
      const hoursAgo = fate === 'late' ? 23.5 - i - 48 : 23.5 - i;
      return [at(hoursAgo, { value, sample: seen, coverage: total === 0 ? 1 : seen / total })];
    });

  test('of every measurement, with what was not seen counted as wrong', () => {
    let passed = 0;
    fc.assert(
      fc.property(world, fc.boolean(), (hours, isCalm) => {
        const lived = isCalm
          ? hours.map((one) => ({
              ...one,
              wrong: one.wrong % 3,
              lookedAt: 1,
              fate: 'there' as const,
              total: one.total + 700,
            }))
          : hours;
        const check = judged(measure(lived), {
          unseenCounts: true,
          evidence: { gapSeconds: 1.5 * HOUR, measurements: 24 },
        });
        if (check.status === 'FAIL') return;
        passed += 1;
        for (const { total, wrong } of lived) expect(Math.min(wrong, total) / Math.max(total, 1)).toBeLessThan(0.005);
      }),
      { numRuns: 400, seed: 8 },
    );
    // or it would prove nothing
    expect(passed).toBeGreaterThan(20);
  });

  test('of the ratio of sums, where nothing is missing', () => {
    let passed = 0;
    fc.assert(
      fc.property(world, fc.boolean(), (hours, isWhole) => {
        const fate = (one: (typeof hours)[number]) => (isWhole ? 'there' : one.fate);
        const lived = hours.map((one) => ({ ...one, wrong: one.wrong % 11, lookedAt: 1, fate: fate(one) }));
        const check = judged(measure(lived), { over: 'ratio', evidence: { gapSeconds: 1.5 * HOUR, measurements: 24 } });
        if (check.status === 'FAIL') return;
        passed += 1;
        const sum = (of: (one: (typeof lived)[number]) => number): number =>
          lived.reduce((all, one) => all + of(one), 0);
        expect(sum(({ total, wrong }) => Math.min(wrong, total)) / sum(({ total }) => total)).toBeLessThan(0.005);
      }),
      { numRuns: 500, seed: 9 },
    );
    expect(passed).toBeGreaterThan(20);
  });

  test('taking measurements away, or making them older, never makes it hold', () => {
    fc.assert(
      fc.property(world, fc.nat(23), fc.integer({ min: 1, max: 100 }), (hours, place, later) => {
        const measured = measure(hours.map((one) => ({ ...one, fate: 'there' as const })));
        const failing = measured.map((one, i) => (i === place ? { ...one, value: 1 } : one));
        expect(judged(failing).status).toBe('FAIL');
        // what is asked for holds at no time without the hour that broke it, either
        const rest = failing.filter((_, i) => i !== place);
        const strict = { evidence: { gapSeconds: 1.5 * HOUR, measurements: 24 } };
        expect(judged(rest, strict).status).toBe('FAIL');
        expect(
          checkWindow(clause({ evidence: { sample: null } }), measured, [], NOW + (3 + later) * HOUR * 1000).status,
        ).toBe('FAIL');
      }),
      { numRuns: 200 },
    );
  });
});
