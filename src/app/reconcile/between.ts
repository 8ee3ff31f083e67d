import { addTallies, type FlowTally, measurementsOf } from '../../reconcile/index.ts';
import { PostgresMeasurements } from '../../sinks/postgres/index.ts';
import { isoNow } from '../clock.ts';
import type { ReconcileParts } from './parts.ts';
import type { Round } from './round.ts';
import { areAllFlows, differingAtLeast } from './uncounted.ts';

const FIGURES: readonly string[] = ['reconcile.divergenceRatio', 'reconcile.unresolved', 'reconcile.countsDiffer'];

/**
 * Records divergence as soon as findings are confirmed between two scans, so that a gate does not wait for the next one.
 * What has got better is told by the next scan only.
 */
export class FiguresBetween {
  #flows: ReadonlyMap<string, FlowTally> | null = null;
  /** milliseconds since 1970: of the oldest look of the last scan */
  #since = 0;

  took({ flows, seconds, whole }: Round, now: number): void {
    if (!whole) return;
    this.#flows = flows;
    this.#since = now - seconds * 1000;
  }

  async record({ store, open, clock }: Pick<ReconcileParts, 'store' | 'open' | 'clock'>): Promise<void> {
    const last = this.#flows;
    if (last === null) return;
    const unresolved = await store.unresolved();
    const counts = await store.counts();
    const worse = new Map<string, FlowTally>();
    for (const [flow, tally] of last) {
      const now = { unresolved: unresolved.get(flow) ?? 0, countsDiffer: differingAtLeast(counts, flow) };
      if (now.unresolved > tally.unresolved || now.countsDiffer > tally.countsDiffer)
        worse.set(flow, {
          ...tally,
          unresolved: Math.max(now.unresolved, tally.unresolved),
          countsDiffer: Math.max(now.countsDiffer, tally.countsDiffer),
        });
    }
    if (worse.size === 0) return;
    const flows = new Map([...last, ...worse]);
    const at = { migration: open.migration.name, at: isoNow(), oldestSeconds: (clock.now() - this.#since) / 1000 };
    const all = areAllFlows(open.migration.flows, flows) ? [['', addTallies([...flows.values()])] as const] : [];
    const measured = [...worse, ...all].flatMap(([flow, tally]) =>
      measurementsOf({ ...at, flow }, tally).filter(({ figure }) => FIGURES.includes(figure)),
    );
    await new PostgresMeasurements(open.pool).record(measured);
    // a scan that ended meanwhile knows better
    if (this.#flows === last) this.#flows = flows;
  }
}
