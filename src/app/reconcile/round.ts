import type { Flow } from '../../core/index.ts';
import { addTallies, type FlowTally, measurementsOf } from '../../reconcile/index.ts';
import { PostgresMeasurements } from '../../sinks/postgres/index.ts';
import { isoNow } from '../clock.ts';
import { type LookedAt, lookAtRoots } from './look.ts';
import type { ReconcileParts } from './parts.ts';
import { recordLook, recordObservations } from './record.ts';
import { flowOfTable, type KeysOf, landedTablesOf, lookAtRows, walkRows } from './rows.ts';
import { findStrangers, listedTargets } from './strangers.ts';
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
  readonly flows: ReadonlyMap<string, FlowTally>;
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
  confirmed: number;
}

/**
 * One round: every source row with its landed one, every document with its target, every target's rows with what is
 * expected. What is on its way is looked at again; a finding is confirmed by the second aligned look.
 */
export async function scanRound(parts: ReconcileParts, options: RoundOptions): Promise<Round> {
  const { clock, store, open } = parts;
  const { signal, onProgress: tell = () => undefined } = options;
  const started = clock.now();
  const work: Work = { parts, options, tell, confirmed: 0 };
  const rows = await scanRows(work);
  const unproven = await landedSinceGaps(parts, options.flows);
  const scans = options.flows.map((flow) =>
    scanOf(flow, (rows.unverified.get(flow.name) ?? 0) + (unproven.get(flow.name) ?? 0)),
  );
  for (const scan of scans) await scanFlow(work, scan);
  await scanAgain(work, scans);
  const counts = await scanStrangers(work);
  const unresolved = await store.unresolved();
  const findings = await store.counts();
  const flows = new Map<string, FlowTally>();
  for (const {
    flow: { name: flow },
    tally,
  } of scans) {
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
  return { seconds, rows: rows.rows, flows, confirmed: work.confirmed, whole };
}

/** @returns unverified by flow */
async function scanRows(work: Work): Promise<{ rows: number; unverified: ReadonlyMap<string, number> }> {
  const { parts, options, tell } = work;
  const wanted = new Set(
    options.flows.flatMap((flow) => [
      ...flow.parts.map(({ table }) => table),
      ...('table' in flow.root ? [flow.root.table] : []),
    ]),
  );
  const differing: KeysOf[] = [];
  let rows = 0;
  for (const table of landedTablesOf(parts.open.migration)) {
    if (options.signal.aborted || !wanted.has(table.name)) continue;
    const walked = await walkRows(parts, table, options.signal);
    rows += walked.rows;
    differing.push(walked);
    tell({ stage: 'rows', of: table.name, done: rows });
  }
  const suspects: KeysOf[] = [];
  const unverified = new Map<string, number>();
  for (const check of await lookAtRows(parts, differing)) {
    const recorded = await recordObservations(parts, check.observations, 'scan');
    const flow = flowOfTable(parts.open.migration, check.table.name)?.name ?? '';
    unverified.set(flow, (unverified.get(flow) ?? 0) + check.unverified + check.hot.length);
    suspects.push({ table: check.table, keys: recorded.suspects.map(({ id }) => id) });
  }
  for (const { observations } of await lookAtRows(parts, suspects))
    work.confirmed += (await recordObservations(parts, observations, 'scan')).confirmed;
  return { rows, unverified };
}

interface FlowScan {
  readonly flow: Flow;
  readonly tally: { -readonly [F in Exclude<keyof FlowTally, Counts | 'unresolved'>]: FlowTally[F] };
  /** roots that were on their way, or are suspected */
  again: readonly string[];
}

function scanOf(flow: Flow, unverified: number): FlowScan {
  const none = { compared: 0, fields: 0, mismatchedFields: 0, waiting: 0, unmappable: 0, hot: 0 };
  return { flow, tally: { ...none, unverified }, again: [] };
}

/** Looks at every root of a flow. */
async function scanFlow(work: Work, scan: FlowScan): Promise<void> {
  const { parts, options, tell } = work;
  const again: string[] = [];
  let done = 0;
  for (let after = ''; !options.signal.aborted; ) {
    const roots = await parts.reading.roots(scan.flow, after, ROOTS);
    if (roots.length === 0) break;
    again.push(...(await take(work, scan, roots, false)));
    after = roots.at(-1) as string;
    done += roots.length;
    tell({ stage: 'documents', of: scan.flow.name, done });
  }
  scan.again = again;
}

/** Looks again at what was on its way or is suspected: of all flows together, so that they wait together. */
async function scanAgain(work: Work, scans: readonly FlowScan[]): Promise<void> {
  const { parts, options } = work;
  const isLeft = (): boolean => scans.some(({ again }) => again.length > 0) && !options.signal.aborted;
  for (let look = 1; look <= LOOKS && isLeft(); look++) {
    await parts.clock.sleep(BETWEEN_LOOKS_MS, options.signal);
    for (const scan of scans) {
      const left: string[] = [];
      for (let i = 0; i < scan.again.length; i += ROOTS)
        left.push(...(await take(work, scan, scan.again.slice(i, i + ROOTS), look === LOOKS)));
      scan.again = left;
    }
  }
}

/** Answers the roots that are to be looked at again; the last look counts them as they are. */
async function take(
  work: Work,
  { flow, tally }: FlowScan,
  roots: readonly string[],
  isLast: boolean,
): Promise<ReadonlySet<string>> {
  const look = await lookAtRoots(work.parts, flow, roots);
  const recorded = await recordLook(work.parts, look, 'scan');
  work.confirmed += recorded.confirmed;
  const open = new Set([...look.hot, ...recorded.suspects.map(({ root }) => root)]);
  count(tally, look, isLast ? new Set() : open);
  if (isLast) tally.hot += look.hot.size;
  return open;
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
      const found = await findStrangers(parts, flow.name, target);
      const recorded = await recordObservations(parts, found.observations, 'scan');
      if (recorded.suspects.length > 0) {
        const second = await findStrangers(parts, flow.name, target);
        work.confirmed += (await recordObservations(parts, second.observations, 'scan')).confirmed;
      }
      if (found.expected === null || found.actual === null) continue;
      of.expected += found.expected;
      of.actual += found.actual;
      of.countsDiffer += Math.abs(found.expected - found.actual);
      tell({ stage: 'strangers', of: target.name, done: found.actual });
    }
  }
  return counts;
}
