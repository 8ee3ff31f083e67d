import { type FieldIssue, fault } from './issue.ts';
import { BLANK, lengthOf } from './text.ts';

const ATOM = "a-zA-Z0-9.!#$%&'*+/=?^_`{|}~\\-";
const LOCAL = new RegExp(`^(?!\\.)(?:"(?:(?:[${ATOM}]|${BLANK})(?!\\.\\.))+"|[${ATOM}](?!\\.\\.))+(?<!\\.)$`);
const DOMAIN = /^(?!-)[A-Za-z0-9-]{1,63}(?<!-)(?:\.[A-Za-z0-9-]{1,63})+$/;
// the dots of nhs.net and nhs.uk are any character in the reference, and its capitals count
const NHS_DOMAIN = /^(?:(?!-)[A-Za-z0-9-]{1,63}(?<!-)\.)*(?:nhs.net|nhs.uk)$/;
const MAX_LENGTH = 254;

/** Why the address cannot be used; null when it can. The address itself is never changed. */
export function emailIssue(email: string | null): FieldIssue | null {
  const issue = (code: string, text: string): FieldIssue => fault('email', code, text, email);
  if (email === null || email === '') return issue('email_not_string', 'no e-mail address is given');
  if (lengthOf(email) > MAX_LENGTH) return issue('invalid_length', `longer than ${MAX_LENGTH} characters`);
  const [local = '', domain = '', ...more] = email.split('@');
  if (more.length > 0 || !email.includes('@') || !LOCAL.test(local) || !DOMAIN.test(domain))
    return issue('invalid_format', 'not a well-formed e-mail address');
  return NHS_DOMAIN.test(domain) ? null : issue('not_nhs_email', 'not an address of the NHS');
}
