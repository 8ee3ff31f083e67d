import type pg from 'pg';
import { codeOf, isAway } from '../database.ts';

/** One thing users of a source do, at a desk that has what it takes. */
export interface Move<Desk> {
  readonly kind: string;
  readonly weight: number;
  /** row changes it commits; 0 when all it does is undone */
  readonly size: number;
  /** Does it, and answers how many row changes were committed; 0 also when there was no row to do it to. */
  run(desk: Desk): Promise<number>;
}

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

export interface CrewOptions<Desk> {
  readonly lanes: pg.Pool;
  readonly deskOf: (client: pg.ClientBase, step: number, limit: number) => Desk;
  readonly nowSeconds: () => number;
}

/** Answers a function that makes one move, on a lane of its own, and notes what came of it. Never throws. */
export function crew<Desk>(
  options: CrewOptions<Desk>,
  deeds: Deeds,
): (move: Move<Desk>, step: number, limit: number) => Promise<number> {
  const note = (move: Move<Desk>, done: number): void => {
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
      done = await move.run(options.deskOf(client, step, limit));
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
