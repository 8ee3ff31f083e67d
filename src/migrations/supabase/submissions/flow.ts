import {
  type Aggregate,
  type Derivation,
  type DeriveContext,
  type Document,
  type Flow,
  type Issue,
  type JsonObject,
  normaliseNhsNumber,
  type PostgresTarget,
  type RecordedChange,
} from '../../../core/index.ts';
import { parseRow, readRow } from '../columns.ts';
import { changePapers } from '../fhir/change-provenance.ts';
import { Findings } from '../issues.ts';
import { fhirDocument, type Names, refTo } from '../names.ts';
import { type GuardianList, readGuardians } from '../patients/guardians.ts';
import { matchSubmission } from '../patients/match.ts';
import { e164Of, looksLikeEmail, said } from '../text.ts';
import { consentResource, endsBeforeItBegins, hasExpired } from './consent.ts';
import { questionnaireResponse, questionnaireResponseId } from './questionnaire-response.ts';
import { FLAG_COLUMNS, SUBMISSION, type SubmissionRow } from './row.ts';
import { asthmaControl, known, SUBMISSION_STATUSES, submissionRows } from './tables.ts';

const table = (name: string, ...key: string[]): PostgresTarget => ({
  kind: 'postgres',
  name: `intake.${name}`,
  key,
  mode: 'state',
});

export const submissionsFlow = (names: Names): Flow => ({
  name: 'submissions',
  root: { table: 'public.submissions' },
  parts: [],
  targets: [
    table('submission', 'id'),
    table('submission_symptom', 'submission_id', 'symptom'),
    table('submission_trigger', 'submission_id', 'trigger'),
    table('submission_flag', 'submission_id', 'flag'),
    table('guardian', 'id'),
    table('consent', 'submission_id'),
    table('safeguarding', 'submission_id'),
    table('submission_attachment', 'submission_id', 'kind', 'path'),
    { kind: 'fhir', name: 'fhir.QuestionnaireResponse', resourceType: 'QuestionnaireResponse', mode: 'state' },
    { kind: 'fhir', name: 'fhir.Consent', resourceType: 'Consent', mode: 'state' },
    { kind: 'fhir', name: 'fhir.Provenance', resourceType: 'Provenance', mode: 'append' },
    { kind: 'fhir', name: 'fhir.AuditEvent', resourceType: 'AuditEvent', mode: 'append' },
  ],
  transform: (aggregate, context) => transformSubmission(names, aggregate, context),
  history: (change) => submissionPapers(names, change),
  // A withdrawn consent no longer holds; the form itself is only ever missing when it was deleted unread.
  retire: (target, last) => ({ ...last, status: target === 'fhir.Consent' ? 'inactive' : 'entered-in-error' }),
});

function transformSubmission(names: Names, aggregate: Aggregate, { asOf }: DeriveContext): Derivation {
  const landed = aggregate.root;
  if (landed === null) return { documents: [], issues: [] };
  // There is nothing to keep of a deleted row that never fitted; what an earlier image left is retired.
  if (landed.deleted && readRow(SUBMISSION, landed.image) === null) return { documents: [], issues: [DELETED_UNREAD] };
  const row = parseRow(SUBMISSION, 'submissions', landed.image);
  const patient = names.patient(matchSubmission(landed.image) ?? `submission:${row.id}`);
  const submission = questionnaireResponseId(names, row.id);
  const list = readGuardians(names, row.guardian_contacts);
  const needs = [refTo('Patient', patient)];
  const documents: Document[] = [...submissionRows(names, landed, row, { submission, patient }, list.guardians)];
  documents.push(fhirDocument(questionnaireResponse(names, row, patient, landed.deleted), patient, needs));
  const expired = hasExpired(row, asOf);
  const status = landed.deleted ? 'entered-in-error' : expired ? 'inactive' : 'active';
  const consent: JsonObject | null = consentResource(names, row, patient, status);
  if (consent) documents.push(fhirDocument(consent, patient, needs));
  const wakes = consent !== null && !expired && !landed.deleted && row.consent_expires_at !== null;
  return {
    documents,
    issues: findingsOf(row, list),
    ...(wakes ? { wakeAt: row.consent_expires_at as string } : {}),
  };
}

export const DELETED_UNREAD: Issue = {
  code: 'DELETED_ROW_UNREADABLE',
  severity: 'warning',
  path: '',
  text: 'the row was deleted and its last image does not fit the declaration; what it had left is retired',
};

function findingsOf(row: SubmissionRow, list: GuardianList): readonly Issue[] {
  const found = new Findings();
  const nhs = said(row.nhs_number) !== null && normaliseNhsNumber(row.nhs_number) === null;
  found.add(nhs, 'warning', 'NHS_NUMBER_INVALID', 'nhs_number', 'not a valid NHS number; not used for matching');
  const email = said(row.email);
  found.add(email !== null && !looksLikeEmail(email), 'warning', 'EMAIL_ODD', 'email', 'not an e-mail address; kept');
  const phone = said(row.phone);
  found.add(
    phone !== null && e164Of(phone) === null,
    'warning',
    'PHONE_ODD',
    'phone',
    'not a phone number; kept as written',
  );
  found.add(
    known(row.status, SUBMISSION_STATUSES, '_') === 'unknown',
    'warning',
    'STATUS_UNKNOWN',
    'status',
    'not a known status; stored as unknown, the text beside it',
  );
  found.add(
    asthmaControl(row) === 'unknown' && said(row.asthma_control)?.toLowerCase() !== 'unknown',
    'info',
    'ASTHMA_CONTROL_UNKNOWN',
    'asthma_control',
    'not a known answer; stored as unknown, the text beside it',
  );
  for (const column of FLAG_COLUMNS) {
    found.add(row[column] === null, 'info', 'FLAG_EMPTY', column, 'neither yes nor no; stored as no, left out of FHIR');
  }
  found.add(list.unreadable > 0, 'warning', 'GUARDIAN_UNREADABLE', 'guardian_contacts', 'an entry says nothing');
  found.add(list.repeated > 0, 'info', 'GUARDIAN_REPEATED', 'guardian_contacts', 'an entry is there twice; kept once');
  found.add(
    endsBeforeItBegins(row),
    'warning',
    'CONSENT_ENDS_BEFORE_START',
    'consent_expires_at',
    'earlier than the signature; kept as expires_at_raw, and the consent does not hold',
  );
  found.illegalText(row);
  return found.all;
}

function submissionPapers(names: Names, change: RecordedChange): readonly Document[] {
  const id = change.after['id'];
  if (typeof id !== 'string') return [];
  const patient = names.patient(matchSubmission(change.after) ?? `submission:${id}`);
  const response = refTo('QuestionnaireResponse', questionnaireResponseId(names, id.toLowerCase()));
  return changePapers(names, change, [response, refTo('Patient', patient)], patient);
}
