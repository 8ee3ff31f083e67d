import type { Chance } from '../chance.ts';
import type { Submission } from './rows.ts';
import type { Dirty } from './shares.ts';

const DAY_MS = 86_400_000;

/** Nobody's number: too short, letters, a wrong check digit, ten equal digits. */
function wrongNhsNumber(chance: Chance): string {
  const six = String(chance.below(1_000_000)).padStart(6, '0');
  return chance.weighted([
    [wrongCheckDigit(`999${six}`), 5],
    [`999 ${six.slice(0, 3)} ${six.slice(3)}`, 2],
    [`999${six}12345`, 1],
    [`999-ABC-${six.slice(0, 4)}`, 1],
    ['999 999 9999', 1],
    ['not known', 1],
    ['0000000000', 1],
  ]);
}

function wrongCheckDigit(nine: string): string {
  let sum = 0;
  for (let i = 0; i < 9; i++) sum += Number(nine[i]) * (10 - i);
  const right = (11 - (sum % 11)) % 11;
  return `${nine}${(right + 1) % 10}`;
}

function wrongGuardians(chance: Chance): unknown {
  return chance.pick<unknown>([
    ['Gran, 07700 900404'],
    [null],
    [{}],
    [{ name: 17, relationship: 'Mother' }],
    [{ name: 'Ask at school', phone: ['01632 960555', '01632 960556'] }],
    [{ relationship: 'Father', email: 'no.name@example.org' }, ['Aunt']],
    { name: 'Not in a list', relationship: 'Guardian' },
    'ring the school office',
    42,
    false,
  ]);
}

const WRONG_EMAILS = [
  'see phone',
  'a.patient@',
  '@example.org',
  'two words@example.org',
  'dots@example..org',
  'mailto:someone@example.org',
  'first@example.org; second@example.org',
  'name(at)example.org',
] as const;

/** Puts one falsehood into a submission that was right; the database takes every one of them. */
export function soil(chance: Chance, row: Submission, kind: Dirty, baseMs: number): void {
  if (kind === 'bad-nhs-number') row.nhs_number = wrongNhsNumber(chance);
  else if (kind === 'bad-email') row.email = chance.pick(WRONG_EMAILS);
  else if (kind === 'bad-guardians') row.guardian_contacts = wrongGuardians(chance);
  else if (kind === 'born-in-future')
    row.date_of_birth = new Date(baseMs + chance.between(400, 25_000) * DAY_MS).toISOString().slice(0, 10);
  else {
    const signed = baseMs - chance.between(1, 400) * DAY_MS;
    row.consent_signed_at = new Date(signed).toISOString();
    row.consent_expires_at = new Date(signed - chance.between(1, 400) * DAY_MS).toISOString();
  }
}
