import { decodeReferences } from './html-text.ts';
import { type FieldIssue, fault } from './issue.ts';
import { BLANK, lengthOf, singleBlanks, trimmed } from './text.ts';

const MAX_LENGTH = 100;
const DANGEROUS = new RegExp(
  [
    '(?:javascript|data|vbscript|file|about):',
    `on[\\p{L}\\p{N}_]+${BLANK}*=`,
    `<${BLANK}*(?:script|iframe|object|embed)`,
    `</${BLANK}*script`,
    '<!--|-->|<!\\[CDATA\\[',
  ].join('|'),
  'iu',
);
const STILL_ENCODED = /&(?:[a-zA-Z]+|#[0-9]+|#x[0-9a-fA-F]+);/;
const PREFIXES = ['GP - ', 'GP -', 'GP- ', 'GP-'];
const BEFORE_BRANCH = ' - ';

/** What a name's reading tells the log: code of the reference and figures, never the name. */
export interface NameNote {
  readonly code: string;
  readonly fields: Readonly<Record<string, number>>;
}

interface NameReading {
  readonly name: string | null;
  readonly issue: FieldIssue | null;
  readonly notes: readonly NameNote[];
}

const note = (number: string, fields: Readonly<Record<string, number>> = {}): NameNote => ({
  code: `UTILS_GP_PRACTICE_VALIDATOR_${number}`,
  fields,
});

/** The name of a GP practice, without its prefix and its branch, as plain text; or why it cannot be used. */
export function readPublicName(raw: string | null): NameReading {
  const notes: NameNote[] = [];
  const refuse = (code: string, text: string, ...more: NameNote[]): NameReading => ({
    name: null,
    issue: fault('publicname', `publicname_${code}`, text, null),
    notes: [...notes, ...more],
  });
  if (raw === null || raw === '') return refuse('required', 'no public name is given');
  if (lengthOf(raw) > MAX_LENGTH)
    return refuse('too_long', `longer than ${MAX_LENGTH} characters`, note('004', { max_chars: MAX_LENGTH }));
  if (DANGEROUS.test(raw)) return refuse('dangerous_pattern', 'holds what a browser could run', note('005'));
  const prefix = PREFIXES.find((one) => raw.startsWith(one));
  const full = prefix === undefined ? raw : trimmed(raw.slice(prefix.length));
  const branch = full.indexOf(BEFORE_BRANCH);
  const practice = trimmed(branch < 0 ? full : full.slice(0, branch));
  if (raw.includes(BEFORE_BRANCH))
    notes.push(note('001', { original_length: lengthOf(raw), sanitized_length: lengthOf(practice) }));
  if (practice === '') return refuse('empty_after_sanitization', 'nothing is left of the name');
  const plain = decodeReferences(practice);
  if (STILL_ENCODED.test(plain)) return refuse('suspicious_encoding', 'encoded more than once', note('002'));
  const name = trimmed(singleBlanks(plain));
  if (name === '') return refuse('empty_after_sanitization', 'nothing is left of the name');
  return { name, issue: null, notes };
}
