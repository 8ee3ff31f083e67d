import { formatDate, parseDate } from '../rules/dates.ts';
import type { Derivation } from '../rules/derivations.ts';
import { referenceValue } from './values.ts';

/**
 * What the reference's plug-ins put into a cell of its own contract. Each value that is not from the source is noted
 * as defaulted: lineage shows it, and no gate counts it as filled.
 */
export interface ReferenceRule {
  readonly name: string;
  /** Target fields of the same table whose sources the rule reads as well, before its own. */
  readonly reads: readonly string[];
  readonly derive: Derivation;
}

const copy: Derivation = ([value = '']) => referenceValue(value);

export const REFERENCE_COPY: ReferenceRule = { name: 'reference-copy', reads: [], derive: copy };

const orElse = (fallback: string): ReferenceRule => ({
  name: `reference-default ${fallback}`,
  reads: [],
  derive: ([value = ''], _, scope) => {
    const text = referenceValue(value);
    if (text === '') scope.note = 'defaulted';
    return text === '' ? fallback : text;
  },
});

const upper: ReferenceRule = {
  name: 'reference-upper',
  reads: [],
  derive: ([value = '']) => referenceValue(value).toUpperCase(),
};

const digits: ReferenceRule = {
  name: 'reference-digits',
  reads: [],
  derive: ([value = '']) => referenceValue(value).replace(/\P{Nd}/gu, ''),
};

const TITLES: Readonly<Record<string, string>> = { '1': 'MR', M: 'MR', '2': 'MRS', F: 'MRS' };

const title: ReferenceRule = {
  name: 'reference-title',
  reads: ['sex'],
  derive: ([sex = '', value = ''], _, scope) => {
    const text = referenceValue(value);
    if (text !== '') return text;
    scope.note = 'defaulted';
    return TITLES[referenceValue(sex).toUpperCase()] ?? 'MX';
  },
};

/** Three days after admission, for a discharge that has not happened. */
const afterAdmission: ReferenceRule = {
  name: 'reference-three-days-after-admission',
  reads: ['admit_date'],
  derive: ([admitted = '', value = ''], _, scope) => {
    const text = referenceValue(value);
    const date = parseDate(referenceValue(admitted));
    if (text !== '' || typeof date === 'string') return text;
    const day = new Date(Date.UTC(date.year, date.month - 1, date.day + 3));
    scope.note = 'defaulted';
    return formatDate({
      year: day.getUTCFullYear(),
      month: day.getUTCMonth() + 1,
      day: day.getUTCDate(),
      time: null,
    });
  },
};

const PATIENT_INDEX: Readonly<Record<string, ReferenceRule>> = {
  main_crn_type: orElse('PAS'),
  nhs_number: digits,
  title,
  date_registered: orElse('01/01/2000'),
  pat_name_1: upper,
  pat_name_family: upper,
  post_code: upper,
};

const PERIOD: Readonly<Record<string, ReferenceRule>> = {
  applies_start: orElse('01/01/2000'),
  applies_end: orElse('31/12/9999'),
};

const BY_TABLE: Readonly<Record<string, Readonly<Record<string, ReferenceRule>>>> = {
  LOAD_PMIADDRS: { ...PERIOD, address_type: orElse('H') },
  LOAD_PMICONTACTS: { ...PERIOD, contact_type: orElse('NOK') },
  LOAD_ADT_ADMISSIONS: { estimated_discharge_date: afterAdmission, discharge_date: afterAdmission },
  LOAD_ADT_WARDSTAYS: { is_home_stay: orElse('N'), is_awol: orElse('N') },
  LOAD_OPD_APPOINTMENTS: {
    walkin_flag: orElse('N'),
    time_arrived: orElse('09:00'),
    time_seen: orElse('09:20'),
    time_complete: orElse('09:40'),
  },
};

/** The rule of a copied or defaulted field. */
export function referenceRuleOf(table: string, field: string): ReferenceRule {
  const own = BY_TABLE[table]?.[field];
  if (own) return own;
  return (table.startsWith('LOAD_PMI') ? PATIENT_INDEX[field] : undefined) ?? REFERENCE_COPY;
}

/** The first identifier that is there: of a row without patient number, whatever number it has. */
export const REFERENCE_PATIENT_ID: ReferenceRule = {
  name: 'reference-patient-id',
  reads: [],
  derive: (values) => values.find((value) => value !== '') ?? '',
};

/** Which crosswalk a translated field goes through; null where none is inferred from the names. */
export function referenceCrosswalkOf(table: string, field: string): string | null {
  if (field.includes('sex')) return 'sex';
  if (field.includes('ethnic')) return 'ethnicity';
  if (table.toLowerCase().includes('rtt') && field.includes('status')) return 'rtt_status';
  if (field.includes('method_of_admission')) return 'admission_method';
  if (field.includes('method_of_discharge')) return 'discharge_method';
  const places = ['source_of_admission', 'destination_on_discharge', 'admit_from'];
  return places.includes(field) ? 'source_destination' : null;
}
