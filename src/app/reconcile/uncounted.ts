import type { FlowTally } from '../../reconcile/index.ts';
import type { FindingCount } from '../../sinks/postgres/index.ts';

/**
 * By how much the counts of a flow differ at least, by its findings: each document or row of the source that is confirmed
 * to be missing or extra is one. What was counted are documents on record and at the target, which agree when a row never
 * came in, or when their target cannot be listed.
 */
export const differingAtLeast = (counts: readonly FindingCount[], flow: string): number =>
  counts
    .filter((one) => one.flow === flow && one.state === 'confirmed' && (one.kind === 'missing' || one.kind === 'extra'))
    .reduce((sum, { n }) => sum + n, 0);

/** Whether tallies are of all flows: those of some are not the migration's. */
export const areAllFlows = (
  flows: readonly { readonly name: string }[],
  tallies: ReadonlyMap<string, FlowTally>,
): boolean => flows.every(({ name }) => tallies.has(name));
