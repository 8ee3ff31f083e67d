import type pg from 'pg';
import { type GateRecord, type GateRecordKind, type GateRecords, SluiceError } from '../../core/index.ts';
import {
  isPhase,
  MOVES,
  PHASES,
  type Phase,
  type PhaseState,
  type PhaseStep,
  phaseOf,
  refusalOf,
} from '../../gates/index.ts';
import type { Config } from '../config.ts';
import { checkAndKeep } from './check.ts';
import { bindingOf } from './judge.ts';
import type { Reports } from './judges.ts';
import { phasesOf } from './profiles.ts';
import { openGateRecords, verifyRecords } from './records.ts';

const STEPS = ['phase-request', 'phase-approve', 'phase-back'] as const satisfies readonly GateRecordKind[];
const MOST_STEPS = 10_000;

/** What was done to a migration's phase, newest first. */
export const phaseSteps = (records: GateRecords, migration: string): Promise<readonly GateRecord[]> =>
  records.newest({ migration, kinds: STEPS }, MOST_STEPS);

export async function phaseState(records: GateRecords, migration: string): Promise<PhaseState> {
  const steps = await phaseSteps(records, migration);
  return phaseOf([...steps].reverse().map((step) => ({ ...step, kind: step.kind as PhaseStep['kind'] })));
}

export interface Step {
  readonly config: Config;
  readonly pool: pg.Pool;
  /** the migration's folder; records have the prefix of an instance before it */
  readonly migration: string;
  readonly by: string;
  readonly reason: string;
  readonly at: string;
}

/** Throws CONFIG_INVALID for a migration without phases. */
export function requirePhases(migration: string): void {
  if (phasesOf(migration).length === 0)
    throw new SluiceError('CONFIG_INVALID', `${migration} has no phases; supabase has`);
}

/** Asks for the next phase. A newer request takes the place of one before. */
export async function requestPhase(step: Step): Promise<GateRecord> {
  const { records, state } = await begun(step);
  const to = PHASES[PHASES.indexOf(state.phase) + 1];
  if (to === undefined) throw new SluiceError('CONFIG_INVALID', `${state.phase} is the last phase`);
  return keep(records, step, state, { kind: 'phase-request', to, requester: null, content: {} });
}

/** Goes back to an earlier phase: nothing is asked for but a name and a reason. */
export async function moveBack(step: Step, to: string): Promise<GateRecord> {
  const { records, state } = await begun(step);
  if (!isPhase(to))
    throw new SluiceError('CONFIG_INVALID', `--to: there is no phase '${to}'; there is ${PHASES.join(', ')}`);
  if (MOVES[state.phase][to] !== 'back')
    throw new SluiceError('CONFIG_INVALID', `--to: ${to} does not come before ${state.phase}`);
  return keep(records, step, state, { kind: 'phase-back', to, requester: null, content: {} });
}

/**
 * Moves on to the phase that was asked for, on a signed judgement and one of now.
 *
 * @throws CONFIG_INVALID saying what is missing
 */
export async function approvePhase(step: Step, reports: Reports): Promise<GateRecord> {
  const { config, pool, by, at } = step;
  const { records, state } = await begun(step);
  const { phase, requested } = state;
  const chain = await verifyRecords(config, records, null);
  if (!chain.whole) throw new SluiceError('CONFIG_INVALID', 'the chain of records is damaged: `sluice gates verify`');
  const signed = await newestSignature(records, named(step), phase);
  const now = Date.parse(at);
  const checked = await checkAndKeep(config, pool, { name: phase, now, reports, actor: by });
  const refusal = refusalOf(state, {
    approver: by,
    signed,
    now: { verdict: checked.judgement.status, binding: bindingOf(checked.judgement), ms: now },
  });
  if (refusal !== null || requested === null)
    throw new SluiceError('CONFIG_INVALID', refusal ?? 'nobody has asked for it');
  const content = { from: phase, evidence: signed?.seq ?? 0, signer: signed?.signer ?? '', now: checked.record.seq };
  return keep(records, step, state, { kind: 'phase-approve', to: requested.to, requester: requested.by, content });
}

const named = ({ config, migration }: Step): string => config.prefix + migration;

async function begun(step: Step): Promise<{ readonly records: GateRecords; readonly state: PhaseState }> {
  requirePhases(step.migration);
  const records = openGateRecords(step.config, step.pool);
  return { records, state: await phaseState(records, named(step)) };
}

function keep(
  records: GateRecords,
  step: Step,
  { phase, seq }: PhaseState,
  what: Pick<GateRecord, 'requester' | 'content'> & { readonly kind: PhaseStep['kind']; readonly to: Phase },
): Promise<GateRecord> {
  const { kind, to, requester, content } = what;
  const said = { from: phase, reason: step.reason, ...content };
  const entry = { kind, migration: named(step), subject: to, at: step.at, actor: step.by, requester, verdict: null };
  return records.append({ ...entry, content: said }, { seq, kinds: STEPS });
}

/** The newest signature under a judgement of a phase, with what it stands under as it is now in the ledger. */
async function newestSignature(records: GateRecords, migration: string, phase: Phase) {
  const [signature] = await records.newest({ migration, kinds: ['sign-off'], subject: phase }, 1);
  if (!signature) return null;
  const evidence = await records.one(Number(signature.content.evidence));
  if (evidence === null || evidence.hash !== signature.content.evidenceHash) return null;
  const hashes = (evidence.content.hashes ?? {}) as Readonly<Record<string, string>>;
  const { subject: profile, verdict, at, seq } = evidence;
  return { seq, signer: signature.actor, profile, verdict, at, binding: bindingOf({ hashes }) };
}
