import type { Chance } from '../chance.ts';
import { soil } from './dirt.ts';
import { CLINICIANS, FIRST_NAMES } from './names.ts';
import { inventedPhone, type Person, typedNhsNumber } from './people.ts';
import type { Submission } from './rows.ts';
import type { Oddities } from './shares.ts';
import { staffEmail, staffId } from './staff.ts';
import * as words from './words.ts';

export interface MakeContext {
  /** what counts as now, milliseconds since 1970: the generator has no clock */
  readonly baseMs: number;
  /** share of submissions with something false in them */
  readonly dirty: number;
  readonly odd: Oddities;
}

export interface Guardian {
  name: string;
  relationship: string;
  phone: string | null;
  email: string | null;
}

export const DAY_MS = 86_400_000;

/** An ISO instant; some carry microseconds, as the database's own clock gives them. */
export function instant(chance: Chance, ms: number): string {
  const text = new Date(ms).toISOString();
  return chance.yes(0.5) ? text : text.replace('Z', `${String(chance.below(1000)).padStart(3, '0')}Z`);
}

const some = <T>(chance: Chance, list: readonly T[], atMost: number): T[] => {
  const chosen = new Set<T>();
  for (let n = chance.between(0, atMost); n > 0; n--) chosen.add(chance.pick(list));
  return [...chosen];
};

const maybe = <T>(chance: Chance, share: number, value: () => T): T | null => (chance.yes(share) ? value() : null);

export function makeGuardian(chance: Chance, person: Person): Guardian {
  return {
    name: `${chance.pick(FIRST_NAMES)} ${person.surname}`,
    relationship: chance.pick(words.RELATIONSHIPS),
    phone: chance.yes(0.8) ? inventedPhone(chance) : null,
    email: chance.yes(0.5) ? person.email : null,
  };
}

function guardians(chance: Chance, person: Person, context: MakeContext): Guardian[] {
  const isChild = Date.parse(person.born) > context.baseMs - 18 * 365 * DAY_MS;
  const list: Guardian[] = [];
  for (let n = isChild ? chance.between(1, 3) : chance.below(8) === 0 ? 1 : 0; n > 0; n--)
    list.push(makeGuardian(chance, person));
  if (list.length > 0 && context.odd.is('guardian-twice')) list.push({ ...(list[0] as Guardian) });
  return list;
}

function consent(chance: Chance, createdMs: number, context: MakeContext): [string | null, string | null] {
  if (context.odd.is('no-consent')) return [null, null];
  if (context.odd.is('consent-to-come')) {
    const signed = context.baseMs + chance.between(30, 900) * DAY_MS;
    return [new Date(signed).toISOString(), new Date(signed + 365 * DAY_MS).toISOString()];
  }
  const days = context.odd.is('consent-over') ? chance.between(0, 30) : chance.pick([365, 365, 730, 1825]);
  const open = chance.yes(0.1);
  return [instant(chance, createdMs), open ? null : new Date(createdMs + days * DAY_MS).toISOString()];
}

/** The rest of the ways in which a right row may surprise its reader. */
function surprise(chance: Chance, row: Submission, odd: Oddities): void {
  if (odd.is('no-email')) row.email = null;
  if (odd.is('no-phone')) row.phone = null;
  if (odd.is('no-birth-date')) row.date_of_birth = null;
  if (odd.is('born-1900')) row.date_of_birth = '1900-01-01';
  if (odd.is('unknown-status')) row.status = chance.pick(['archived', 'NEW ', '', 'en attente']);
  if (odd.is('empty-text')) for (const name of ['onset_time', 'other_conditions', 'phone'] as const) row[name] = '';
  if (odd.is('blank-text'))
    row[chance.pick(['other_triggers', 'first_name', 'most_severe_reaction'] as const)] = ' \t\n ';
  if (odd.is('control-characters'))
    row.patient_notes = 'copied from fax\u0007\u001b[1m urgent\u001b[0m\u000b\u0001 \r\n page 2';
  if (odd.is('emoji')) row.most_severe_reaction = 'swollen 😱🫦 after 🥜; better now 👍🏽 says 👩‍👩‍👧 & “nana”';
  if (odd.is('long-text'))
    row[chance.pick(['patient_notes', 'clinician_notes'] as const)] = words.prose(
      chance,
      chance.between(9_000, 20_000),
    );
}

export function makeSubmission(chance: Chance, person: Person, context: MakeContext): Submission {
  const { baseMs, odd } = context;
  const createdMs = baseMs - chance.below(730 * DAY_MS);
  const [signed, expires] = consent(chance, createdMs, context);
  const clinician = chance.yes(0.6) ? chance.pick(CLINICIANS) : null;
  const concern = chance.yes(0.05);
  const id = chance.uuid();
  const row: Submission = {
    id,
    created_at: instant(chance, createdMs),
    updated_at: instant(chance, createdMs + 1 + chance.below(Math.max(1, baseMs - createdMs))),
    first_name: person.first,
    surname: person.surname,
    email: chance.yes(0.06) ? person.email.toUpperCase() : person.email,
    phone: person.phone,
    date_of_birth: person.born,
    nhs_number: person.nhs === null ? maybe(chance, 0.2, () => '') : typedNhsNumber(chance, person.nhs),
    guardian_contacts: guardians(chance, person, context),
    symptoms: some(chance, words.SYMPTOMS, 5),
    onset_time: maybe(chance, 0.8, () => chance.pick(words.ONSETS)),
    reaction_frequency: maybe(chance, 0.7, () => chance.pick(words.FREQUENCIES)),
    most_severe_reaction: maybe(chance, 0.6, () => chance.pick(words.WORST)),
    food_triggers: some(chance, words.FOODS, 4),
    other_triggers: maybe(chance, 0.2, () => chance.pick(words.OTHER_TRIGGERS)),
    can_eat_baked_egg: chance.yes(0.6),
    can_eat_baked_milk: chance.yes(0.7),
    asthma_control: maybe(chance, 0.9, () => chance.pick(words.ASTHMA)),
    eczema: chance.yes(0.4),
    hay_fever: chance.yes(0.4),
    other_conditions: maybe(chance, 0.3, () => chance.pick(words.CONDITIONS)),
    last_antihistamine: maybe(chance, 0.4, () => instant(chance, createdMs - chance.below(30 * DAY_MS))),
    taking_beta_blocker: chance.yes(0.03),
    taking_ace_inhibitor: chance.yes(0.03),
    pregnant: chance.yes(0.01),
    has_auto_injector: chance.yes(0.3),
    carries_auto_injector: chance.yes(0.25),
    attachments: some(chance, ['rash 1.jpg', 'letter.pdf', 'plan (signed).PDF'], 2).map(
      (f) => `submissions/${id}/${f}`,
    ),
    document_references: some(chance, ['EHCP-2024', 'GP letter', 'School plan'], 1),
    consent_signed_at: signed,
    consent_expires_at: expires,
    safeguarding_notes: concern ? 'Discussed with the safeguarding lead' : null,
    safeguarding_follow_up_at: concern ? new Date(createdMs + 28 * DAY_MS).toISOString() : null,
    patient_notes: maybe(chance, 0.4, () => words.prose(chance, chance.between(20, 240))),
    status: chance.weighted(words.SUBMISSION_STATUSES),
    spt_ready: chance.yes(0.3),
    high_risk: chance.yes(0.08),
    flags: some(chance, words.FLAGS, 2),
    clinician_notes: maybe(chance, 0.3, () => words.prose(chance, chance.between(40, 600))),
    clinician_id: clinician === null ? null : staffId(clinician),
    clinician_email: clinician === null ? null : staffEmail(clinician),
  };
  surprise(chance, row, odd);
  const dirt = odd.dirt(context.dirty);
  if (dirt !== null) soil(chance, row, dirt, baseMs);
  return row;
}
