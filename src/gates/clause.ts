/** One condition of a gate over one measured figure. */
export interface Clause {
  /** Its name in reports, e.g. NO_ERRORS. */
  readonly gate: string;
  readonly figure: string;
  readonly test: 'at-most' | 'at-least' | 'below';
  readonly threshold: number;
}

export interface Profile {
  readonly name: string;
  readonly clauses: readonly Clause[];
}

/** What was measured, by name; null or absent: it was not measured. */
export type Figures = Readonly<Record<string, number | null | undefined>>;

/** What became of one clause. */
export interface Check {
  readonly gate: string;
  readonly status: 'PASS' | 'FAIL';
  readonly actual: number | string | null;
  /** e.g. `<= 10` */
  readonly expected: string;
  readonly message: string;
}

const SIGNS = { 'at-most': '<=', 'at-least': '>=', below: '<' } as const;

type Limit = Pick<Clause, 'test' | 'threshold'>;

/** e.g. `<= 10` */
export const expectation = ({ test, threshold }: Limit): string => `${SIGNS[test]} ${threshold}`;

export const holds = (actual: number, { test, threshold }: Limit): boolean => {
  if (test === 'below') return actual < threshold;
  return test === 'at-most' ? actual <= threshold : actual >= threshold;
};

/** A figure that was not measured fails its clause: silence proves nothing. */
export function checkClause(clause: Clause, figures: Figures): Check {
  const { gate, figure } = clause;
  const actual = figures[figure] ?? null;
  const expected = expectation(clause);
  if (actual === null || !Number.isFinite(actual))
    return { gate, status: 'FAIL', actual: null, expected, message: `${figure} was not measured` };
  const passes = holds(actual, clause);
  const message = `${figure} is ${actual}, ${passes ? 'as asked' : `asked for is ${expected}`}`;
  return { gate, status: passes ? 'PASS' : 'FAIL', actual, expected, message };
}
