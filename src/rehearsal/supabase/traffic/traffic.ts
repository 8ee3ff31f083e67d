import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { SluiceError } from '../../../core/index.ts';
import { chanceOf } from '../../chance.ts';
import { codeOf, explain, openPool, type SourceAddress } from '../../database.ts';
import { requireRehearsal } from '../../guard.ts';
import { DEFAULT_DIRTY } from '../shares.ts';
import { crew, type Deeds, noDeeds } from './crew.ts';
import type { Move } from './desk.ts';
import { type Known, loadKnown } from './known.ts';
import { LAB_MOVES } from './lab-moves.ts';
import { pace } from './pace.ts';
import { PARTNER_MOVES } from './partner-moves.ts';
import { SUBMISSION_MOVES } from './submission-moves.ts';
import { TRANSACTION_MOVES } from './transaction-moves.ts';
import { VISIT_MOVES } from './visit-moves.ts';

export interface TrafficOptions {
  /** committed row changes a second, 1 to 500; rows that a cascade takes along come on top */
  readonly rate: number;
  /** left out: until the signal */
  readonly seconds?: number;
  readonly seed: bigint;
  readonly dirty?: number;
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

const MOVES: readonly (readonly [Move, number])[] = [
  ...SUBMISSION_MOVES,
  ...VISIT_MOVES,
  ...LAB_MOVES,
  ...PARTNER_MOVES,
  ...TRANSACTION_MOVES,
].map((move) => [move, move.weight] as const);

const LANES = 8;
const PROGRESS_SECONDS = 0.25;
/** how long the server may be away, as in a restart, before the run gives up */
const OUTAGE_SECONDS = 60;

const nowSeconds = (): number => performance.now() / 1000;

/** Writes to a source database as its users would, until the time is up or the signal comes. */
export async function trafficSupabase(address: SourceAddress, options: TrafficOptions): Promise<TrafficReport> {
  if (!(options.rate >= 1 && options.rate <= 500))
    throw new SluiceError('CONFIG_INVALID', 'the rate must be between 1 and 500 row changes a second');
  const lanes = openPool(address, LANES);
  // apart from the lanes: whoever waits for a second connection must not wait for another lane
  const beside = openPool(address, 2);
  try {
    const client = await lanes.connect();
    let known: Known;
    try {
      await requireRehearsal(client, address);
      known = await loadKnown(client, chanceOf(options.seed, 'known'));
    } finally {
      client.release();
    }
    return await run(lanes, beside, known, options);
  } catch (error) {
    if (codeOf(error) === '42P01')
      throw new SluiceError(
        'CONFIG_INVALID',
        `"${address.database}" has no source tables; run \`sluice seed supabase\``,
      );
    throw explain(error, address);
  } finally {
    await Promise.all([lanes.end(), beside.end()]);
  }
}

async function run(lanes: pg.Pool, beside: pg.Pool, known: Known, options: TrafficOptions): Promise<TrafficReport> {
  const { rate, seed, signal, seconds: span = Number.POSITIVE_INFINITY, dirty = DEFAULT_DIRTY } = options;
  const started = nowSeconds();
  const deeds = noDeeds();
  const perform = crew({ lanes, beside, known, seed, dirty, baseMs: Date.now(), nowSeconds }, deeds);
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
      const move = draws.weighted(MOVES);
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
