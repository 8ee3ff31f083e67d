import type { Flow, Target } from '../../core/index.ts';
import { addTallies, type FlowTally, measurementsOf } from '../../reconcile/index.ts';
import { PostgresMeasurements } from '../../sinks/postgres/index.ts';
import { isoNow } from '../clock.ts';
import { Apart, asFailure, type Failed } from './apart.ts';
import { type Away, type LookedAt, lookAtRoots } from './look.ts';
import type { ReconcileParts } from './parts.ts';
import { recordLook, recordObservations } from './record.ts';
import { type ScannedRows, scanRows } from './scan-rows.ts';
import { findStrangers, listedTargets, type Strangers } from './strangers.ts';
import { areAllFlows, differingAtLeast } from './uncounted.ts';
import { landedSinceGaps } from './unproven.ts';

export interface RoundProgress {
  readonly stage: 'rows' | 'documents' | 'strangers';
  readonly of: string;
  readonly done: number;
}

export interface Round {
  readonly seconds: number;
  readonly rows: number;
  /** those that were compared; nothing is recorded of the others */
  readonly flows: ReadonlyMap<string, FlowTally>;
  readonly failed: Failed;
  /** findings that were confirmed in it */
  readonly confirmed: number;
  /** false: it was stopped, and says nothing of the whole */
  readonly whole: boolean;
}

export interface RoundOptions {
  /** flows of which documents are compared; all unless told */
  readonly flows: readonly Flow[];
  readonly signal: AbortSignal;
  readonly onProgress?: (at: RoundProgress) => void;
}

const ROOTS = 200;
const LOOKS = 6;
const BETWEEN_LOOKS_MS = 1_000;

interface Work {
  readonly parts: ReconcileParts;
  readonly options: RoundOptions;
  readonly tell: (at: RoundProgress) => void;
  readonly apart: Apart;
  confirmed: number;
}

/**
 * One round: every source row with its landed one, every document with its target, every target's rows with what is
 * expected. What is on its way is looked at again; a finding is confirmed by the second aligned look. A flow that fails
 * leaves the others to go on: what is found of it counts, but it has no figures.
 */
export async function scanRound(parts: ReconcileParts, options: RoundOptions): Promise<Round> {
  const { clock, store, open } = parts;
  const { signal, onProgress: tell = () => undefined } = options;
  const started = clock.now();
  const apart = new Apart();
  const work: Work = { parts, options, tell, apart, confirmed: 0 };
  const rows = await rowsOf(work);
  const unproven = await landedSinceGaps(parts, options.flows);
  const scans = options.flows.map((flow) =>
    scanOf(flow, (rows.unverified.get(flow.name) ?? 0) + (unproven.get(flow.name) ?? 0)),
  );
  for (const scan of scans) await apart.do(scan.flow.name, () => scanFlow(work, scan));
  await scanAgain(work, scans);
  const counts = await scanStrangers(work);
  const unresolved = await store.unresolved();
  const findings = await store.counts();
  const flows = new Map<string, FlowTally>();
  for (const {
    flow: { name: flow },
    tally,
  } of scans.filter(({ flow }) => !apart.failed.has(flow.name))) {
    const count = counts.get(flow) ?? { expected: 0, actual: 0, countsDiffer: 0 };
    const countsDiffer = Math.max(count.countsDiffer, differingAtLeast(findings, flow));
    flows.set(flow, { ...tally, ...count, countsDiffer, unresolved: unresolved.get(flow) ?? 0 });
  }
  const seconds = (clock.now() - started) / 1000;
  const whole = !signal.aborted;
  if (whole) {
    const [at, oldestSeconds, migration] = [isoNow(), seconds, open.migration.name];
    const measured = [...flows].flatMap(([flow, tally]) =>
      measurementsOf({ migration, flow, at, oldestSeconds }, tally),
    );
    const isAll = areAllFlows(open.migration.flows, flows);
    const all = measurementsOf({ migration, flow: '', at, oldestSeconds }, addTallies([...flows.values()]));
    await new PostgresMeasurements(open.pool).record(isAll ? [...measured, ...all] : measured);
  }
  return { seconds, rows: rows.rows, flows, failed: apart.failed, confirmed: work.confirmed, whole };
}

/** Without the source no flow can be said to have all its rows; its documents can be compared all the same. */
async function rowsOf(work: Work): Promise<ScannedRows> {
  const { parts, options, tell, apart } = work;
  try {
    const scanned = await scanRows(parts, options, (of, done) => tell({ stage: 'rows', of, done }));
    work.confirmed += scanned.confirmed;
    return scanned;
  } catch (error) {
    apart.blame(
      options.flows.map(({ name }) => name),
      asFailure(error),
    );
    return { rows: 0, unverified: new Map(), confirmed: 0 };
  }
}

interface FlowScan {
  readonly flow: Flow;
  readonly tally: { -readonly [F in Exclude<keyof FlowTally, Counts | 'unresolved'>]: FlowTally[F] };
  /** roots that were on their way, or are suspected */
  again: string[];
  /** others of which a target could not be read */
  unread: string[];
}

function scanOf(flow: Flow, unverified: number): FlowScan {
  const none = { compared: 0, fields: 0, mismatchedFields: 0, waiting: 0, unmappable: 0, hot: 0 };
  return { flow, tally: { ...none, unverified }, again: [], unread: [] };
}

/** Looks at every root of a flow. */
async function scanFlow(work: Work, scan: FlowScan): Promise<void> {
  const { parts, options, tell } = work;
  const away: Away = new Map();
  let done = 0;
  for (let after = ''; !options.signal.aborted; ) {
    const roots = await parts.reading.roots(scan.flow, after, ROOTS);
    if (roots.length === 0) break;
    await take(work, scan, roots, away, false);
    after = roots.at(-1) as string;
    done += roots.length;
    tell({ stage: 'documents', of: scan.flow.name, done });
  }
}

/** Looks again at what is to be looked at again: of all flows together, so that they wait together. */
async function scanAgain(work: Work, scans: readonly FlowScan[]): Promise<void> {
  const { parts, options, apart } = work;
  const isLeft = (): boolean =>
    scans.some(({ again, unread }) => again.length + unread.length > 0) && !options.signal.aborted;
  for (let look = 1; look <= LOOKS && isLeft(); look++) {
    await parts.clock.sleep(BETWEEN_LOOKS_MS, options.signal);
    const away: Away = new Map();
    for (const scan of scans) {
      const { again, unread } = scan;
      [scan.again, scan.unread] = [[], []];
      const isDone = await apart.do(scan.flow.name, async () => {
        for (let i = 0; i < again.length; i += ROOTS)
          await take(work, scan, again.slice(i, i + ROOTS), away, look === LOOKS);
        for (let i = 0; i < unread.length; i += ROOTS) {
          // a target that is still away says of all what it says of some
          if (scan.unread.length > 0) scan.unread.push(...unread.slice(i, i + ROOTS));
          else await take(work, scan, unread.slice(i, i + ROOTS), away, look === LOOKS);
        }
      });
      // what fails otherwise than by a target that is away is over for this round
      if (!isDone) [scan.again, scan.unread] = [[], []];
    }
  }
}

/** Adds the roots that are to be looked at again; the last look counts them as they are. */
async function take(work: Work, scan: FlowScan, roots: readonly string[], away: Away, isLast: boolean): Promise<void> {
  const { flow, tally } = scan;
  const look = await lookAtRoots(work.parts, flow, roots, away);
  const recorded = await recordLook(work.parts, look, 'scan');
  work.confirmed += recorded.confirmed;
  const again = new Set([...look.hot, ...recorded.suspects.map(({ root }) => root)]);
  const unread = [...look.unread.keys()].filter((root) => !again.has(root));
  scan.again.push(...again);
  scan.unread.push(...unread);
  count(tally, look, isLast ? new Set() : new Set([...again, ...unread]));
  if (!isLast) return;
  tally.hot += look.hot.size;
  for (const why of look.unread.values()) work.apart.blame([flow.name], why);
}

type Counts = 'expected' | 'actual' | 'countsDiffer';
type Counted = {
  -readonly [F in 'compared' | 'fields' | 'mismatchedFields' | 'unverified' | 'waiting' | 'unmappable']: FlowTally[F];
};

/** @param but roots that are looked at again, and counted then */
function count(tally: Counted, look: LookedAt, but: ReadonlySet<string>): void {
  const { documents, unverified, waiting, unmappable, refused } = look;
  const counted = (roots: readonly string[]): number => roots.filter((root) => !but.has(root)).length;
  tally.unverified += counted(unverified);
  tally.waiting += counted(waiting);
  tally.unmappable += counted(unmappable) + counted(refused);
  for (const { root, judged } of documents) {
    if (but.has(root)) continue;
    tally.compared += 1;
    tally.fields += judged.fields;
    tally.mismatchedFields += judged.mismatched;
  }
}

/** null: they could not be looked for. */
async function strangersOf(work: Work, { name }: Flow, target: Target): Promise<Strangers | null> {
  const { parts, apart } = work;
  let found: Strangers | null = null;
  await apart.do(name, async () => {
    const first = await findStrangers(parts, name, target);
    const recorded = await recordObservations(parts, first.observations, 'scan');
    if (recorded.suspects.length > 0) {
      const second = await findStrangers(parts, name, target);
      work.confirmed += (await recordObservations(parts, second.observations, 'scan')).confirmed;
    }
    found = first;
  });
  return found;
}

async function scanStrangers(work: Work) {
  const { parts, options, tell } = work;
  const counts = new Map<string, { expected: number; actual: number; countsDiffer: number }>();
  const seen = new Set<string>();
  for (const flow of options.flows) {
    const of = { expected: 0, actual: 0, countsDiffer: 0 };
    counts.set(flow.name, of);
    for (const target of listedTargets(parts, flow)) {
      if (options.signal.aborted || seen.has(target.name)) continue;
      seen.add(target.name);
      const found = await strangersOf(work, flow, target);
      if (!found || found.expected === null || found.actual === null) continue;
      of.expected += found.expected;
      of.actual += found.actual;
      of.countsDiffer += Math.abs(found.expected - found.actual);
      tell({ stage: 'strangers', of: target.name, done: found.actual });
    }
  }
  return counts;
}
