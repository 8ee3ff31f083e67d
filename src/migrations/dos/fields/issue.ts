/** What is wrong with a column of a service. Kept in the state item; `value` must go into no log. */
export interface FieldIssue {
  /** fatal: nothing is written; error: the column is left empty */
  readonly severity: 'fatal' | 'error';
  readonly code: string;
  readonly diagnostics: string;
  readonly expression: readonly [column: string];
  readonly value: string | null;
}

export const fault = (column: string, code: string, diagnostics: string, value: string | null): FieldIssue => ({
  severity: 'error',
  code,
  diagnostics,
  expression: [column],
  value,
});

export const fatal = (column: string, code: string, diagnostics: string): FieldIssue => ({
  severity: 'fatal',
  code,
  diagnostics,
  expression: [column],
  value: null,
});
