import type { Delivery } from '../../core/index.ts';

/** Those referred to come before those that refer: what the declared types of the migrations need. */
const RANK: Readonly<Record<string, number>> = {
  Organization: 0,
  Location: 1,
  Practitioner: 1,
  PractitionerRole: 2,
  Patient: 3,
  RelatedPerson: 4,
  Device: 4,
  DocumentReference: 4,
  Task: 6,
  Consent: 9,
  Provenance: 10,
  AuditEvent: 10,
};
const rank = (type: string): number => RANK[type] ?? 5;

export const typeOf = (target: string): string => target.slice(target.indexOf('.') + 1);

/** One order for every writer, so that two transactions never lock the same rows the other way round. */
export function byTypeAndId(a: Delivery, b: Delivery): number {
  const [left, right] = [typeOf(a.target), typeOf(b.target)];
  return rank(left) - rank(right) || compare(left, right) || compare(a.id, b.id);
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
