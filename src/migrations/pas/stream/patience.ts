import type { Reject } from '../engine/outcome.ts';
import type { PartRows } from './rows.ts';

/** For how long a row without its parent waits before it is refused in so many words. */
export interface Patience {
  /** Whether a refusal is held back, as the row may still be taken. */
  holdsBack(reject: Reject): boolean;
  /** How many refusals have been held back. */
  held(): number;
  /** When the first of the waiting rows has waited long enough, ISO UTC; null: none waits. */
  until(): string | null;
}

/**
 * Time counts from the newest change of the row itself: its parent may be on its way for as long. Of 0 seconds nothing waits,
 * not even until the tick, which moves by minutes, has passed the change.
 */
export function patience(rows: PartRows, asOf: string, seconds: number): Patience {
  let first: number | null = null;
  let held = 0;
  return {
    holdsBack({ problem, sourceTable, position }) {
      if (seconds === 0 || (problem !== 'ORPHAN' && problem !== 'PARENT_REJECTED')) return false;
      const changed = rows.changedAt(sourceTable, position);
      const end = changed === null ? 0 : Date.parse(changed) + seconds * 1000;
      if (end <= Date.parse(asOf)) return false;
      first = first === null ? end : Math.min(first, end);
      held += 1;
      return true;
    },
    held: () => held,
    until: () => (first === null ? null : new Date(first).toISOString()),
  };
}
