import type { Flow, Meter } from '../../core/index.ts';
import { coverageOf, upper95 } from '../../reconcile/index.ts';
import { type DigestRound, digestCoverage } from './digest.ts';
import type { ReconcileParts } from './parts.ts';
import type { Round } from './round.ts';

const STATES = ['suspect', 'confirmed', 'repaired', 'accepted'] as const;
const KINDS = ['missing', 'extra', 'value', 'stale', 'rogue', 'unmappable'] as const;

/** Every label set there will be, but of what scans and digests measure: before the first of them there is nothing to show. */
export function initialise(meter: Meter, pipeline: string, flows: readonly Flow[], streams: boolean): void {
  if (streams) meter.gauge('sluice_recon_waiting_keys', { pipeline }, 0);
  for (const { name: flow, targets } of flows) {
    meter.count('sluice_remediations_total', { pipeline, flow }, 0);
    for (const engine of ['scan', 'stream', 'recheck', 'digest'])
      for (const { kind: store } of targets)
        meter.count('sluice_recon_compared_total', { pipeline, flow, engine, store }, 0);
    meter.gauge('sluice_recon_oldest_unresolved_age_seconds', { pipeline, flow }, 0);
    for (const state of STATES)
      for (const kind of KINDS) meter.gauge('sluice_recon_divergent_records', { pipeline, flow, state, kind }, 0);
  }
}

export async function tellFindings(parts: ReconcileParts, flows: readonly Flow[], meter: Meter): Promise<void> {
  const pipeline = parts.open.name;
  const counts = await parts.store.counts();
  for (const { name: flow } of flows) {
    const own = counts.filter((count) => count.flow === flow);
    for (const state of STATES)
      for (const kind of KINDS) {
        const found = own.find((count) => count.state === state && count.kind === kind);
        meter.gauge('sluice_recon_divergent_records', { pipeline, flow, state, kind }, found?.n ?? 0);
      }
    const unresolved = own.filter(({ state }) => state === 'confirmed' || state === 'repaired');
    const oldest = Math.max(0, ...unresolved.map(({ oldestSeconds }) => oldestSeconds ?? 0));
    meter.gauge('sluice_recon_oldest_unresolved_age_seconds', { pipeline, flow }, oldest);
  }
}

export function tellRound(meter: Meter, pipeline: string, { flows, seconds }: Round): void {
  for (const [flow, tally] of flows) {
    const of = { pipeline, flow };
    meter.gauge('sluice_recon_compared_records', of, tally.compared);
    meter.gauge('sluice_recon_unverified_records', of, tally.unverified);
    meter.gauge('sluice_recon_hot_excluded', of, tally.hot);
    meter.gauge('sluice_recon_coverage_ratio', of, coverageOf(tally));
    meter.gauge('sluice_recon_divergence_upper95', of, upper95(tally.unresolved, tally.compared));
    meter.gauge('sluice_recon_counts_differ', of, tally.countsDiffer);
    meter.gauge('sluice_recon_scan_seconds', of, seconds);
    meter.gauge('sluice_recon_last_success_timestamp_seconds', of, Date.now() / 1000);
  }
}

export function tellDigest(meter: Meter, pipeline: string, { flows, seconds }: DigestRound): void {
  for (const [flow, tally] of flows) {
    if (!tally.isCounted) continue;
    const of = { pipeline, flow };
    meter.gauge('sluice_recon_digest_records', of, tally.rows);
    meter.gauge('sluice_recon_digest_differing_records', of, tally.differing);
    meter.gauge('sluice_recon_digest_coverage_ratio', of, digestCoverage(tally));
    meter.gauge('sluice_recon_digest_seconds', of, seconds);
    meter.gauge('sluice_recon_digest_last_success_timestamp_seconds', of, Date.now() / 1000);
  }
}
