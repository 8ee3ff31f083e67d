import type { Synced } from './sync.ts';

export const COUNTERS = [
  'total',
  'supported',
  'unsupported',
  'transformed',
  'inserted',
  'updated',
  'skipped',
  'invalid',
  'errors',
] as const;

/** The counters of a run, as the reference's last log line names them. */
export type Counts = Readonly<Record<(typeof COUNTERS)[number], number>>;

/** What one service adds to the counters. */
export function countsOf({ outcome, notes }: Pick<Synced, 'outcome' | 'notes'>): Counts {
  const is = (...outcomes: Synced['outcome'][]): number => (outcomes.includes(outcome) ? 1 : 0);
  return {
    total: 1,
    supported: 1 - is('unsupported'),
    unsupported: is('unsupported'),
    transformed: notes.some(({ code }) => code === 'DM_ETL_006') ? 1 : 0,
    inserted: is('inserted'),
    updated: is('updated'),
    skipped: is('skipped'),
    invalid: is('invalid'),
    errors: is('error'),
  };
}

/** The counters under their newest names, and under those they had before. */
export const bothSets = (counts: Counts): Record<string, number> => ({
  ...counts,
  total_records: counts.total,
  supported_records: counts.supported,
  unsupported_records: counts.unsupported,
  transformed_records: counts.transformed,
  migrated_records: counts.inserted + counts.updated,
  skipped_records: counts.skipped,
  invalid_records: counts.invalid,
});
