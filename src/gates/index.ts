export type { Binding } from './binding.ts';
export type { Figures } from './clause.ts';
export { evaluate, profileNamed, type Verdict } from './evaluate.ts';
export { movedCounts } from './moved.ts';
export { DOS_LIMITS, DOS_PROFILES } from './profiles/dos.ts';
export { PAS_PROFILES } from './profiles/pas.ts';
