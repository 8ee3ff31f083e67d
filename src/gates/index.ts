export type { Binding } from './binding.ts';
export type { Figures } from './clause.ts';
export { evaluate, profileNamed, type Verdict } from './evaluate.ts';
export { PAS_PROFILES } from './profiles/pas.ts';
