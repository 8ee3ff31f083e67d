import type { Measurement } from '../core/index.ts';
import { type Check, type Clause, expectation, holds } from './clause.ts';

/** What figures must be like to be evidence at all. What is not asked for is null. */
export interface Evidence {
  /** at least so many measurements of each series */
  readonly measurements: number;
  /** no longer silence than this, from the window's beginning on; null: only the newest counts */
  readonly gapSeconds: number | null;
  /** the newest is not older */
  readonly ageSeconds: number;
  /** things looked at, over all series of the clause */
  readonly sample: number | null;
  /** share looked at, of each measurement that is judged */
  readonly coverage: number | null;
}

/** One condition over the figures of a window that ends now. */
export interface WindowClause extends Omit<Clause, 'gate'> {
  /** its name, e.g. CDC_LAG_P99 */
  readonly clause: string;
  /** what it asks for, in a sentence */
  readonly says: string;
  /** one series, of the whole migration; or one of each flow, each of which must hold */
  readonly of: 'whole' | 'each-flow';
  /** every measurement, the last one, or the ratio of the sums that shares of samples stand for */
  readonly over: 'every' | 'last' | 'ratio';
  readonly windowSeconds: number;
  /** what was not looked at counts as if it were wrong: the figure is a share of it */
  readonly unseenCounts?: true;
  readonly evidence: Evidence;
}

/** Why a clause fails, or that it holds. */
export type Why = 'holds' | 'no evidence' | 'no number' | 'stale' | 'thin' | 'hole' | 'uncovered' | 'not as asked';

/**
 * Little evidence is some: traffic brings more of it, and time fills a window that has just begun. Of the others nobody
 * knows how the figure is now.
 */
const IS_DARK: Readonly<Record<Why, boolean>> = {
  holds: false,
  'not as asked': false,
  thin: false,
  'no evidence': true,
  'no number': true,
  stale: true,
  hole: false,
  uncovered: false,
};

/** Whether a clause that failed so has nothing it could be judged by. */
export const isDark = (why: Why): boolean => IS_DARK[why];

export interface WindowCheck extends Check {
  readonly why: Why;
  /** the figures behind it, enough to find them again */
  readonly figures: {
    readonly figure: string;
    readonly measurements: number;
    readonly sample: number;
    readonly from: string | null;
    readonly to: string | null;
    readonly sources: readonly string[];
  };
}

interface Judged {
  readonly why: Why;
  readonly actual: number | null;
  readonly message: string;
  /** null: it cannot be said */
  readonly sample: number | null;
}

const isFigure = (value: number): boolean => Number.isFinite(value) && value >= 0;
const isWell = ({ value, sample, coverage, ms }: Timed): boolean =>
  isFigure(value) &&
  (sample === null || isFigure(sample)) &&
  (coverage === null || (isFigure(coverage) && coverage <= 1)) &&
  Number.isFinite(ms);

/** A measurement with its time read. There are many: it is made without a copy of all it has. */
type Timed = Pick<Measurement, 'value' | 'sample' | 'coverage' | 'at' | 'source'> & { readonly ms: number };

/**
 * Judges one clause by what was measured. Only what lies in the window counts: nothing of before, and nothing of a time
 * to come, which is a wrong clock. `flows` are those that must be there.
 *
 * @param now ms since 1970
 */
export function checkWindow(
  clause: WindowClause,
  measured: readonly Measurement[],
  flows: readonly string[],
  now: number,
): WindowCheck {
  const from = now - clause.windowSeconds * 1000;
  const names = clause.of === 'whole' ? [''] : flows;
  const byFlow = new Map<string, Timed[]>(names.map((flow) => [flow, []]));
  for (const { figure, flow, value, sample, coverage, at, source } of measured) {
    const ms = Date.parse(at);
    // a time that is none is kept: it is a figure gone wrong, and not one that is not there
    if (figure === clause.figure && !(ms <= from || ms > now))
      byFlow.get(flow)?.push({ value, sample, coverage, at, source, ms });
  }
  for (const found of byFlow.values())
    if (found.some(({ ms }, i) => i > 0 && !(ms >= (found[i - 1]?.ms ?? 0)))) found.sort((x, y) => x.ms - y.ms);
  const series = names.map((flow) => ({
    flow,
    judged: judgeSeries(clause, byFlow.get(flow) ?? [], from, now),
  }));
  const bad = series.filter(({ judged }) => judged.why !== 'holds');
  const worst =
    bad[0] ?? series.reduce<(typeof series)[number] | undefined>((most, one) => further(clause, most, one), undefined);
  const sample = series.reduce((sum, { judged }) => sum + (judged.sample ?? 0), 0);
  const judged = worst?.judged ?? {
    why: 'no evidence' as const,
    actual: null,
    message: 'there is no flow to judge',
    sample: 0,
  };
  const verdict = bad.length === 0 && worst ? thin(clause, judged, sample) : judged;
  const of = worst?.flow ? `${worst.flow}: ` : '';
  const more = bad.length > 1 ? `; ${bad.length} of ${names.length} flows fail` : '';
  return {
    gate: clause.clause,
    status: verdict.why === 'holds' ? 'PASS' : 'FAIL',
    why: verdict.why,
    actual: verdict.actual,
    expected: expectation(clause),
    message: `${of}${verdict.message}${more}`,
    figures: { figure: clause.figure, sample, ...traceOf([...byFlow.values()]) },
  };
}

function traceOf(series: readonly (readonly Timed[])[]) {
  const ats = series.flatMap((found) => [found[0]?.at ?? [], found.at(-1)?.at ?? []].flat()).sort();
  const sources = new Set<string>();
  for (const found of series) for (const { source } of found) sources.add(source);
  return {
    measurements: series.reduce((sum, found) => sum + found.length, 0),
    from: ats[0] ?? null,
    to: ats.at(-1) ?? null,
    sources: [...sources].sort(),
  };
}

function judgeSeries(clause: WindowClause, found: readonly Timed[], from: number, now: number): Judged {
  const { figure, evidence, over } = clause;
  const fails = (why: Why, message: string): Judged => ({ why, actual: null, message, sample: null });
  const newest = found.at(-1);
  if (!newest) return fails('no evidence', `${figure}: no evidence`);
  if (!found.every(isWell)) return fails('no number', `${figure} was measured as something that is no figure`);
  const age = (now - newest.ms) / 1000;
  if (age > evidence.ageSeconds)
    return fails(
      'stale',
      `${figure} is stale: the newest is ${spoken(age)} old, ${spoken(evidence.ageSeconds)} at most`,
    );
  if (found.length < evidence.measurements)
    return fails('thin', `${figure} is thin: ${found.length} measurements, ${evidence.measurements} at least`);
  const gap = evidence.gapSeconds === null ? 0 : longestGap(found, from);
  if (evidence.gapSeconds !== null && gap > evidence.gapSeconds)
    return fails('hole', `${figure} has a hole of ${spoken(gap)}, ${spoken(evidence.gapSeconds)} at most`);
  const looked = over === 'last' ? [newest] : found;
  const asked = evidence.coverage;
  const least = looked.reduce((min, { coverage }) => Math.min(min, coverage ?? -1), 1);
  if ((asked !== null && least < asked) || (clause.unseenCounts && least < 0))
    return fails('uncovered', `${figure} covers ${least < 0 ? 'nobody knows what' : least}, asked for is ${asked}`);
  const isCounted = looked.every(({ sample }) => sample !== null);
  if (!isCounted && (evidence.sample !== null || over === 'ratio'))
    return fails('thin', `${figure} does not say how many things were looked at`);
  return { ...judgedOf(clause, looked), sample: isCounted ? sampleOf(clause, looked) : null };
}

/** What is judged of a series: an idle one, with nothing to take a share of, holds, and adds nothing to the sample. */
function judgedOf(clause: WindowClause, looked: readonly Timed[]): Omit<Judged, 'sample'> {
  const { figure, over } = clause;
  const values = looked.map((one) => seen(clause, one));
  const total = looked.reduce((sum, { sample }) => sum + (sample ?? 0), 0);
  if (over === 'ratio' && total === 0) return { why: 'holds', actual: null, message: `${figure}: nothing happened` };
  const actual =
    over === 'ratio'
      ? looked.reduce((sum, { sample }, i) => sum + (values[i] as number) * (sample ?? 0), 0) / total
      : clause.test === 'at-least'
        ? values.reduce((x, y) => Math.min(x, y))
        : values.reduce((x, y) => Math.max(x, y));
  if (!Number.isFinite(actual)) return { why: 'no number', actual: null, message: `${figure} is no number` };
  const isHeld = holds(actual, clause);
  const message = `${figure} is ${rounded(actual)}, ${isHeld ? 'as asked' : `asked for is ${expectation(clause)}`}`;
  return { why: isHeld ? 'holds' : 'not as asked', actual, message };
}

const seen = ({ unseenCounts }: WindowClause, { value, coverage }: Timed): number =>
  unseenCounts ? value * (coverage ?? 0) + (1 - (coverage ?? 0)) : value;

const sampleOf = ({ over }: WindowClause, looked: readonly Timed[]): number =>
  looked.reduce(
    (sum, { sample }) => (over === 'ratio' ? sum + (sample ?? 0) : Math.min(sum, sample ?? 0)),
    over === 'ratio' ? 0 : Number.POSITIVE_INFINITY,
  );

function thin(clause: WindowClause, judged: Judged, sample: number): Judged {
  const { figure, over, evidence } = clause;
  const asked = evidence.sample ?? (over === 'ratio' ? 1 : 0);
  if (sample >= asked) return judged;
  const message = `${figure} is thin: ${sample} things were looked at, ${asked} at least`;
  return { ...judged, why: 'thin', message };
}

type Series = { readonly flow: string; readonly judged: Judged };

function further({ test }: WindowClause, most: Series | undefined, one: Series): Series {
  if (most === undefined || most.judged.actual === null) return one;
  if (one.judged.actual === null) return most;
  const isFurther =
    test === 'at-least' ? one.judged.actual < most.judged.actual : one.judged.actual > most.judged.actual;
  return isFurther ? one : most;
}

/** Seconds, from the window's beginning to its newest measurement: what comes after that is its age. */
function longestGap(found: readonly Timed[], from: number): number {
  let [longest, before] = [0, from];
  for (const { ms } of found) {
    longest = Math.max(longest, ms - before);
    before = ms;
  }
  return longest / 1000;
}

const rounded = (value: number): number => Number(value.toPrecision(4));
const spoken = (seconds: number): string =>
  seconds < 300
    ? `${Math.round(seconds)} s`
    : seconds < 7200
      ? `${Math.round(seconds / 60)} min`
      : `${rounded(seconds / 3600)} h`;
