import type { Document, DocumentRef, Json, JsonObject, LandedRow } from '../../../core/index.ts';
import { originOf, stampsOf } from '../audit.ts';
import { rowHash } from '../columns.ts';
import type { Names } from '../names.ts';
import type { Guardian } from '../patients/guardians.ts';
import { said } from '../text.ts';
import { endsBeforeItBegins } from './consent.ts';
import { FLAG_COLUMNS, type SubmissionRow } from './row.ts';

export const SUBMISSION_STATUSES = ['new', 'ready_spt', 'needs_review', 'completed'];
const ASTHMA_CONTROLS = ['well-controlled', 'sometimes-uncontrolled', 'poorly-controlled', 'none', 'unknown'];

/** A text out of a closed list, else 'unknown'; the text itself is kept beside it. */
export function known(text: string | null, list: readonly string[], separator: string): string {
  const word = (said(text) ?? '').toLowerCase().replace(/[\s_-]+/g, separator);
  return list.includes(word) ? word : 'unknown';
}

export const asthmaControl = (row: SubmissionRow): string | null =>
  said(row.asthma_control) === null ? null : known(row.asthma_control, ASTHMA_CONTROLS, '-');

/** Rows of `intake` that one submission makes. */
export function submissionRows(
  names: Names,
  landed: LandedRow,
  row: SubmissionRow,
  ids: { readonly submission: string; readonly patient: string },
  guardians: readonly Guardian[],
): readonly Document[] {
  const stamps = stampsOf(names, landed);
  const origin = originOf(row.id, landed);
  const parent: DocumentRef = { target: 'intake.submission', id: ids.submission };
  const own = { submission_id: ids.submission };
  const child = (table: string, key: readonly string[], content: JsonObject): Document => ({
    target: `intake.${table}`,
    id: idOf(key, { ...own, ...content }),
    content: { ...own, ...content, ...origin },
    stamps,
    needs: [parent],
  });
  const set = (table: string, column: string, values: readonly string[], ordered: boolean): Document[] =>
    distinct(values).map((value, index) =>
      child(table, ['submission_id', column], ordered ? { ordinal: index + 1, [column]: value } : { [column]: value }),
    );
  const paths = (kind: string, values: readonly string[]): Document[] =>
    distinct(values).map((path) => child('submission_attachment', ['submission_id', 'kind', 'path'], { kind, path }));
  return [
    {
      target: parent.target,
      id: parent.id,
      content: { ...submissionColumns(row, ids), ...origin, row_hash: rowHash(row) },
      stamps,
      needs: [{ target: 'intake.patient', id: ids.patient }],
    },
    ...set('submission_symptom', 'symptom', row.symptoms, true),
    ...set('submission_trigger', 'trigger', row.food_triggers, false),
    ...set('submission_flag', 'flag', row.flags, false),
    ...guardians.map((guardian) => child('guardian', ['id'], guardianColumns(names, row.id, ids.patient, guardian))),
    ...(row.consent_signed_at === null ? [] : [child('consent', ['submission_id'], consentColumns(row))]),
    ...(hasSafeguarding(row) ? [child('safeguarding', ['submission_id'], safeguardingColumns(row))] : []),
    ...paths('upload', row.attachments),
    ...paths('reference', row.document_references),
  ];
}

const distinct = (values: readonly string[]): readonly string[] => [
  ...new Set(values.filter((value) => said(value) !== null)),
];

/** Canonical text of a key: the value itself, or a JSON array of several. */
export function idOf(key: readonly string[], content: JsonObject): string {
  const values: Json[] = key.map((column) => content[column] ?? null);
  return values.length === 1 ? String(values[0]) : JSON.stringify(values);
}

const submissionColumns = (row: SubmissionRow, ids: { submission: string; patient: string }): JsonObject => ({
  id: ids.submission,
  patient_id: ids.patient,
  status: known(row.status, SUBMISSION_STATUSES, '_'),
  status_raw: row.status,
  authored_at: row.created_at,
  source_updated_at: row.updated_at,
  onset_time: row.onset_time,
  reaction_frequency: row.reaction_frequency,
  most_severe_reaction: row.most_severe_reaction,
  other_triggers: row.other_triggers,
  asthma_control: asthmaControl(row),
  asthma_control_raw: row.asthma_control,
  other_conditions: row.other_conditions,
  last_antihistamine_at: row.last_antihistamine,
  patient_notes: row.patient_notes,
  clinician_user_id: row.clinician_id,
  clinician_email: said(row.clinician_email),
  ...Object.fromEntries(FLAG_COLUMNS.map((column) => [column, row[column] ?? false])),
});

const guardianColumns = (names: Names, submissionId: string, patientId: string, guardian: Guardian): JsonObject => ({
  id: names.uuid(`guardian|${submissionId}|${guardian.identity}`),
  patient_id: patientId,
  ordinal: guardian.ordinal,
  name: guardian.name ?? '',
  relationship_raw: guardian.relationship,
  relationship_code: guardian.relationshipCode,
  phone: guardian.phone,
  email: guardian.email,
});

/** An end before the beginning is kept where no rule asks sense of it. */
const consentColumns = (row: SubmissionRow): JsonObject => ({
  signed_at: row.consent_signed_at,
  expires_at: endsBeforeItBegins(row) ? null : row.consent_expires_at,
  expires_at_raw: row.consent_expires_at,
});

const hasSafeguarding = (row: SubmissionRow): boolean =>
  said(row.safeguarding_notes) !== null || said(row.clinician_notes) !== null || row.safeguarding_follow_up_at !== null;

/** What only the clinic may read; the table has grants of its own. */
const safeguardingColumns = (row: SubmissionRow): JsonObject => ({
  notes: row.safeguarding_notes,
  follow_up_at: row.safeguarding_follow_up_at,
  clinician_notes: row.clinician_notes,
});
