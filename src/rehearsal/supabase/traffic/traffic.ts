import type pg from 'pg';
import { SluiceError } from '../../../core/index.ts';
import { chanceOf } from '../../chance.ts';
import { codeOf, explain, openPool, type SourceAddress } from '../../database.ts';
import { requireRehearsal } from '../../guard.ts';
import { LANES, runTraffic, type TrafficOptions, type TrafficReport } from '../../traffic/run.ts';
import { DEFAULT_DIRTY, oddities } from '../shares.ts';
import type { Desk, Move } from './desk.ts';
import { type Known, loadKnown } from './known.ts';
import { LAB_MOVES } from './lab-moves.ts';
import { PARTNER_MOVES } from './partner-moves.ts';
import { SUBMISSION_MOVES } from './submission-moves.ts';
import { TRANSACTION_MOVES } from './transaction-moves.ts';
import { VISIT_MOVES } from './visit-moves.ts';

export interface SupabaseTrafficOptions extends TrafficOptions {
  readonly dirty?: number;
}

const MOVES: readonly Move[] = [
  ...SUBMISSION_MOVES,
  ...VISIT_MOVES,
  ...LAB_MOVES,
  ...PARTNER_MOVES,
  ...TRANSACTION_MOVES,
];

/** Writes to a source database as its users would, until the time is up or the signal comes. */
export async function trafficSupabase(address: SourceAddress, options: SupabaseTrafficOptions): Promise<TrafficReport> {
  const lanes = openPool(address, LANES);
  // apart from the lanes: whoever waits for a second connection must not wait for another lane
  const beside = openPool(address, 2);
  try {
    const client = await lanes.connect();
    let known: Known;
    try {
      await requireRehearsal(client, address, 'public.submissions');
      known = await loadKnown(client, chanceOf(options.seed, 'known'));
    } finally {
      client.release();
    }
    return await runTraffic(MOVES, { lanes, deskOf: desks(beside, known, options) }, options);
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

/** What a move works with, step by step. */
function desks(beside: pg.Pool, known: Known, { seed, dirty = DEFAULT_DIRTY }: SupabaseTrafficOptions) {
  const baseMs = Date.now();
  return (client: pg.ClientBase, step: number, limit: number): Desk => {
    const chance = chanceOf(seed, 'step', step);
    return {
      client,
      chance,
      limit,
      known,
      seed,
      context: { baseMs, dirty, odd: oddities(chance, {}) },
      now: () => new Date().toISOString(),
      beside: async (work) => {
        const second = await beside.connect();
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
}
