import type { Clock, GateRecords, Log, Meter } from '../../core/index.ts';
import { BINDING_CLAUSE, isDark } from '../../gates/index.ts';
import { repeat } from '../repeat.ts';
import { type Judgement, keepJudgement } from './judge.ts';
import type { Judge } from './judges.ts';
import { phaseState } from './phase.ts';
import { PROFILES } from './profiles.ts';

/** A clause that breaks is seen within a minute, the reading of figures included. */
const EVERY_MS = 15_000;
const KEEP_EVERY_MS = 3_600_000;

export interface GateWatch {
  /** the migration's name with the prefix of an instance */
  readonly migration: string;
  readonly judge: Judge;
  readonly records: GateRecords;
  readonly meter: Pick<Meter, 'gauge'>;
  readonly clock: Clock;
  readonly worker: string;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/**
 * Judges all profiles of a migration again and again. Evidence is kept when a verdict changes, and each hour. What
 * cannot be judged is FAIL, without evidence.
 */
export function watchGates(folder: string, watch: GateWatch): Promise<void> {
  const profiles = PROFILES.filter(({ migration }) => migration === folder);
  const phases = new Map(profiles.map(({ name, phase }) => [name, phase]));
  const dark = (): void => {
    for (const { name, phase, clauses } of profiles) {
      watch.meter.gauge('sluice_gate_pass', { gate: name, phase }, 0);
      const bound = phase === '' ? [BINDING_CLAUSE] : [];
      for (const clause of [...bound, ...clauses.map((one) => one.clause)])
        watch.meter.gauge('sluice_gate_clause', { gate: name, clause }, -1);
    }
  };
  for (const { name, phase } of profiles)
    watch.meter.gauge('sluice_gate_current', { gate: name, phase }, phase === '' ? 1 : 0);
  dark();
  return repeat(EVERY_MS, watch, 'judging gates', async () => {
    try {
      await judgeOnce(phases, watch);
    } catch (error) {
      dark();
      throw error;
    }
  });
}

/** Judges once, shows it, and keeps what is new. */
async function judgeOnce(phases: ReadonlyMap<string, string>, watch: GateWatch): Promise<void> {
  const { meter } = watch;
  const judged = await watch.judge(watch.clock.now());
  for (const { profile, status, checks } of judged) {
    meter.gauge('sluice_gate_pass', { gate: profile, phase: phases.get(profile) ?? '' }, status === 'PASS' ? 1 : 0);
    for (const { gate: clause, status: held, why, actual } of checks) {
      // a profile that is judged by a report has no windows: what is not in the report was not measured
      const isUnknown = why === undefined ? actual === null : isDark(why);
      meter.gauge('sluice_gate_clause', { gate: profile, clause }, held === 'PASS' ? 1 : isUnknown ? -1 : 0);
    }
  }
  await tellPhase(phases, watch);
  for (const judgement of judged) await keepIfNew(watch, judgement);
}

/** Gates of phases to come lack evidence by their nature: who watches asks about the present one. */
async function tellPhase(phases: ReadonlyMap<string, string>, { meter, records, migration }: GateWatch): Promise<void> {
  const hasPhases = [...phases.values()].some((phase) => phase !== '');
  const present = hasPhases ? (await phaseState(records, migration)).phase : '';
  for (const [gate, phase] of phases) meter.gauge('sluice_gate_current', { gate, phase }, phase === present ? 1 : 0);
}

async function keepIfNew({ records, migration, worker, clock, log }: GateWatch, judgement: Judgement): Promise<void> {
  const { profile, status } = judgement;
  const filter = { migration, kinds: ['evaluation'] as const, subject: profile };
  const [newest] = await records.newest(filter, 1);
  const isKnown = newest?.verdict === status && clock.now() - Date.parse(newest.at) < KEEP_EVERY_MS;
  if (isKnown) return;
  const { seq, hash } = await keepJudgement(records, judgement, { migration, actor: worker });
  log.info(`gate ${profile}: ${status}, record ${seq} ${hash}`);
}
