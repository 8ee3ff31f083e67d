import type { Clock, Log } from '../../core/index.ts';
import { SUPABASE_PHASES } from '../../gates/index.ts';
import type { PostgresMeasurements } from '../../sinks/postgres/index.ts';
import { repeat } from '../repeat.ts';

const EVERY_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** clocks differ, and a window is looked at some time after its end */
const MARGIN_MS = DAY_MS;
const MOST_AT_ONCE = 5_000;

/** The longest window of any clause over a figure, in milliseconds; 0 where none looks at it. */
export function longestWindowMs(figure: string): number {
  const own = SUPABASE_PHASES.flatMap(({ clauses }) => clauses).filter((clause) => clause.figure === figure);
  return Math.max(0, ...own.map(({ windowSeconds }) => windowSeconds * 1000));
}

export interface Forgetting {
  readonly migration: string;
  readonly measurements: Pick<PostgresMeasurements, 'figureNames' | 'forget'>;
  readonly keepDays: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** Each hour removes measurements that are older than is kept and that no window of a clause reaches any more. */
export function forgetFigures(forgetting: Forgetting): Promise<void> {
  return repeat(EVERY_MS, forgetting, 'removing old measurements', () => forgetOnce(forgetting));
}

async function forgetOnce({ migration, measurements, keepDays, clock, log, signal }: Forgetting): Promise<void> {
  let removed = 0;
  for (const figure of await measurements.figureNames(migration)) {
    const keepMs = Math.max(keepDays * DAY_MS, longestWindowMs(figure) + MARGIN_MS);
    const before = new Date(clock.now() - keepMs).toISOString();
    for (let some = MOST_AT_ONCE; some === MOST_AT_ONCE && !signal.aborted; removed += some)
      some = await measurements.forget(migration, figure, before, MOST_AT_ONCE);
  }
  if (removed > 0) log.info('old measurements removed', { count: removed });
}
