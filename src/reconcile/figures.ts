import type { Measurement } from '../core/index.ts';

/** What one round over one flow has come to. */
export interface FlowTally {
  /** documents compared with their target */
  readonly compared: number;
  readonly fields: number;
  readonly mismatchedFields: number;
  /** documents and roots of which nothing could be said */
  readonly unverified: number;
  /** of those, what waits for something else to be there; and rows held back by roots that were compared */
  readonly waiting: number;
  /** roots no rule can map, and rows and values that rules refuse */
  readonly unmappable: number;
  /** roots that were on their way at every look */
  readonly hot: number;
  /** documents with a finding that is neither repaired and seen to be right again, nor accepted */
  readonly unresolved: number;
  readonly expected: number;
  readonly actual: number;
  /**
   * Sum over its targets, so that one too many here does not make up for one too few there; at least what is confirmed to
   * be missing or extra.
   */
  readonly countsDiffer: number;
}

/** Share of all there is that was compared. */
export const coverageOf = ({ compared, unverified, hot }: FlowTally): number =>
  compared + unverified + hot === 0 ? 1 : compared / (compared + unverified + hot);

const share = (some: number, all: number): number => (all === 0 ? (some === 0 ? 0 : 1) : Math.min(1, some / all));

/** The figures of a flow after a round; each with how much it rests on and how old the oldest of that is. */
export function measurementsOf(
  of: { readonly migration: string; readonly flow: string; readonly at: string; readonly oldestSeconds: number },
  tally: FlowTally,
): readonly Measurement[] {
  const coverage = coverageOf(tally);
  const one = (figure: string, value: number, sample: number): Measurement => ({
    ...of,
    figure: `reconcile.${figure}`,
    value,
    sample,
    coverage,
    source: 'reconcile scan',
  });
  const { compared, fields, mismatchedFields, unverified, unresolved, expected, actual, countsDiffer } = tally;
  return [
    one('divergenceRatio', share(unresolved, compared), compared),
    one('fieldMismatchRatio', share(mismatchedFields, fields), fields),
    one('unresolved', unresolved, compared),
    one('unverified', unverified + tally.hot, compared),
    one('hot', tally.hot, compared),
    one('waiting', tally.waiting, compared),
    one('unmappable', tally.unmappable, compared),
    one('sourceCount', expected, expected),
    one('targetCount', actual, actual),
    one('countsDiffer', countsDiffer, expected),
  ];
}

export function addTallies(tallies: readonly FlowTally[]): FlowTally {
  const sum = (of: (tally: FlowTally) => number): number => tallies.reduce((total, tally) => total + of(tally), 0);
  return {
    compared: sum(({ compared }) => compared),
    fields: sum(({ fields }) => fields),
    mismatchedFields: sum(({ mismatchedFields }) => mismatchedFields),
    unverified: sum(({ unverified }) => unverified),
    waiting: sum(({ waiting }) => waiting),
    unmappable: sum(({ unmappable }) => unmappable),
    hot: sum(({ hot }) => hot),
    unresolved: sum(({ unresolved }) => unresolved),
    expected: sum(({ expected }) => expected),
    actual: sum(({ actual }) => actual),
    countsDiffer: sum(({ countsDiffer }) => countsDiffer),
  };
}
