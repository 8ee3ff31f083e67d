import { PartlyFailed } from '../../src/app/reconcile/apart.ts';
import { type OpenReconcileParts, openParts } from '../../src/app/reconcile/parts.ts';
import { type Round, scanRound } from '../../src/app/reconcile/round.ts';
import { type Finding, silentLog } from '../../src/core/index.ts';
import type { Rig } from './rig.ts';

const never = new AbortController().signal;

/** Reconciliation of a rig, by the engines themselves. */
export interface Reconciling {
  readonly parts: OpenReconcileParts;
  /** one scan; of all flows unless some are named */
  scan(flows?: readonly string[]): Promise<Round>;
  /** findings that stand, but those of roots no rule can map: they are no divergence */
  told(): Promise<readonly Finding[]>;
  /** what is told, without times */
  found(): Promise<readonly { target: string; key: string; kind: string; path: string | undefined }[]>;
}

/** A round in which every flow was compared. */
export function unfailed(round: Round): Round {
  if (round.failed.size > 0) throw new PartlyFailed(round.failed);
  return round;
}

export const comparedIn = ({ flows }: Round): number =>
  [...flows.values()].reduce((sum, { compared }) => sum + compared, 0);

export async function reconcilingOf(rig: Rig): Promise<Reconciling> {
  const parts = await openParts(rig.config, rig.migration, rig.open, [], silentLog);
  const scan: Reconciling['scan'] = (flows) =>
    scanRound(parts, {
      flows: rig.open.migration.flows.filter(({ name }) => flows === undefined || flows.includes(name)),
      signal: never,
    }).then(unfailed);
  const told: Reconciling['told'] = async () =>
    (await parts.store.list({ states: ['confirmed', 'repaired'], limit: 1_000 })).filter(
      ({ kind }) => kind !== 'unmappable',
    );
  return {
    parts,
    scan,
    told,
    found: async () =>
      (await told()).map(({ target, key, kind, differences }) => ({ target, key, kind, path: differences[0]?.path })),
  };
}
