import { z } from 'zod';
import type { Aggregate, Json, LandedRow } from '../../../core/index.ts';
import { date, instant, json, readRow, requiredUuid, text } from '../columns.ts';
import { compareInstants, instantOf } from '../time.ts';

/** What a row says of its patient. */
export interface Person {
  readonly given: string | null;
  readonly family: string | null;
  /** only a laboratory order has the name in one piece */
  readonly full: string | null;
  readonly birthDate: string | null;
  readonly email: string | null;
  readonly phone: string | null;
}

export interface Member {
  readonly row: LandedRow;
  readonly id: string;
  readonly updatedAt: string;
  readonly person: Person;
  readonly guardians: Json;
}

const SUBMISSION = z.object({
  id: requiredUuid,
  first_name: text,
  surname: text,
  email: text,
  phone: text,
  date_of_birth: date,
  updated_at: instant,
  guardian_contacts: json,
});

const LAB_ORDER = z.object({
  id: requiredUuid,
  patient_full_name: text,
  patient_email: text,
  patient_date_of_birth: date,
  updated_at: instant,
});

const landedAt = (row: LandedRow): string => instantOf(row.sourceTime) ?? '0001-01-01T00:00:00.000Z';

export function memberOfSubmission(row: LandedRow): Member | null {
  const read = readRow(SUBMISSION, row.image);
  if (read === null) return null;
  const person = {
    given: read.first_name,
    family: read.surname,
    full: null,
    birthDate: read.date_of_birth,
    email: read.email,
    phone: read.phone,
  };
  return { row, id: read.id, updatedAt: read.updated_at ?? landedAt(row), person, guardians: read.guardian_contacts };
}

function memberOfLabOrder(row: LandedRow): Member | null {
  const read = readRow(LAB_ORDER, row.image);
  if (read === null) return null;
  const person = {
    given: null,
    family: null,
    full: read.patient_full_name,
    birthDate: read.patient_date_of_birth,
    email: read.patient_email,
    phone: null,
  };
  return { row, id: read.id, updatedAt: read.updated_at ?? landedAt(row), person, guardians: [] };
}

/** Newest first: by what the row says, then by when it was committed, then by key, so that there is always one order. */
const newestFirst = (x: Member, y: Member): number =>
  compareInstants(y.updatedAt, x.updatedAt) ||
  compareInstants(landedAt(y.row), landedAt(x.row)) ||
  (x.row.key < y.row.key ? 1 : -1);

/** The rows of this patient, living ones first, newest first. A row that does not fit speaks for nobody. */
export function membersOf(aggregate: Aggregate): readonly Member[] {
  const members = [
    ...(aggregate.parts['members'] ?? []).map(memberOfSubmission),
    ...(aggregate.parts['orders'] ?? []).map(memberOfLabOrder),
  ].filter((member) => member !== null);
  return members.sort((x, y) => Number(x.row.deleted) - Number(y.row.deleted) || newestFirst(x, y));
}
