import type { Chance } from '../chance.ts';
import { CLINICIANS } from './names.ts';
import type { ActionPlan, Appointment, AppointmentRequest, ComplianceTask, Submission } from './rows.ts';
import { staffEmail, staffId } from './staff.ts';
import { DAY_MS, instant, type MakeContext } from './submission.ts';
import * as words from './words.ts';

const MINUTE_MS = 60_000;

export function makeAppointment(chance: Chance, submission: Submission, context: MakeContext): Appointment {
  const { baseMs, odd } = context;
  const created = Date.parse(submission.created_at) + chance.below(20 * DAY_MS);
  // whole quarter hours between eight and five
  const day = Math.floor((created + chance.between(1, 120) * DAY_MS) / DAY_MS) * DAY_MS;
  const start = day + (8 * 60 + 15 * chance.below(36)) * MINUTE_MS;
  const past = start < baseMs;
  const length = odd.is('zero-length') ? 0 : chance.pick([15, 30, 30, 45, 240]);
  return {
    id: chance.uuid(),
    submission_id: submission.id,
    start_at: new Date(start).toISOString(),
    end_at: new Date(start + length * MINUTE_MS).toISOString(),
    location: odd.is('no-location') ? chance.pick([null, '', '  ']) : chance.pick(words.LOCATIONS),
    notes: chance.yes(0.5) ? chance.pick(words.VISIT_NOTES) : chance.pick([null, null, '', ' ']),
    created_at: instant(chance, created),
    status: chance.weighted<string>(
      past
        ? [
            ['COMPLETED', 70],
            ['NO_SHOW', 10],
            ['CANCELLED', 12],
            ['CONFIRMED', 8],
          ]
        : [
            ['REQUESTED', 30],
            ['CONFIRMED', 60],
            ['CANCELLED', 8],
            ['CHECKED_IN', 2],
          ],
    ),
    resource_type: chance.weighted<string>([
      ['IN_PERSON', 80],
      ['TELEHEALTH', 17],
      ['HOME_VISIT', 3],
    ]),
    updated_at: instant(chance, created + chance.below(30 * DAY_MS)),
  };
}

export function makeRequest(chance: Chance, submission: Submission, visit: Appointment | null): AppointmentRequest {
  const created = Date.parse(submission.created_at) + chance.below(60 * DAY_MS);
  const handled = chance.yes(0.6);
  return {
    id: chance.uuid(),
    submission_id: submission.id,
    appointment_id: visit?.id ?? null,
    patient_email: chance.yes(0.9) ? submission.email : null,
    request_type: chance.weighted<string>([
      ['reschedule', 60],
      ['cancel', 30],
      ['other', 10],
    ]),
    message: chance.yes(0.8) ? chance.pick(words.REQUEST_MESSAGES) : chance.pick([null, '']),
    status: handled
      ? 'resolved'
      : chance.weighted<string>([
          ['pending', 95],
          ['on hold', 5],
        ]),
    handled_at: handled ? instant(chance, created + chance.below(5 * DAY_MS)) : null,
    created_at: instant(chance, created),
  };
}

export function makePlan(chance: Chance, submission: Pick<Submission, 'id' | 'created_at'>): ActionPlan {
  const created = Date.parse(submission.created_at) + chance.below(90 * DAY_MS);
  const author = chance.yes(0.8) ? chance.pick(CLINICIANS) : null;
  const file = chance.pick(['plan.pdf', 'BSACI plan (child).PDF', 'scan.jpeg', 'école & voyages.docx', 'plan']);
  const nonce = chance.below(0x7fffffff).toString(36);
  return {
    id: chance.uuid(),
    submission_id: submission.id,
    category: chance.weighted<string>([
      ['general', 40],
      ['anaphylaxis', 35],
      ['school', 17],
      ['travel', 6],
      ['camp', 2],
    ]),
    storage_path: `submissions/${submission.id}/${created}_${nonce}_${file}`,
    uploaded_by: author === null ? null : staffId(author),
    uploaded_email: author === null ? null : staffEmail(author),
    created_at: instant(chance, created),
  };
}

/** `kind` once for a submission: the database allows one open task of a kind. */
export function makeTask(
  chance: Chance,
  submission: Pick<Submission, 'id' | 'first_name' | 'surname'> | null,
  kind: 'consent_expiry' | 'safeguarding_follow_up' | 'equipment_check',
  baseMs: number,
): ComplianceTask {
  const created = baseMs - chance.below(200 * DAY_MS);
  const due = created + chance.between(-10, 60) * DAY_MS;
  const status = chance.weighted<string>([
    ['open', 50],
    ['pending', 15],
    ['resolved', 33],
    ['parked', 2],
  ]);
  const severity = chance.pick(['overdue', 'due_soon', 'upcoming', null]);
  const resolved = status === 'resolved';
  const name = `${submission?.first_name ?? ''} ${submission?.surname ?? ''}`.trim() || 'unnamed patient';
  return {
    id: chance.uuid(),
    submission_id: submission?.id ?? null,
    task_type: kind,
    title: submission === null ? 'Check the anaphylaxis kit' : `Follow up: ${name}`,
    details: chance.yes(0.7) ? `Due ${new Date(due).toISOString()}` : null,
    due_at: chance.yes(0.9) ? new Date(due).toISOString() : null,
    status,
    metadata: severity === null ? {} : { severity },
    resolution_notes: resolved && chance.yes(0.6) ? 'Done by phone' : null,
    resolved_at: resolved ? instant(chance, created + chance.below(30 * DAY_MS)) : null,
    resolved_by: resolved ? staffId(chance.pick(CLINICIANS)) : null,
    created_at: instant(chance, created),
    updated_at: instant(chance, created + chance.below(30 * DAY_MS)),
  };
}
