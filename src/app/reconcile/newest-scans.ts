import type { FlowTally } from '../../reconcile/index.ts';
import type { Round } from './round.ts';

/**
 * The newest scan of each flow, as one round that is as old as the oldest of them: a flow that failed keeps what it had,
 * and no sum is made without it.
 */
export class NewestScans {
  readonly #flows: readonly string[];
  readonly #newest = new Map<string, { readonly tally: FlowTally; readonly since: number }>();

  constructor(flows: readonly { readonly name: string }[]) {
    this.#flows = flows.map(({ name }) => name);
  }

  /** Takes a round over. null: it was stopped, or a flow has never been scanned. @param now milliseconds since 1970 */
  took(round: Round, now: number): Round | null {
    if (!round.whole) return null;
    const since = now - round.seconds * 1000;
    for (const [flow, tally] of round.flows) this.#newest.set(flow, { tally, since });
    const flows = new Map<string, FlowTally>();
    let oldest = since;
    for (const flow of this.#flows) {
      const newest = this.#newest.get(flow);
      if (!newest) return null;
      flows.set(flow, newest.tally);
      oldest = Math.min(oldest, newest.since);
    }
    return { ...round, flows, seconds: (now - oldest) / 1000 };
  }
}
