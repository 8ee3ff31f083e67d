import { type Clock, type Flow, type Log, SluiceError, silentMeter } from '../core/index.ts';
import { Backoff, Deriver } from '../pipeline/index.ts';
import { systemClock } from './clock.ts';
import type { OpenPipeline } from './pipeline.ts';
import { releaseSwitchedOn, switchesOf } from './supabase/dual-write.ts';

/** What became of the marks that were there when a replay into live had landed. */
export interface LiveDerived {
  /** documents changed by what was derived here: none where a worker did it all */
  readonly written: number;
  /** marks left: of flows that are halted, or of roots that somebody holds on to */
  readonly left: number;
}

const LOOK_MS = 250;

/** With no mark fewer for so long nobody derives these flows. */
const NO_WORKER_MS = 5_000;

/** With no mark fewer for so long, deriving here included, somebody holds on to what is left. */
const STUCK_MS = 60_000;

/**
 * Waits until the live workers have derived what is marked, and derives it here where none does. Traffic goes on marking,
 * so it ends by the ids of marks, not by their absence. What workers derive they count and time, as they do with any
 * change; what is derived here no figure tells of. Flows that are halted are left alone, nothing is halted from here, and
 * what passes is tried again. Throws BREAKER_OPEN where most roots of a flow fail alike.
 */
export async function deriveLive(
  open: OpenPipeline,
  only: string | undefined,
  log: Log,
  clock: Clock = systemClock,
): Promise<LiveDerived> {
  const { migration, ledger, admin } = open;
  let written = 0;
  const meter = {
    ...silentMeter,
    count: (metric: string, _: unknown, by = 1) => {
      if (metric === 'sluice_documents_written_total') written += by;
    },
  };
  const switches = switchesOf(open, clock);
  const context = { migration, ledger, log, meter, clock, worker: 'replay', switches };
  const flows = migration.flows.filter(({ name }) => only === undefined || name === only);
  const names = flows.map(({ name }) => name);
  const options = { batchRoots: 100, parallel: 2, halts: false };
  const derivers = flows.map((flow) => ({ deriver: new Deriver(flow, context, options, () => undefined), after: 0n }));
  const backoff = new Backoff(clock, 100, 10_000);
  let isAlone = false;

  const persistently = async <T>(work: () => Promise<T>): Promise<T> => {
    for (;;) {
      try {
        const done = await work();
        backoff.reset();
        return done;
      } catch (error) {
        if (!(error instanceof SluiceError) || error.disposition !== 'retry') throw error;
        log.warn(error.message, { code: error.code, attempt: backoff.attempt });
        await backoff.pause();
      }
    }
  };

  const tick = async (): Promise<void> => {
    if (isAlone) await persistently(() => ledger.tick(new Date(clock.now()).toISOString()));
  };

  /** false: something of it is held on to */
  const isDerived = async (upTo: bigint): Promise<boolean> => {
    let least = Number.POSITIVE_INFINITY;
    // looked at in vain, not by the clock: a ledger that is away says nothing of its workers
    for (let idleMs = 0; ; ) {
      const halted = new Set((await persistently(() => ledger.halts())).map(({ scope }) => scope));
      const going = derivers.filter(({ deriver }) => !halted.has(deriver.flow.name));
      const left = await persistently(() =>
        admin.marksUpTo(
          going.map(({ deriver }) => deriver.flow.name),
          upTo,
        ),
      );
      if (left === 0) return true;
      if (left < least) {
        least = left;
        idleMs = 0;
      }
      if (idleMs >= STUCK_MS) return false;
      isAlone ||= idleMs >= NO_WORKER_MS;
      let done = 0;
      for (const one of isAlone ? going : []) {
        const round = await persistently(() => one.deriver.round(one.after, upTo));
        one.after = round.after;
        done += round.done;
      }
      if (done > 0) continue;
      await clock.sleep(LOOK_MS);
      idleMs += LOOK_MS;
    }
  };

  await persistently(() => releaseSwitchedOn(open, switches));
  let bound: bigint | null = null;
  for (let step = 0; step < stepsOf(flows); step += 1) {
    await tick();
    const upTo = await persistently(() => admin.newestMark(names));
    if (upTo === null) break;
    bound ??= upTo;
    if (await isDerived(upTo)) continue;
    bound = upTo;
    break;
  }
  const upTo = bound;
  return { written, left: upTo === null ? 0 : await persistently(() => admin.marksUpTo(names, upTo)) };
}

/**
 * One mark leads to others, with newer ids: of a joined row to those of rows one part further up, of a root to other
 * roots of its flow, or to those of another flow that waited for it. So many steps see all of these come to their end;
 * rows of one flow that wait for one another in a longer chain are left to the next worker.
 */
const stepsOf = (flows: readonly Flow[]): number =>
  Math.max(0, ...flows.map(({ parts }) => parts.length)) + 1 + flows.length;
