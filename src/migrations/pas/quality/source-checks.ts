import { opaqueKey } from '../../../core/index.ts';
import type { SourceRow } from '../engine/outcome.ts';
import type { ProjectedTable, Projection } from '../engine/projection.ts';
import { momentOf, parseDate } from '../rules/dates.ts';
import { checkNhsNumber } from '../rules/nhs-number.ts';
import { type IdentityKind, personKey } from './identity.ts';
import type { IssueBook } from './issue-book.ts';

const PATIENTS = 'PATDATA';
const ADMISSIONS = 'ADMITDISCH';

export interface SourceCheckOptions {
  /** The data is declared invented: numbers from 999 are right there, and wrong elsewhere. */
  readonly testData: boolean;
  /** Told of what should belong to one patient only, so that duplicates can be found across all patients. */
  readonly onIdentity: (kind: IdentityKind, value: string, patient: string) => void;
}

type Reader = (row: SourceRow, field: string) => string;

const readerOf = ({ columns }: ProjectedTable): Reader => {
  return (row, field) => row[columns.get(field) ?? -1] ?? '';
};

/** Looks at all rows of some patients. Rows of a patient are always seen together. */
export function checkSource(
  rows: ReadonlyMap<string, readonly SourceRow[]>,
  projection: Projection,
  book: IssueBook,
  options: SourceCheckOptions,
): void {
  const patients = checkPatients(rows.get(PATIENTS) ?? [], projection.get(PATIENTS), book, options);
  for (const [table, projected] of projection) {
    if (projected.patient === null || table === PATIENTS) continue;
    const patient = projected.patient;
    for (const row of rows.get(table) ?? []) {
      const number = row[patient] ?? '';
      const key = (): string => opaqueKey(`${table}|${row[projected.position]}|${number}`);
      if (number === '') book.add(issue('WARN', 'SOURCE_PATIENT_BLANK', table, 'the row names no patient'), key);
      else if (!patients.has(number))
        book.add(issue('ERROR', 'SOURCE_ORPHAN', table, 'the row belongs to a patient who is not in PATDATA'), key);
    }
  }
  checkAdmissions(rows.get(ADMISSIONS) ?? [], projection.get(ADMISSIONS), book);
}

const issue = (severity: 'ERROR' | 'WARN', category: string, table: string, message: string, field = '') => ({
  severity,
  category,
  table,
  field,
  message,
});

function checkPatients(
  rows: readonly SourceRow[],
  projected: ProjectedTable | undefined,
  book: IssueBook,
  { testData, onIdentity }: SourceCheckOptions,
): ReadonlySet<string> {
  const seen = new Set<string>();
  if (!projected) return seen;
  const read = readerOf(projected);
  for (const row of rows) {
    const number = row[projected.patient ?? -1] ?? '';
    const key = (): string => opaqueKey(number);
    if (number === '') book.add(issue('ERROR', 'SOURCE_PATIENT_BLANK', PATIENTS, 'a patient without a number'), key);
    else if (seen.has(number))
      book.add(issue('ERROR', 'SOURCE_DUPLICATE_PATIENT', PATIENTS, 'the patient number stands more than once'), key);
    seen.add(number);
    const nhs = read(row, 'NhsNumber');
    if (nhs !== '') {
      const checked = checkNhsNumber(nhs, { testData });
      if (typeof checked === 'object') onIdentity('nhs', checked.digits, number);
      else book.add(issue('ERROR', 'SOURCE_NHS_INVALID', PATIENTS, `not an NHS number: ${checked}`, 'NhsNumber'), key);
    }
    for (const field of ['InternalDateOfBirth', 'PtDoB', 'PtDateOfDeathInt']) {
      const date = read(row, field);
      const parsed = date === '' ? null : parseDate(date);
      if (typeof parsed === 'string')
        book.add(issue('ERROR', 'SOURCE_DATE_INVALID', PATIENTS, `not a date: ${parsed}`, field), key);
    }
    const died = moment(row, read, ['PtDateOfDeathInt']);
    const born = died === null ? null : moment(row, read, ['InternalDateOfBirth', 'PtDoB']);
    if (born !== null && died !== null && died < born)
      book.add(
        issue('ERROR', 'SOURCE_DEATH_BEFORE_BIRTH', PATIENTS, 'died before the day of birth', 'PtDateOfDeathInt'),
        key,
      );
    if (number !== '') tellIdentity(row, read, number, onIdentity);
  }
  return seen;
}

function tellIdentity(
  row: SourceRow,
  read: Reader,
  patient: string,
  onIdentity: SourceCheckOptions['onIdentity'],
): void {
  const district = read(row, 'DistrictNumber');
  if (district !== '') onIdentity('district', district, patient);
  const person = personKey({
    forenames: read(row, 'Forenames'),
    surname: read(row, 'Surname'),
    born: read(row, 'InternalDateOfBirth') || read(row, 'PtDoB'),
    sex: read(row, 'Sex'),
    postcode: read(row, 'PtAddrPostCode'),
  });
  if (person !== null) onIdentity('person', person, patient);
}

/** The first of the columns that is filled, as a number that orders days and minutes; null: none, or no date. */
function moment(row: SourceRow, read: Reader, fields: readonly string[]): number | null {
  const text = fields.map((field) => read(row, field)).find((value) => value !== '') ?? '';
  return text === '' ? null : momentOf(text);
}

function checkAdmissions(rows: readonly SourceRow[], projected: ProjectedTable | undefined, book: IssueBook): void {
  if (!projected) return;
  const read = readerOf(projected);
  for (const row of rows) {
    const admitted = moment(row, read, ['IpAdmDtimeInt', 'AdmissionDate']);
    const discharged = moment(row, read, ['IpDschDtimeInt', 'DischargeDate']);
    if (admitted === null || discharged === null || discharged >= admitted) continue;
    book.add(
      issue('ERROR', 'SOURCE_DISCHARGE_BEFORE_ADMISSION', ADMISSIONS, 'discharged before admitted', 'IpDschDtimeInt'),
      () => opaqueKey(`${row[projected.patient ?? -1]}|${row[projected.position]}`),
    );
  }
}
