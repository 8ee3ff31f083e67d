import type { Check } from './clause.ts';

/** What a report says it was made of: the run, and by name the hashes of everything that made it. */
export interface Binding {
  readonly runId: string;
  readonly hashes: Readonly<Record<string, string>>;
}

/** The name of what `checkBinding` checks, beside the clauses of a profile that is judged by a report. */
export const BINDING_CLAUSE = 'REPORT_BOUND_TO_RUN';

/**
 * Whether a report is about the run that is judged and about things as they are now. `report` is null where there is
 * none.
 */
export function checkBinding(report: Binding | null, now: Binding): Check {
  const gate = BINDING_CLAUSE;
  const expected = `run ${now.runId}, nothing changed since`;
  if (report === null) return { gate, status: 'FAIL', actual: null, expected, message: 'there is no report' };
  if (report.runId !== now.runId)
    return { gate, status: 'FAIL', actual: report.runId, expected, message: 'the report is about another run' };
  const names = new Set([...Object.keys(report.hashes), ...Object.keys(now.hashes)]);
  const changed = [...names].filter((name) => report.hashes[name] !== now.hashes[name]).sort();
  if (changed.length > 0)
    return {
      gate,
      status: 'FAIL',
      actual: `changed: ${changed.slice(0, 5).join(', ')}`,
      expected,
      message: 'the report is stale: run again',
    };
  return { gate, status: 'PASS', actual: report.runId, expected, message: 'the report is about this run' };
}
