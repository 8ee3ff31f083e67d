import type { JsonObject } from '../../../core/index.ts';
import { type Loose, metaOf, narrative, practitioner, reference, resource } from '../fhir/elements.ts';
import type { Names } from '../names.ts';
import { codeOf, said } from '../text.ts';
import { compareInstants } from '../time.ts';
import { type ComplianceTaskRow, SEVERITIES, severityOf, TASK_STATUS, taskStatus } from './row.ts';

export const taskId = (names: Names, legacyId: string): string => names.resource('Task', 'compliance-task', legacyId);

export interface TaskFacts {
  readonly row: ComplianceTaskRow;
  /** null: a task of the whole clinic */
  readonly patientId: string | null;
  /** the plan the task is about, where its form has one */
  readonly carePlanId: string | null;
  readonly deleted: boolean;
}

export function taskResource(names: Names, { row, patientId, carePlanId, deleted }: TaskFacts): JsonObject {
  const status = taskStatus(row.status);
  const title = said(row.title);
  const type = codeOf(row.task_type);
  const severity = severityOf(row);
  const changed = row.updated_at ?? row.created_at;
  return resource({
    resourceType: 'Task',
    id: taskId(names, row.id),
    meta: metaOf(names, 'Task'),
    identifier: [{ system: names.system('compliance-task'), value: row.id }],
    text: narrative(title ?? 'Compliance task'),
    status: deleted ? 'entered-in-error' : (TASK_STATUS[status] ?? 'requested'),
    businessStatus: {
      coding: [severity === null ? {} : { system: names.site('CodeSystem/task-severity'), code: severity }],
      text: status === 'unknown' ? said(row.status) : null,
    },
    intent: 'order',
    priority: severity === null ? 'routine' : SEVERITIES[severity],
    code: {
      coding: [type === null ? {} : { system: names.site('CodeSystem/compliance-task-type'), code: type }],
      text: title,
    },
    description: said(row.details),
    focus: carePlanId === null ? null : reference('CarePlan', carePlanId),
    for: patientId === null ? null : reference('Patient', patientId),
    authoredOn: row.created_at,
    // not before it was made, or inv-1 fails
    lastModified: compareInstants(changed, row.created_at) < 0 ? row.created_at : changed,
    owner: practitioner(names, row.resolved_by, null),
    note: [{ text: said(row.resolution_notes) }],
    restriction: { period: { end: row.due_at } },
    executionPeriod: executionOf(row, status),
  });
}

const executionOf = (row: ComplianceTaskRow, status: string): Loose =>
  status === 'resolved' ? { end: row.resolved_at } : {};
