import { contentHash, type Json, type Measurement } from '../core/index.ts';
import { GATE_FIGURES, type GateFigure } from './figures.ts';
import type { Phase } from './phases.ts';
import { checkWindow, type WindowCheck, type WindowClause } from './window.ts';

/** The set of clauses that a phase is left by. */
export interface PhaseProfile {
  readonly name: Phase;
  readonly migration: string;
  readonly clauses: readonly (WindowClause & { readonly figure: GateFigure })[];
}

export interface WindowVerdict {
  readonly status: 'PASS' | 'FAIL';
  readonly profile: string;
  readonly checks: readonly WindowCheck[];
}

/** How figures of a window are had; in a test from a list. */
export type FiguresOf = (clause: WindowClause) => readonly Measurement[];

/** Judges all clauses of a phase. Without a clause nothing passes. */
export function judgePhase(
  profile: PhaseProfile,
  figuresOf: FiguresOf,
  flows: readonly string[],
  now: number,
): WindowVerdict {
  const checks = profile.clauses.map((clause): WindowCheck => {
    const check = checkWindow(clause, figuresOf(clause), flows, now);
    const isBuilt = GATE_FIGURES[clause.figure] !== null;
    return isBuilt || check.why !== 'no evidence'
      ? check
      : { ...check, message: `${clause.figure}: no evidence, the part that records it is not built` };
  });
  const isPassed = checks.length > 0 && checks.every(({ status }) => status === 'PASS');
  return { status: isPassed ? 'PASS' : 'FAIL', profile: profile.name, checks };
}

/** Of the clauses as they are: a signature under other ones is void. */
export const profileHash = (profile: PhaseProfile): string => contentHash(profile as unknown as Json);
