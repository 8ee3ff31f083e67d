import { z } from 'zod';
import type { JsonObject } from '../../../core/index.ts';
import { instant, json, requiredInstant, requiredUuid, text, uuid } from '../columns.ts';
import { known } from '../submissions/tables.ts';

export const COMPLIANCE_TASK = z.object({
  id: requiredUuid,
  submission_id: uuid,
  task_type: text,
  title: text,
  details: text,
  due_at: instant,
  status: text,
  metadata: json,
  resolution_notes: text,
  resolved_at: instant,
  resolved_by: uuid,
  created_at: requiredInstant,
  updated_at: instant,
});

export type ComplianceTaskRow = z.output<typeof COMPLIANCE_TASK>;

/** Status of a task, and what FHIR calls it. */
export const TASK_STATUS: Readonly<Record<string, string>> = {
  open: 'requested',
  pending: 'in-progress',
  resolved: 'completed',
};

/** The status in its known spelling, else 'unknown'. */
export const taskStatus = (raw: string | null): string => known(raw, Object.keys(TASK_STATUS), '_');

/** How pressing a task is, and its priority in FHIR. A job at the source compares with the clock; here it stays as written. */
export const SEVERITIES: Readonly<Record<string, string>> = {
  overdue: 'urgent',
  due_soon: 'asap',
  upcoming: 'routine',
};

const severityText = (row: ComplianceTaskRow): unknown =>
  row.metadata !== null && typeof row.metadata === 'object' && !Array.isArray(row.metadata)
    ? ((row.metadata as JsonObject)['severity'] ?? null)
    : null;

export function severityOf(row: ComplianceTaskRow): string | null {
  const raw = severityText(row);
  const severity = typeof raw === 'string' ? known(raw, Object.keys(SEVERITIES), '_') : 'unknown';
  return severity === 'unknown' ? null : severity;
}

export const hasOddSeverity = (row: ComplianceTaskRow): boolean =>
  severityText(row) !== null && severityOf(row) === null;
