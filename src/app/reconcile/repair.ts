import { entriesOf, type Finding, type Migration, SluiceError } from '../../core/index.ts';
import type { ReconcileParts } from './parts.ts';

/** What is done about a confirmed finding of a flow without being asked. */
export type RepairPolicy = 'automatic' | 'approval' | 'never';

export interface RepairPolicies {
  readonly otherwise: RepairPolicy;
  readonly flows: ReadonlyMap<string, RepairPolicy>;
}

/** Of SLUICE_REPAIR or --repair: `approval`, or `never,submissions=automatic`. Throws CONFIG_INVALID. */
export function readPolicies(text: string, flows: readonly string[]): RepairPolicies {
  let otherwise: RepairPolicy = 'approval';
  const own = new Map<string, RepairPolicy>();
  for (const piece of text.split(',').map((one) => one.trim())) {
    const [flow, policy] = piece.includes('=') ? (piece.split('=') as [string, string]) : [null, piece];
    if (policy !== 'automatic' && policy !== 'approval' && policy !== 'never')
      throw new SluiceError(
        'CONFIG_INVALID',
        'SLUICE_REPAIR, --repair: automatic, approval or never, or FLOW=one of them',
      );
    if (flow === null) otherwise = policy;
    else if (flows.includes(flow)) own.set(flow, policy);
    else
      throw new SluiceError(
        'CONFIG_INVALID',
        `SLUICE_REPAIR, --repair: there is no flow '${flow}'; there is ${flows.join(', ')}`,
      );
  }
  return { otherwise, flows: own };
}

const policyOf = ({ otherwise, flows }: RepairPolicies, flow: string): RepairPolicy => flows.get(flow) ?? otherwise;

/** Why nobody may repair a finding of this flow; null: somebody may. */
export const whyNotAllowed = (policies: RepairPolicies, flow: string): string | null =>
  policyOf(policies, flow) === 'never'
    ? `findings of ${flow} are never repaired (SLUICE_REPAIR); accept it, or mend the target`
    : null;

/** Why a finding cannot be repaired by deriving its root again; null: it can. */
export function whyNotRepairable({ flow, root, target, kind, state }: Finding, migration: Migration): string | null {
  const { dynamodb } = migration;
  if (state !== 'confirmed' && state !== 'suspect' && state !== 'repaired') return `it is ${state}`;
  if (target.startsWith('source:'))
    return 'the row is not landed as the source has it: read it again, by touching it at the source or by a new snapshot';
  if (kind === 'unmappable') return 'no rule can map its root: mend the rule or the row, then `sluice parked retry`';
  if (target === dynamodb?.history?.target.name)
    return 'a history tells of writes that are over, and none is made again: restore it from a backup, or accept it';
  if (kind !== 'missing' && entriesOf(migration).some((one) => one.flow === flow && one.target === target))
    return 'an entry is written once and never changed: remove it by hand, which makes it missing, and that is repaired';
  if (root === '')
    return 'nothing expects it and nothing of ours removes what it has not written: remove it by hand, or accept it';
  return null;
}

const BY_POLICY = 'policy';
/** so often a finding is repaired without anybody asking */
const MOST_REPAIRS = 3;

/** Repairs what the policies let be repaired without asking; answers how many, by flow. */
export async function repairByPolicy(
  { store, log, open }: ReconcileParts,
  policies: RepairPolicies,
): Promise<ReadonlyMap<string, number>> {
  const repaired = new Map<string, number>();
  const names = open.migration.flows.map(({ name }) => name);
  const flows = names.filter((flow) => policyOf(policies, flow) === 'automatic');
  if (flows.length === 0) return repaired;
  const except = open.migration.dynamodb?.history?.target.name ?? null;
  const entries = [...new Set(entriesOf(open.migration).map(({ target }) => target))];
  const repairable = { flows, fewerThan: MOST_REPAIRS, except, entries };
  for (const finding of await store.list({ states: ['confirmed'], repairable, limit: 1_000 })) {
    if (whyNotRepairable(finding, open.migration) !== null) continue;
    if (!(await store.repair(finding.id, BY_POLICY, 'policy'))) continue;
    repaired.set(finding.flow, (repaired.get(finding.flow) ?? 0) + 1);
    log.info('finding repaired', { flow: finding.flow, target: finding.target, code: finding.kind });
  }
  return repaired;
}

/** Repairs one finding because somebody said so. Throws CONFIG_INVALID when its flow is never repaired or it cannot be. */
export async function repairOne(
  { store, migration }: { readonly store: ReconcileParts['store']; readonly migration: Migration },
  policies: RepairPolicies,
  id: string,
  by: string,
): Promise<Finding> {
  const [finding] = await store.list({ id, limit: 1 });
  if (!finding) throw new SluiceError('CONFIG_INVALID', `there is no finding ${id}`);
  const notAllowed = whyNotAllowed(policies, finding.flow);
  if (notAllowed !== null) throw new SluiceError('CONFIG_INVALID', notAllowed);
  const why = whyNotRepairable(finding, migration);
  if (why !== null) throw new SluiceError('CONFIG_INVALID', `finding ${id} is not repaired so: ${why}`);
  if (!(await store.repair(id, by)))
    throw new SluiceError(
      'CONFIG_INVALID',
      `finding ${id} has changed meanwhile, and nothing was done: \`sluice reconcile explain ${id}\``,
    );
  return finding;
}
