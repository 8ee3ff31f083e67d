import { type FieldIssue, fault } from './issue.ts';
import { lengthOf, trimmed } from './text.ts';

// the anchors of the reference hold for the outermost alternatives only, and the whole must match all the same
const NUMBER = /^(?:(?:01|02|03|05|07|08|09)\p{Nd}{9}|01\p{Nd}{8}|0800\p{Nd}{6}|0845464\p{Nd})$/u;

export type PhoneColumn = 'publicphone' | 'nonpublicphone';

/** The number without blanks and with its national zero, or why it cannot be used. */
export function readPhone(column: PhoneColumn, raw: string | null): { phone: string | null; issue: FieldIssue | null } {
  const refuse = (code: string, text: string, value: string | null) => ({
    phone: null,
    issue: fault(column, code, text, value),
  });
  if (raw === null || raw === '') return refuse('empty', 'no telephone number is given', raw);
  const phone = trimmed(raw).replaceAll(' ', '').replaceAll('+44', '0');
  const length = lengthOf(phone);
  if (length > 11 || length < 8 || length === 9)
    return refuse('invalid_length', 'not as long as a British telephone number', phone);
  if (!NUMBER.test(phone)) return refuse('invalid_format', 'not a British telephone number', phone);
  return { phone, issue: null };
}
