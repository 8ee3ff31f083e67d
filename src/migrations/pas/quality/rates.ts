import type { IssueBook } from './issue-book.ts';

export interface RatedField {
  readonly field: string;
  /** The contract names something that fills it. */
  readonly sourced: boolean;
  /** Mandatory, or one whose blanks the contract wants to hear of. */
  readonly wanted: boolean;
  /** 0 to 1; null without rows */
  readonly nullRate: number | null;
}

export interface RatedTable {
  readonly table: string;
  readonly rows: number;
  /** Rows refused or held, as a share of those that were to be loaded; null when none were. */
  readonly rejectRate: number | null;
  readonly fields: readonly RatedField[];
}

const MOST_NULL = 0.05;
const MOST_REJECTED = 0.01;

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;

/** What single cells and rows do not show: how often a wanted column is blank, and how many rows of a table are lost. */
export function checkRates(tables: readonly RatedTable[], book: IssueBook): void {
  for (const { table, rows, rejectRate, fields } of tables) {
    if (rejectRate !== null && rejectRate > MOST_REJECTED)
      book.add({
        severity: 'WARN',
        category: 'REJECT_RATE',
        table,
        field: '',
        message: `${percent(rejectRate)} of the rows are refused or held, more than ${percent(MOST_REJECTED)}`,
      });
    for (const { field, sourced, wanted, nullRate } of fields) {
      if (nullRate === null) continue;
      if (wanted && nullRate > MOST_NULL)
        book.add({
          severity: 'WARN',
          category: 'NULL_RATE',
          table,
          field,
          message: `blank in ${percent(nullRate)} of the rows, more than ${percent(MOST_NULL)}`,
        });
      else if (sourced && nullRate === 1)
        book.add({
          severity: 'INFO',
          category: 'COLUMN_EMPTY',
          table,
          field,
          message: `the contract fills it and none of ${rows} rows has a value`,
        });
    }
  }
}
