import { SluiceError } from '../core/index.ts';
import { type Binding, checkBinding } from './binding.ts';
import { type Check, checkClause, type Figures, type Profile } from './clause.ts';

export interface Verdict {
  readonly status: 'PASS' | 'FAIL';
  readonly profile: string;
  readonly thresholds: Readonly<Record<string, number>>;
  readonly checks: readonly Check[];
}

/** A report with its figures, and what it is bound to. */
export interface Report {
  readonly binding: Binding;
  readonly figures: Figures;
}

/** @throws CONFIG_INVALID when there is no such profile */
export function profileNamed(profiles: readonly Profile[], name: string): Profile {
  const profile = profiles.find((candidate) => candidate.name === name);
  if (profile) return profile;
  const known = profiles.map((candidate) => candidate.name).join(', ');
  throw new SluiceError('CONFIG_INVALID', `there is no gate profile of that name; known are ${known}`);
}

/** Judges a report by a profile. Without a report, or with one of another run or of other rules, nothing passes. */
export function evaluate(profile: Profile, report: Report | null, now: Binding): Verdict {
  const checks = [
    checkBinding(report?.binding ?? null, now),
    ...profile.clauses.map((clause) => checkClause(clause, report?.figures ?? {})),
  ];
  return {
    status: checks.every(({ status }) => status === 'PASS') ? 'PASS' : 'FAIL',
    profile: profile.name,
    thresholds: Object.fromEntries(profile.clauses.map(({ figure, threshold }) => [figure, threshold])),
    checks,
  };
}
