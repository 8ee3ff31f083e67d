/**
 * One figure as somebody measured it: what gates are judged by and what reports draw. Never a patient's value, never a key.
 * Measurements are never changed, and none is removed that a gate's window can still reach.
 */
export interface Measurement {
  readonly migration: string;
  /** a flow's name; '' for a figure of the whole migration */
  readonly flow: string;
  /** dotted, e.g. `reconcile.divergenceRatio`, `cdc.lagSeconds.p99`; listed in docs/gates.md */
  readonly figure: string;
  readonly value: number;
  /** when it was true, ISO UTC */
  readonly at: string;
  /** how many things were looked at to get it; null where that says nothing */
  readonly sample: number | null;
  /** share of all there is that was looked at, 0 to 1; null where that says nothing */
  readonly coverage: number | null;
  /** age in seconds of the oldest thing the figure rests on */
  readonly oldestSeconds: number | null;
  /** what measured it, e.g. `reconcile scan`, `migrate dry-run` */
  readonly source: string;
}

export interface Measurements {
  record(measured: readonly Measurement[]): Promise<void>;
  /** Those of a figure at or after `from` (ISO UTC) and at or before `to`, oldest first, of every flow. */
  between(migration: string, figure: string, from: string, to: string): Promise<readonly Measurement[]>;
}
