import type { Clock } from '../../core/index.ts';
import { type LabelQueue, openAtSource, type PrintJob, type SourceAnswer, takeAtSource } from './label-queue.ts';
import type { Legacy } from './legacy.ts';
import { type Printer, printKey } from './printer.ts';

export interface DrainOptions {
  readonly legacy: Legacy;
  readonly queue: LabelQueue;
  /** null: jobs are taken, and printed by somebody else */
  readonly printer: Printer | null;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly batch: number;
  /** for so long a taken job waits for a print that was under way at the source */
  readonly graceMs: number;
  /** without any progress for so long, it gives up */
  readonly patienceMs: number;
  /** goes on when the queue is empty */
  readonly follow: boolean;
  readonly tell: (report: DrainReport) => void;
}

export interface DrainReport {
  readonly taken: number;
  /** printed at the source before they could be taken, or withdrawn there */
  readonly leftToSource: number;
  readonly printed: number;
  /** what a receipt or the printer said was printed before */
  readonly printedBefore: number;
  /** refused by the printer for good, ever */
  readonly dead: number;
  readonly openAtSource: number;
  readonly openHere: number;
  readonly done: boolean;
}

const POLL_MS = 200;
const REFUSALS = 3;

/** Moves the open jobs of the source's label queue to the new one, and prints them from there. */
export async function drainLabels(options: DrainOptions): Promise<DrainReport> {
  const { clock, signal } = options;
  const count: Counts = { taken: 0, left: new Set(), printed: 0, printedBefore: 0 };
  const report = async (): Promise<DrainReport> => {
    const openSource = await openAtSource(options.legacy);
    const { open, untaken, dead } = await options.queue.counts();
    const openHere = options.printer ? open : 0;
    const { left, ...counts } = count;
    return {
      ...counts,
      leftToSource: left.size,
      dead,
      openAtSource: openSource,
      openHere,
      done: openSource + openHere + untaken === 0,
    };
  };
  let idleSince = clock.now();
  for (;;) {
    const worked = (await take(options, count)) + (await print(options, count));
    const now = await report();
    options.tell(now);
    if (signal.aborted || (now.done && !options.follow)) return now;
    if (worked > 0 || now.done) idleSince = clock.now();
    else if (clock.now() - idleSince > options.patienceMs && !options.follow) return now;
    if (worked === 0) await clock.sleep(POLL_MS, signal);
  }
}

interface Counts {
  taken: number;
  printed: number;
  printedBefore: number;
  /** a job may be asked for again until the stream tells what became of it */
  readonly left: Set<string>;
}

function noteLeft({ left }: Counts, answers: ReadonlyMap<string, SourceAnswer>): void {
  for (const [id, answer] of answers) if (answer === 'printed' || answer === 'gone') left.add(id);
}

async function take({ queue, legacy, batch }: DrainOptions, count: Counts): Promise<number> {
  const jobs = await queue.reserve(batch);
  if (jobs.length === 0) return 0;
  const answers = await takeAtSource(legacy, jobs);
  await queue.settle(answers);
  const taken = [...answers.values()].filter((answer) => answer === 'taken').length;
  count.taken += taken;
  noteLeft(count, answers);
  // what was printed at the source stays a candidate here until the stream says so: no reason to hurry
  return taken;
}

async function print({ queue, legacy, printer, batch, graceMs }: DrainOptions, count: Counts): Promise<number> {
  if (!printer) return 0;
  const jobs = await queue.leaseForPrint(batch, graceMs);
  if (jobs.length === 0) return 0;
  const answers = await takeAtSource(legacy, jobs);
  const lost = new Map([...answers].filter(([, answer]) => answer !== 'taken'));
  if (lost.size > 0) await queue.settle(lost);
  noteLeft(count, lost);
  const ours = jobs.filter(({ id }) => !lost.has(id));
  const receipts = await queue.receipts(ours.map(({ label_code }) => label_code));
  const done = await Promise.all(ours.map((job) => printOne(queue, printer, job, receipts.has(job.label_code))));
  count.printed += done.filter((one) => one === 'printed').length;
  count.printedBefore += done.filter((one) => one === 'before').length;
  return done.filter((one) => one !== 'not').length;
}

async function printOne(
  queue: LabelQueue,
  printer: Printer,
  job: PrintJob,
  hasReceipt: boolean,
): Promise<'printed' | 'before' | 'not'> {
  const key = printKey(job.label_code);
  if (hasReceipt || (job.attempts > 1 && (await printer.hasPrinted(key)) === true)) {
    await queue.printed(job);
    return 'before';
  }
  const answer = await printer.print(key, job);
  if (answer === 'printed') await queue.printed(job);
  if (answer === 'refused') await queue.refused(job, job.attempts >= REFUSALS);
  // unclear: the lease lapses, and whoever has it next asks the printer first
  return answer === 'printed' ? 'printed' : 'not';
}
