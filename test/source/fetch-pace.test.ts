import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FetchPace } from '../../src/source/kafka/fetch-pace.ts';

/** The longest wait asked for while `answers` answers of `records` each come `ms` apart. */
function longest(records: number, ms: number, answers = 200): number {
  const pace = new FetchPace();
  return Math.max(...Array.from({ length: answers }, (_, i) => pace.after(records, i * ms)));
}

describe('the pace of fetches', () => {
  it('asks at once where little comes', () => {
    // 200 a second, one by one
    expect(longest(1, 5)).toBe(0);
    expect(longest(0, 100)).toBe(0);
  });

  it('waits where much comes in small answers', () => {
    // 2,000 a second, four by four
    expect(longest(4, 2)).toBe(20);
  });

  it('does not hold up a backlog', () => {
    expect(longest(5_000, 50)).toBe(0);
  });

  it('goes back to asking at once when it has become quiet', () => {
    const pace = new FetchPace();
    for (let i = 0; i < 100; i++) pace.after(4, i * 2);
    const waits = Array.from({ length: 60 }, (_, i) => pace.after(1, 200 + i * 50));
    expect(waits.at(-1)).toBe(0);
  });

  it('never waits longer than for one spacing, whatever comes', () => {
    const answers = fc.array(fc.record({ records: fc.nat(10_000), ms: fc.nat(1_000) }), { minLength: 1 });
    fc.assert(
      fc.property(answers, (all) => {
        const pace = new FetchPace();
        let now = 0;
        for (const { records, ms } of all) {
          now += ms;
          const wait = pace.after(records, now);
          expect(wait).toBeGreaterThanOrEqual(0);
          expect(wait).toBeLessThanOrEqual(20);
        }
      }),
    );
  });
});
