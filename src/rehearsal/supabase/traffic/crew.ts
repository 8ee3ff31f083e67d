import type pg from 'pg';
import { chanceOf } from '../../chance.ts';
import { codeOf, isAway } from '../../database.ts';
import { oddities } from '../shares.ts';
import type { Desk, Move } from './desk.ts';
import type { Known } from './known.ts';

/** What has been done so far. */
export interface Deeds {
  readonly kinds: Map<string, { steps: number; changes: number }>;
  changes: number;
  steps: number;
  /** races lost against somebody else */
  conflicts: number;
  /** when the server went away; null while it answers */
  away: { readonly since: number; readonly error: unknown } | null;
  /** what ends the run: nothing that waiting would cure */
  fault: unknown;
}

export const noDeeds = (): Deeds => ({ kinds: new Map(), changes: 0, steps: 0, conflicts: 0, away: null, fault: null });

/** A key or a parent that went away, two transactions in each other's way. */
const CONFLICTS = new Set(['23503', '23505', '40001', '40P01']);

export interface CrewOptions {
  readonly lanes: pg.Pool;
  readonly beside: pg.Pool;
  readonly known: Known;
  readonly seed: bigint;
  readonly dirty: number;
  readonly baseMs: number;
  readonly nowSeconds: () => number;
}

/** Answers a function that makes one move, on a lane of its own, and notes what came of it. Never throws. */
export function crew(options: CrewOptions, deeds: Deeds): (move: Move, step: number, limit: number) => Promise<number> {
  const deskOf = (client: pg.ClientBase, step: number, limit: number): Desk => {
    const chance = chanceOf(options.seed, 'step', step);
    return {
      client,
      chance,
      limit,
      known: options.known,
      seed: options.seed,
      context: { baseMs: options.baseMs, dirty: options.dirty, odd: oddities(chance, {}) },
      now: () => new Date().toISOString(),
      beside: async (work) => {
        const second = await options.beside.connect();
        let broken = true;
        try {
          const answer = await work(second);
          broken = false;
          return answer;
        } finally {
          second.release(broken);
        }
      },
    };
  };

  const note = (move: Move, done: number): void => {
    const entry = deeds.kinds.get(move.kind) ?? { steps: 0, changes: 0 };
    deeds.kinds.set(move.kind, { steps: entry.steps + 1, changes: entry.changes + done });
    deeds.steps++;
    deeds.changes += done;
  };

  return async (move, step, limit) => {
    let client: pg.PoolClient | null = null;
    let broken = true;
    let done = 0;
    try {
      client = await options.lanes.connect();
      done = await move.run(deskOf(client, step, limit));
      broken = false;
      deeds.away = null;
      // a move that found no row to work on does not count as made
      if (done > 0 || move.size === 0) note(move, done);
    } catch (error) {
      if (CONFLICTS.has(codeOf(error))) deeds.conflicts++;
      else if (isAway(error)) deeds.away ??= { since: options.nowSeconds(), error };
      else deeds.fault ??= error;
    } finally {
      client?.release(broken);
    }
    return done;
  };
}
