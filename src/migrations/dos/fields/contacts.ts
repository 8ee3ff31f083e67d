import type { ServiceRow } from '../rows.ts';
import { emailIssue } from './email.ts';
import type { FieldIssue } from './issue.ts';
import { readPhone } from './phone.ts';

export interface Contacts {
  readonly email: string | null;
  readonly phonePublic: string | null;
  readonly phonePrivate: string | null;
}

/** The contacts of a service as far as they can be used, and why the others cannot. */
export function readContacts(row: ServiceRow): { contacts: Contacts; issues: readonly FieldIssue[] } {
  const badEmail = emailIssue(row.email);
  const open = readPhone('publicphone', row.publicphone);
  const direct = readPhone('nonpublicphone', row.nonpublicphone);
  return {
    contacts: { email: badEmail === null ? row.email : null, phonePublic: open.phone, phonePrivate: direct.phone },
    issues: [badEmail, open.issue, direct.issue].filter((issue) => issue !== null),
  };
}
