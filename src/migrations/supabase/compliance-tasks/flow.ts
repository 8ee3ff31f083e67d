import type {
  Aggregate,
  Derivation,
  Document,
  Flow,
  JsonObject,
  LandedRow,
  RecordedChange,
} from '../../../core/index.ts';
import { carePlanId } from '../action-plans/resources.ts';
import { ACTION_PLAN } from '../action-plans/row.ts';
import { readRow } from '../columns.ts';
import { changedId, entryOf } from '../entries.ts';
import { changePapers } from '../fhir/change-provenance.ts';
import { Findings } from '../issues.ts';
import { fhirDocument, type Names, refTo } from '../names.ts';
import { matchSubmission } from '../patients/match.ts';
import { deriveRow, ownRow } from '../root-row.ts';
import { compareInstants } from '../time.ts';
import { COMPLIANCE_TASK, type ComplianceTaskRow, hasOddSeverity, severityOf, taskStatus } from './row.ts';
import { taskId, taskResource } from './task.ts';

export const complianceTasksFlow = (names: Names): Flow => ({
  name: 'compliance_tasks',
  root: { table: 'public.compliance_tasks' },
  parts: [
    { name: 'submission', table: 'public.submissions', link: 'key', from: { part: 'root', link: 'submission' } },
    { name: 'plans', table: 'public.action_plans', link: 'submission', from: { part: 'root', link: 'submission' } },
  ],
  targets: [
    { kind: 'postgres', name: 'compliance.task', key: ['id'], mode: 'state' },
    { kind: 'postgres', name: 'compliance.task_event', key: ['task_id', 'entry'], mode: 'append' },
    { kind: 'fhir', name: 'fhir.Task', resourceType: 'Task', mode: 'state' },
    { kind: 'fhir', name: 'fhir.Provenance', resourceType: 'Provenance', mode: 'append' },
    { kind: 'fhir', name: 'fhir.AuditEvent', resourceType: 'AuditEvent', mode: 'append' },
  ],
  transform: (aggregate) => transformTask(names, aggregate),
  history: (change) => taskHistory(names, change),
  retire: (_target, last) => ({ ...last, status: 'entered-in-error' }),
  switchedBy: ({ root }) => {
    const type = root?.image['task_type'];
    return typeof type === 'string' ? type : null;
  },
});

const transformTask = (names: Names, aggregate: Aggregate): Derivation =>
  deriveRow(COMPLIANCE_TASK, 'compliance_tasks', aggregate, (row, landed) => {
    const submission = aggregate.parts['submission']?.[0];
    if (row.submission_id !== null && !submission) return { documents: [], issues: [], waitingFor: 'submission' };
    const patientId = submission
      ? names.patient(matchSubmission(submission.image) ?? `submission:${row.submission_id}`)
      : null;
    const plan = newestPlan(aggregate.parts['plans'] ?? []);
    const planId = plan === null ? null : carePlanId(names, plan);
    const task = taskResource(names, { row, patientId, carePlanId: planId, deleted: landed.deleted });
    const id = taskId(names, row.id);
    const needs = [
      ...(planId === null ? [] : [refTo('CarePlan', planId)]),
      ...(patientId === null ? [] : [refTo('Patient', patientId)]),
    ];
    return {
      documents: [
        ownRow(names, { target: 'compliance.task', id, row, landed, columns: columnsOf(row, patientId) }),
        fhirDocument(task, patientId ?? id, needs),
      ],
      issues: findingsOf(row),
    };
  });

/** The newest living plan of the same form; a row that does not fit is none. */
function newestPlan(rows: readonly LandedRow[]): string | null {
  const plans = rows
    .filter((row) => !row.deleted)
    .flatMap((row) => readRow(ACTION_PLAN, row.image) ?? [])
    .sort((x, y) => compareInstants(y.created_at, x.created_at) || (x.id < y.id ? -1 : 1));
  return plans[0]?.id ?? null;
}

const columnsOf = (row: ComplianceTaskRow, patientId: string | null): JsonObject => ({
  patient_id: patientId,
  submission_legacy_id: row.submission_id,
  task_type: row.task_type ?? '',
  title: row.title ?? '',
  details: row.details,
  due_at: row.due_at,
  status: taskStatus(row.status),
  status_raw: row.status,
  severity: severityOf(row),
  metadata: row.metadata,
  resolution_notes: row.resolution_notes,
  resolved_at: row.resolved_at,
  resolved_by: row.resolved_by,
  created_at: row.created_at,
  source_updated_at: row.updated_at,
});

function findingsOf(row: ComplianceTaskRow) {
  const found = new Findings();
  found.add(
    taskStatus(row.status) === 'unknown',
    'warning',
    'STATUS_UNKNOWN',
    'status',
    'not a known status; stored as unknown, the text beside it, in FHIR as requested',
  );
  found.add(hasOddSeverity(row), 'info', 'SEVERITY_UNKNOWN', 'metadata', 'not a known severity; sent as routine');
  found.illegalText(row);
  return found.all;
}

/** Papers of a change, and an entry for each change of status: in the source's words, first and last included. */
function taskHistory(names: Names, change: RecordedChange): readonly Document[] {
  const legacyId = changedId(change);
  if (legacyId === null) return [];
  const id = taskId(names, legacyId);
  const papers = changePapers(names, change, [refTo('Task', id)], id);
  const from = change.before === null ? null : statusWord(change.before['status']);
  const to = change.op === 'd' ? 'deleted' : statusWord(change.after['status']);
  if (from === to) return papers;
  const columns = { from_status: from, to_status: to };
  return [...papers, entryOf(names, change, 'compliance.task_event', ['task_id', id], columns)];
}

function statusWord(value: unknown): string {
  const text = typeof value === 'string' ? value : '';
  const word = taskStatus(text);
  return word === 'unknown' ? text : word;
}
