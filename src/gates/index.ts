export { BINDING_CLAUSE, type Binding } from './binding.ts';
export { type ChainFault, walkChain } from './chain.ts';
export type { Figures } from './clause.ts';
export { evaluate, profileNamed, type Verdict } from './evaluate.ts';
export { GATE_FIGURES, type GateFigure } from './figures.ts';
export { type FiguresOf, judgePhase, type PhaseProfile, profileHash } from './judge.ts';
export { movedCounts } from './moved.ts';
export {
  EVIDENCE_SECONDS,
  isPhase,
  isSamePerson,
  MOVES,
  PHASES,
  type Phase,
  type PhaseState,
  type PhaseStep,
  phaseOf,
  refusalOf,
} from './phases.ts';
export { DOS_LIMITS, DOS_PROFILES } from './profiles/dos.ts';
export { PAS_PROFILES } from './profiles/pas.ts';
export { RECONCILED_SECONDS, SUPABASE_PHASES } from './profiles/supabase.ts';
export { checkWindow, isDark, type WindowCheck, type WindowClause } from './window.ts';
