import { SluiceError } from '../../core/index.ts';
import { DOS_PROFILES, GATE_FIGURES, PAS_PROFILES, type PhaseProfile, SUPABASE_PHASES } from '../../gates/index.ts';

/** One clause as `sluice gates explain` tells it. */
export interface ToldClause {
  readonly clause: string;
  readonly figure: string;
  readonly asks: string;
  readonly says: string;
  /** who records the figure; null: the part that would is not built */
  readonly recordedBy: string | null;
  /** what the figures must be like */
  readonly evidence: string | null;
}

export interface ToldProfile {
  readonly name: string;
  readonly migration: string;
  /** '' where it is of no phase */
  readonly phase: string;
  readonly clauses: readonly ToldClause[];
}

/** Phase sets of a migration, by the name of its folder. */
export const phasesOf = (folder: string) => SUPABASE_PHASES.filter(({ migration }) => migration === folder);

const SIGNS = { 'at-most': '<=', 'at-least': '>=', below: '<' } as const;

const LOOKED = { every: 'every measurement', last: 'the newest', ratio: 'the ratio of the sums' } as const;

/** All there is, each under one name. */
export const PROFILES: readonly ToldProfile[] = [
  ...SUPABASE_PHASES.map(toldPhase),
  ...[
    ...DOS_PROFILES.map((profile) => ({
      ...profile,
      migration: 'dos',
      recordedBy: 'the report of the newest full sync',
    })),
    ...PAS_PROFILES.map((profile) => ({
      ...profile,
      migration: 'pas',
      recordedBy: 'the quality report of `sluice pas run`',
    })),
  ].map(({ name, migration, recordedBy, clauses }) => ({
    name,
    migration,
    phase: '',
    clauses: clauses.map(({ gate, figure, test, threshold }) => ({
      clause: gate,
      figure,
      asks: `${SIGNS[test]} ${threshold}`,
      says: `${figure} ${SIGNS[test]} ${threshold}`,
      recordedBy,
      evidence: null,
    })),
  })),
];

function toldPhase({ name, migration, clauses }: PhaseProfile): ToldProfile {
  return {
    name,
    migration,
    phase: name,
    clauses: clauses.map((clause) => ({
      clause: clause.clause,
      figure: clause.figure,
      asks: `${SIGNS[clause.test]} ${clause.threshold}`,
      says: clause.says,
      recordedBy: GATE_FIGURES[clause.figure],
      evidence: toldEvidence(clause),
    })),
  };
}

function toldEvidence({ of, over, windowSeconds, unseenCounts, evidence }: PhaseProfile['clauses'][number]): string {
  const { measurements, gapSeconds, ageSeconds, sample, coverage } = evidence;
  return [
    `${LOOKED[over]} of ${hours(windowSeconds)}, ${of === 'whole' ? 'of the migration' : 'of each flow'}`,
    `${measurements} measurements at least`,
    ...(gapSeconds === null ? [] : [`no hole over ${hours(gapSeconds)}`]),
    `not older than ${hours(ageSeconds)}`,
    ...(sample === null ? [] : [`of ${sample} things at least`]),
    ...(coverage === null ? [] : [`coverage ${coverage} at least`]),
    ...(unseenCounts ? ['what was not looked at counts as wrong'] : []),
  ].join(', ');
}

function hours(seconds: number): string {
  if (seconds < 3600) return `${seconds / 60} min`;
  return seconds < 172_800 ? `${seconds / 3600} h` : `${seconds / 86_400} days`;
}

/** Throws CONFIG_INVALID where there is no such profile. */
export function toldProfile(name: string): ToldProfile {
  const profile = PROFILES.find((candidate) => candidate.name === name);
  if (profile) return profile;
  const known = PROFILES.map((candidate) => candidate.name).join(', ');
  throw new SluiceError('CONFIG_INVALID', `there is no gate profile '${name}'; known are ${known}`);
}
