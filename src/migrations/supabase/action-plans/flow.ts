import {
  type Aggregate,
  type Derivation,
  type Document,
  type Flow,
  factsOf,
  type JsonObject,
  type RecordedChange,
} from '../../../core/index.ts';
import { changedId } from '../entries.ts';
import { changePapers } from '../fhir/change-provenance.ts';
import { Findings } from '../issues.ts';
import { fhirDocument, type Names, refTo } from '../names.ts';
import { matchSubmission } from '../patients/match.ts';
import { deriveRow, ownRow } from '../root-row.ts';
import { said } from '../text.ts';
import { ACTION_PLANS, COPY, copyOfFile } from './copied.ts';
import { carePlan, carePlanId, documentReference, documentReferenceId } from './resources.ts';
import { ACTION_PLAN, type ActionPlanRow, categoryOf, contentTypeOf } from './row.ts';

export const actionPlansFlow = (names: Names): Flow => ({
  name: 'action_plans',
  root: { table: ACTION_PLANS },
  parts: [
    { name: 'submission', table: 'public.submissions', link: 'key', from: { part: 'root', link: 'submission' } },
    { name: 'copy', table: factsOf(ACTION_PLANS, COPY), link: 'key', from: { part: 'root', link: 'key' } },
  ],
  targets: [
    { kind: 'postgres', name: 'careplan.action_plan', key: ['id'], mode: 'state' },
    { kind: 'fhir', name: 'fhir.CarePlan', resourceType: 'CarePlan', mode: 'state' },
    { kind: 'fhir', name: 'fhir.DocumentReference', resourceType: 'DocumentReference', mode: 'state' },
    { kind: 'fhir', name: 'fhir.Provenance', resourceType: 'Provenance', mode: 'append' },
    { kind: 'fhir', name: 'fhir.AuditEvent', resourceType: 'AuditEvent', mode: 'append' },
  ],
  transform: (aggregate) => transformPlan(names, aggregate),
  history: (change) => planPapers(names, change),
  retire: (_target, last) => ({ ...last, status: 'entered-in-error' }),
});

const transformPlan = (names: Names, aggregate: Aggregate): Derivation =>
  deriveRow(ACTION_PLAN, 'action_plans', aggregate, (row, landed) => {
    const submission = aggregate.parts['submission']?.[0];
    if (!submission) return { documents: [], issues: [], waitingFor: 'submission' };
    const patientId = names.patient(matchSubmission(submission.image) ?? `submission:${row.submission_id}`);
    const patient = refTo('Patient', patientId);
    const copied = copyOfFile(row, aggregate.parts['copy'] ?? []);
    const file = documentReference(names, { row, patientId, copied, deleted: landed.deleted });
    const plan = carePlan(names, row, patientId, landed.deleted);
    // how far the copying of the file has come is in columns of the table that are not written here
    const columns: JsonObject = {
      patient_id: patientId,
      submission_legacy_id: row.submission_id,
      category: categoryOf(row) ?? 'other',
      category_raw: row.category,
      legacy_path: row.storage_path ?? '',
      content_type: contentTypeOf(row),
      uploader_user_id: row.uploaded_by,
      uploader_email: said(row.uploaded_email),
      created_at: row.created_at,
    };
    return {
      documents: [
        ownRow(names, { target: 'careplan.action_plan', id: carePlanId(names, row.id), row, landed, columns }),
        fhirDocument(file, patientId, [patient]),
        fhirDocument(plan, patientId, [refTo('DocumentReference', String(file['id'])), patient]),
      ],
      issues: findingsOf(row),
    };
  });

function findingsOf(row: ActionPlanRow) {
  const found = new Findings();
  found.add(
    categoryOf(row) === null,
    'info',
    'CATEGORY_UNKNOWN',
    'category',
    'not a known category; stored as other, the text beside it and in FHIR',
  );
  found.add(said(row.storage_path) === null, 'warning', 'FILE_MISSING', 'storage_path', 'a plan without a file');
  found.illegalText(row);
  return found.all;
}

function planPapers(names: Names, change: RecordedChange): readonly Document[] {
  const id = changedId(change);
  if (id === null) return [];
  const plan = carePlanId(names, id);
  const targets = [refTo('CarePlan', plan), refTo('DocumentReference', documentReferenceId(names, id))];
  return changePapers(names, change, targets, plan);
}
