import type { Meter } from '../../core/index.ts';

/** Commits that took longer than this to their target are late. */
export const LATE_SECONDS = 5;

/** Upper ends of the classes that p99 is read from, as docs/metrics.md has them and finer around 5 s. */
const ENDS = [0.05, 0.1, 0.25, 0.5, 1, 2, 3, 4, 5, 6, 8, 10, 15, 30, 60, 300, 1800];

/** What was seen of one flow: changes, those that were late, and how many in each class; the last class has no end. */
export interface Lags {
  count: number;
  late: number;
  longest: number;
  readonly classes: number[];
}

/** What was seen since it was last taken. */
export interface Tallied {
  /** into PostgreSQL, by flow */
  readonly derived: Map<string, Lags>;
  /** to the acknowledgement of a remote store, by flow */
  readonly delivered: Map<string, Lags>;
  writes: number;
  /** writes that failed: tried again, put aside, or stopped by what halts their flow */
  failed: number;
}

const none = (): Tallied => ({ derived: new Map(), delivered: new Map(), writes: 0, failed: 0 });

export interface TallyMeter extends Meter {
  take(): Tallied;
  /** What was taken and could not be recorded is there again. */
  giveBack(taken: Tallied): void;
}

/** Passes everything on, and counts what gates are judged by. */
export function tallyMeter(meter: Meter): TallyMeter {
  let now = none();
  const seen = (of: Map<string, Lags>, flow: string, seconds: number, times: number): void => {
    const lags = lagsOf(of, flow);
    lags.count += times;
    if (seconds > LATE_SECONDS) lags.late += times;
    lags.longest = Math.max(lags.longest, seconds);
    const found = ENDS.findIndex((end) => seconds <= end);
    const place = found < 0 ? ENDS.length : found;
    lags.classes[place] = (lags.classes[place] ?? 0) + times;
  };
  return {
    count(name, labels, by = 1) {
      meter.count(name, labels, by);
      if (name === 'sluice_roots_total')
        countWrites(now, labels.result, by, { well: ['derived'], failed: ['parked', 'failed'] });
      if (name === 'sluice_target_writes_total')
        countWrites(now, labels.outcome, by, { well: ['applied', 'superseded'], failed: ['retry', 'park'] });
    },
    gauge: (name, labels, value) => meter.gauge(name, labels, value),
    drop: (name, labels) => meter.drop(name, labels),
    observe(name, labels, value, times = 1) {
      meter.observe(name, labels, value, times);
      if (name !== 'sluice_e2e_latency_seconds') return;
      seen(labels.target === 'postgres' ? now.derived : now.delivered, labels.flow ?? '', value, times);
    },
    take() {
      const taken = now;
      now = none();
      return taken;
    },
    giveBack(taken) {
      now.writes += taken.writes;
      now.failed += taken.failed;
      addLags(now.derived, taken.derived);
      addLags(now.delivered, taken.delivered);
    },
  };
}

function countWrites(
  tallied: Tallied,
  result = '',
  by: number,
  kinds: { readonly well: readonly string[]; readonly failed: readonly string[] },
): void {
  const isFailed = kinds.failed.includes(result);
  if (!isFailed && !kinds.well.includes(result)) return;
  tallied.writes += by;
  if (isFailed) tallied.failed += by;
}

function lagsOf(of: Map<string, Lags>, flow: string): Lags {
  const known = of.get(flow);
  if (known) return known;
  const lags = { count: 0, late: 0, longest: 0, classes: new Array<number>(ENDS.length + 1).fill(0) };
  of.set(flow, lags);
  return lags;
}

function addLags(to: Map<string, Lags>, from: ReadonlyMap<string, Lags>): void {
  for (const [flow, lags] of from) {
    const sum = lagsOf(to, flow);
    sum.count += lags.count;
    sum.late += lags.late;
    sum.longest = Math.max(sum.longest, lags.longest);
    for (const [place, n] of lags.classes.entries()) sum.classes[place] = (sum.classes[place] ?? 0) + n;
  }
}

/** 99 of 100 took at most so many seconds: the end of their class, too long rather than too short; null where none came. */
export function p99Of({ count, classes, longest }: Lags): number | null {
  if (count === 0) return null;
  let seen = 0;
  for (const [place, n] of classes.entries()) {
    seen += n;
    if (seen >= count * 0.99) return Math.min(ENDS[place] ?? longest, longest);
  }
  return longest;
}
