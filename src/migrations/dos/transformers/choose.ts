import type { DosConfig } from '../config.ts';
import type { ServiceRow } from '../rows.ts';
import { bloodPressureCheck } from './blood-pressure-check/transformer.ts';
import { contraception } from './contraception/transformer.ts';
import { gpEnhancedAccess } from './gp-enhanced-access/transformer.ts';
import { gpPractice } from './gp-practice/transformer.ts';
import { pharmacy } from './pharmacy/transformer.ts';
import { pharmacyFirst } from './pharmacy-first/transformer.ts';
import type { Transformer } from './transformer.ts';

/** In the order in which they are asked; the first that takes a service has it. */
const TRANSFORMERS: readonly Transformer[] = [
  gpPractice,
  gpEnhancedAccess,
  bloodPressureCheck,
  pharmacy,
  contraception,
  pharmacyFirst,
];

export interface Refusal {
  readonly transformer: string;
  readonly reason: string;
}

export interface Choice {
  readonly transformer: Transformer | null;
  readonly rejectedBy: readonly Refusal[];
}

export function chooseTransformer(row: ServiceRow, config: DosConfig): Choice {
  const rejectedBy: Refusal[] = [];
  for (const transformer of TRANSFORMERS) {
    const isOff = transformer.needs !== null && !config[transformer.needs];
    const reason = isOff ? 'flag_disabled' : transformer.refusal(row);
    if (reason === null) return { transformer, rejectedBy };
    rejectedBy.push({ transformer: transformer.name, reason });
  }
  return { transformer: null, rejectedBy };
}
