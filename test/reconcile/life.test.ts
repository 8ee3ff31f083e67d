import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FindingState } from '../../src/core/index.ts';
import { addTallies, coverageOf, type Look, measurementsOf, nextState } from '../../src/reconcile/index.ts';

const lives = (...looks: Look[]): (FindingState | null)[] => {
  let state: FindingState | null = null;
  return looks.map((look) => {
    state = nextState(state, look);
    return state;
  });
};

describe('the life of a finding', () => {
  it('is confirmed by the second look in a row', () => {
    expect(lives('seen', 'seen', 'seen')).toEqual(['suspect', 'confirmed', 'confirmed']);
    expect(lives('seen', 'not seen', 'seen')).toEqual(['suspect', 'vanished', 'suspect']);
    expect(lives('not seen')).toEqual([null]);
  });

  it('ends a repair by a look, and opens it again where it did not hold', () => {
    expect(nextState('repaired', 'not seen')).toBe('reverified');
    expect(nextState('repaired', 'seen')).toBe('confirmed');
  });

  it('lets what was accepted stand, and nothing else of the same document', () => {
    expect(nextState('accepted', 'seen, as accepted')).toBe('accepted');
    expect(nextState('accepted', 'seen')).toBe('suspect');
  });
});

/**
 * The alignment rule as a model: a source, a copy that follows it late, a target that follows the copy later still, each
 * step of which can happen between any two of the comparer's. Whatever the order, lag is no finding, and a fault is one.
 */
interface World {
  source: number;
  landed: number;
  target: number;
  marks: number;
  fault: boolean;
}

const STEPS = ['write', 'land', 'derive', 'look'] as const;

function play(steps: readonly (typeof STEPS)[number][], faultAt: number): FindingState | null {
  const world: World = { source: 0, landed: 0, target: 0, marks: 0, fault: false };
  let state: FindingState | null = null;
  steps.forEach((step, i) => {
    if (i === faultAt) world.fault = true;
    if (step === 'write') world.source += 1;
    if (step === 'land' && world.landed < world.source) {
      world.landed += 1;
      world.marks += 1;
    }
    if (step === 'derive' && world.marks > 0) {
      world.target = world.landed;
      world.marks = 0;
      // an ordinary write heals what it writes over
      world.fault = false;
    }
    if (step === 'look' && world.marks === 0) {
      const isRight = world.target === world.landed && !world.fault;
      state = nextState(state, isRight ? 'not seen' : 'seen');
    }
  });
  return state;
}

describe('the alignment rule', () => {
  const steps = fc.array(fc.constantFrom(...STEPS), { maxLength: 60 });

  it('never makes a finding of lag, however writes, landing, deriving and looks follow one another', () => {
    fc.assert(
      fc.property(steps, (some) => {
        expect([null, 'vanished']).toContain(play(some, -1));
      }),
      { numRuns: 2_000 },
    );
  });

  it('confirms a fault that is there for two looks, however much goes on before', () => {
    fc.assert(
      fc.property(steps, (some) => {
        const all = [...some, 'land', 'derive', 'look', 'look'] as const;
        const settled = [...some.flatMap(() => ['land', 'derive'] as const)];
        expect(play([...some, ...settled, ...all.slice(-2)], some.length + settled.length)).toBe('confirmed');
      }),
    );
  });
});

describe('figures', () => {
  const tally = {
    compared: 900,
    fields: 9_000,
    mismatchedFields: 9,
    unverified: 90,
    waiting: 40,
    unmappable: 7,
    hot: 10,
    unresolved: 3,
    expected: 903,
    actual: 900,
    countsDiffer: 3,
  };

  it('come with their sample, their coverage and their age', () => {
    const of = { migration: 'm', flow: 'f', at: '2026-01-01T00:00:00Z', oldestSeconds: 12 };
    const measured = new Map(measurementsOf(of, tally).map((one) => [one.figure, one]));
    expect(measured.get('reconcile.divergenceRatio')).toMatchObject({ value: 3 / 900, sample: 900, coverage: 0.9 });
    expect(measured.get('reconcile.fieldMismatchRatio')).toMatchObject({ value: 0.001, oldestSeconds: 12 });
    expect(measured.get('reconcile.unverified')?.value).toBe(100);
    expect(measured.get('reconcile.waiting')?.value).toBe(40);
    expect(measured.get('reconcile.unmappable')?.value).toBe(7);
  });

  it('do not let one too many here make up for one too few there', () => {
    expect(addTallies([tally, { ...tally, countsDiffer: 2 }]).countsDiffer).toBe(5);
  });

  it('say of findings among nothing compared that all is divergent', () => {
    const nothing = { ...tally, compared: 0, unverified: 0, hot: 0 };
    const of = { migration: 'm', flow: '', at: '2026-01-01T00:00:00Z', oldestSeconds: 0 };
    expect(measurementsOf(of, nothing)[0]?.value).toBe(1);
    expect(coverageOf(nothing)).toBe(1);
  });
});
