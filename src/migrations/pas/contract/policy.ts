import { z } from 'zod';
import { SluiceError } from '../../../core/index.ts';
import type { Contract, FieldRow, MappingClass, Rule } from './model.ts';

const CLASSES = [
  'DIRECT_SOURCE',
  'DERIVED',
  'LOOKUP_TRANSLATION',
  'SURROGATE_ETL',
  'REFERENCE_MASTER_FEED',
  'OUT_OF_SCOPE',
] as const satisfies readonly MappingClass[];

const entry = z.object({
  target_table: z.string(),
  target_field: z.string(),
  mapping_class: z.enum(CLASSES).optional(),
  rule_kind: z.string().optional(),
  confidence: z.enum(['HIGH', 'MEDIUM', 'LOW']).optional(),
  notes: z.string().optional(),
  approved_by: z.string().optional(),
  expires_on: z
    .string()
    .regex(/^\d{4}-\d{2}-\d{2}$/)
    .optional(),
});
const file = z.object({ overrides: z.array(entry) });

/** One field decided otherwise than the contract has it, by somebody, for a time. */
export type PolicyOverride = z.infer<typeof entry>;

export interface PolicyFinding {
  readonly category: 'POLICY_UNMATCHED' | 'POLICY_EXPIRED' | 'POLICY_UNSIGNED' | 'POLICY_RULE_UNKNOWN';
  readonly table: string;
  readonly field: string;
}

/** @throws CONFIG_INVALID when it is not the format of mapping_resolution_policy.json */
export function readPolicy(text: string): readonly PolicyOverride[] {
  try {
    return file.parse(JSON.parse(text)).overrides;
  } catch (error) {
    const issue = error instanceof z.ZodError ? error.issues[0] : undefined;
    const where = issue ? `${issue.path.map(String).join('.')} ${issue.message}` : 'it is no JSON';
    throw new SluiceError('CONFIG_INVALID', `the policy cannot be read: ${where}`);
  }
}

/**
 * The rules a policy may set: a constant that says nothing of a person, or nothing at all. Whatever else such files
 * name (synthetic identifiers, fallbacks to another person's code, assumed nationality or dates) is not done, and said.
 */
function ruleOf(kind: string): Rule | null {
  if (kind === 'DEFAULT_N') return { kind: 'constant', value: 'N' };
  if (/^(USER_DEFINED_OR_EMPTY|EMPTY_OR_SYNTHETIC|EMPTY_OR_DERIVED)$/.test(kind)) return { kind: 'none' };
  return null;
}

/** Facts about a death or its cause are clinical: no policy may assume them. */
const CLINICAL = /^death_|diagnos|procedure|allerg/;

/**
 * The contract with the overrides that hold on a day (CCYY-MM-DD). The last of several for one field counts. One that
 * has expired is not applied; unsigned ones are applied only where `unsigned` allows it. All of that is found.
 */
export function applyPolicy(
  contract: Contract,
  overrides: readonly PolicyOverride[],
  { on, unsigned }: { readonly on: string; readonly unsigned: boolean },
): { readonly contract: Contract; readonly findings: readonly PolicyFinding[] } {
  const findings: PolicyFinding[] = [];
  const fields = new Map(contract.fields);
  const last = new Map(overrides.map((override) => [`${override.target_table}.${override.target_field}`, override]));
  for (const override of last.values()) {
    const {
      target_table: table,
      target_field: field,
      rule_kind: kind,
      approved_by: by = '',
      expires_on: until,
    } = override;
    const say = (category: PolicyFinding['category']): void => void findings.push({ category, table, field });
    const rows = fields.get(table) ?? [];
    if (!rows.some((row) => row.field === field)) {
      say('POLICY_UNMATCHED');
      continue;
    }
    if (until !== undefined && on > until) {
      say('POLICY_EXPIRED');
      continue;
    }
    const signed = by !== '' && until !== undefined;
    if (!signed) say('POLICY_UNSIGNED');
    if (!signed && !unsigned) continue;
    const rule = kind === undefined || CLINICAL.test(field) ? null : ruleOf(kind);
    if (kind !== undefined && rule === null) say('POLICY_RULE_UNKNOWN');
    fields.set(
      table,
      rows.map((row) => (row.field === field ? overridden(row, override, rule) : row)),
    );
  }
  return { contract: { ...contract, fields }, findings };
}

/** Absent keys keep what the contract says; a field that has a source keeps it, whatever default is offered. */
function overridden(row: FieldRow, override: PolicyOverride, rule: Rule | null): FieldRow {
  const by = override.approved_by ?? '';
  return {
    ...row,
    class: override.mapping_class ?? row.class,
    confidence: override.confidence ?? row.confidence,
    ...(rule !== null && row.rule.kind === 'none' ? { rule, sources: [] } : {}),
    review: by === '' ? row.review : 'APPROVED',
    reviewedBy: by === '' ? row.reviewedBy : by,
    reason: `${row.reason} Policy: ${override.notes ?? override.rule_kind ?? 'changed'}.`,
  };
}
