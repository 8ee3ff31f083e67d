import { setTimeout as sleep } from 'node:timers/promises';
import { SluiceError } from '../../core/index.ts';
import { chanceOf } from '../chance.ts';
import { type CrewOptions, crew, type Deeds, type Move, noDeeds } from './crew.ts';
import { pace } from './pace.ts';

export interface TrafficOptions {
  /** committed row changes a second, 1 to 500; rows that a cascade takes along come on top */
  readonly rate: number;
  /** left out: until the signal */
  readonly seconds?: number;
  readonly seed: bigint;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: TrafficProgress) => void;
}

export interface TrafficProgress {
  readonly changes: number;
  readonly steps: number;
  readonly seconds: number;
  readonly conflicts: number;
}

export interface TrafficReport extends TrafficProgress {
  readonly kinds: readonly { readonly kind: string; readonly steps: number; readonly changes: number }[];
  readonly rate: number;
  /** seconds of work given up because the database was too slow or away */
  readonly slippedSeconds: number;
  readonly stopped: boolean;
}

/** moves under way at once */
export const LANES = 8;
const PROGRESS_SECONDS = 0.25;
/** how long the server may be away, as in a restart, before the run gives up */
const OUTAGE_SECONDS = 60;

const nowSeconds = (): number => performance.now() / 1000;

/** Makes moves at the rate asked for, until the time is up or the signal comes. */
export async function runTraffic<Desk>(
  moves: readonly Move<Desk>[],
  at: Pick<CrewOptions<Desk>, 'lanes' | 'deskOf'>,
  options: TrafficOptions,
): Promise<TrafficReport> {
  if (!(options.rate >= 1 && options.rate <= 500))
    throw new SluiceError('CONFIG_INVALID', 'the rate must be between 1 and 500 row changes a second');
  const { rate, seed, signal, seconds: span = Number.POSITIVE_INFINITY } = options;
  const weighted = moves.map((move) => [move, move.weight] as const);
  const started = nowSeconds();
  const deeds = noDeeds();
  const perform = crew({ ...at, nowSeconds }, deeds);
  const beat = pace(rate, nowSeconds);
  const draws = chanceOf(seed, 'moves');
  const total = span === Number.POSITIVE_INFINITY ? span : Math.round(rate * span);
  const inFlight = new Set<Promise<void>>();
  const rest = async (seconds: number): Promise<void> => {
    // cut short by the signal, which the loop sees for itself
    await sleep(seconds * 1000, undefined, signal ? { signal } : {}).catch(() => {});
  };
  let toldAt = started;

  for (let step = 0; !signal?.aborted && deeds.fault === null && nowSeconds() < started + span; step++) {
    if (nowSeconds() - toldAt >= PROGRESS_SECONDS) {
      toldAt = nowSeconds();
      options.onProgress?.(progressOf(deeds, started));
    }
    if (deeds.away !== null) {
      if (nowSeconds() - deeds.away.since > OUTAGE_SECONDS) throw deeds.away.error;
      await rest(0.5);
    }
    // at a low rate no move may silence the others for long
    const left = Math.min(Math.max(6, 2 * rate), total - beat.spent);
    const wait = beat.wait();
    if (wait > 0) await rest(Math.min(wait, PROGRESS_SECONDS));
    else if (left < 1) {
      if (inFlight.size === 0) break;
      await Promise.race(inFlight);
    } else {
      const move = draws.weighted(weighted);
      if (move.size > left) continue;
      beat.announce(move.size);
      const task = perform(move, step, left).then((done) => {
        beat.settle(move.size, done);
        inFlight.delete(task);
      });
      inFlight.add(task);
      if (inFlight.size >= LANES) await Promise.race(inFlight);
    }
  }
  await Promise.all(inFlight);
  if (deeds.fault !== null) throw deeds.fault;
  return reportOf(deeds, started, beat.slipped, signal?.aborted ?? false);
}

const progressOf = (deeds: Deeds, started: number): TrafficProgress => ({
  changes: deeds.changes,
  steps: deeds.steps,
  conflicts: deeds.conflicts,
  seconds: nowSeconds() - started,
});

function reportOf(deeds: Deeds, started: number, slippedSeconds: number, stopped: boolean): TrafficReport {
  const progress = progressOf(deeds, started);
  return {
    ...progress,
    rate: progress.changes / progress.seconds,
    slippedSeconds,
    kinds: [...deeds.kinds].map(([kind, counts]) => ({ kind, ...counts })).sort((x, y) => y.steps - x.steps),
    stopped,
  };
}
