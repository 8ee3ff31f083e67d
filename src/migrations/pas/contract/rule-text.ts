import type { Rule } from './model.ts';

/** A rule as a contract's sheet writes it: `translate GENDER`, `constant PAS_V83`, `copy`. */
export function ruleText(rule: Rule): string {
  if (rule.kind === 'translate') return `translate ${rule.crosswalk}`;
  if (rule.kind === 'constant') return `constant ${rule.value}`;
  return rule.kind === 'derive' ? `derive ${rule.name}` : rule.kind;
}
