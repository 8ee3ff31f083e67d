import type { Chance } from '../chance.ts';
import { inventedNhsNumber } from '../supabase/people.ts';
import type { Put } from './put.ts';

type Row = Readonly<Record<string, string>>;

/** What may be wrong with a row, each as it is found in real extracts. */
interface Dirt {
  readonly kind: string;
  readonly table: string;
  /** The rows that stand in the extract instead of this one. */
  readonly soil: (row: Row) => readonly Row[];
}

const born = (text: string) => (row: Row) => [{ ...row, InternalDateOfBirth: text, PtDoB: '' }];
const set = (changes: Row) => (row: Row) => [{ ...row, ...changes }];
/** A second row beside the first, as when somebody was registered again. */
const beside = (changes: (row: Row) => Row) => (row: Row) => [row, { ...row, ...changes(row) }];

const again = (row: Row): string => `8${row.InternalPatientNumber ?? ''}`;
const number = (row: Row): number => Number(row.InternalPatientNumber ?? 0);

/** The number of another invented person, from the far end of the range. */
function anotherNhsNumber(row: Row): string {
  for (let n = 900_000 + (number(row) % 90_000); ; n++) {
    const digits = inventedNhsNumber(n);
    if (digits !== null) return digits;
  }
}

/** Two patients with one NHS number, whether the first had one or not. */
function sharedNhsNumber(row: Row): readonly Row[] {
  const NhsNumber = anotherNhsNumber(row);
  const other = { InternalPatientNumber: again(row), DistrictNumber: `DN${again(row)}`, Forenames: 'OTHER' };
  return [
    { ...row, NhsNumber },
    { ...row, NhsNumber, ...other },
  ];
}

const PATIENTS: readonly Omit<Dirt, 'table'>[] = [
  { kind: 'nhs-check-digit', soil: set({ NhsNumber: '9990000000' }) },
  { kind: 'nhs-letters', soil: set({ NhsNumber: 'NHS999000001' }) },
  { kind: 'nhs-same-digit', soil: set({ NhsNumber: '1111111111' }) },
  { kind: 'nhs-shared', soil: sharedNhsNumber },
  { kind: 'birth-29-february', soil: born('20230229') },
  { kind: 'birth-placeholder', soil: born('99999999') },
  { kind: 'birth-year-0001', soil: born('00010101') },
  { kind: 'birth-in-words', soil: born('last spring') },
  { kind: 'births-disagree', soil: set({ InternalDateOfBirth: '19500101', PtDoB: '02/01/1950' }) },
  { kind: 'death-before-birth', soil: set({ PtDateOfDeathInt: '18990101', PtDateOfDeath: '01/01/1899' }) },
  { kind: 'surname-blank', soil: set({ Surname: '' }) },
  { kind: 'unmapped-ethnicity', soil: set({ EthnicType: 'QQ' }) },
  { kind: 'over-long-address', soil: set({ PtAddrLine1: 'A very long house name '.repeat(6) }) },
  { kind: 'postcode', soil: set({ PtAddrPostCode: 'NOT KNOWN' }) },
  { kind: 'patient-number-blank', soil: beside(() => ({ InternalPatientNumber: '', Forenames: 'NAMELESS' })) },
  { kind: 'patient-number-twice', soil: beside(() => ({ Surname: 'OTHERWISE' })) },
  {
    kind: 'person-twice',
    soil: beside((row) => ({ InternalPatientNumber: again(row), DistrictNumber: `DN${again(row)}`, NhsNumber: '' })),
  },
  {
    kind: 'district-number-shared',
    soil: beside((row) => ({ InternalPatientNumber: again(row), NhsNumber: '', Forenames: 'OTHER' })),
  },
];

const DIRT: readonly Dirt[] = [
  ...PATIENTS.map((dirt) => ({ ...dirt, table: 'PATDATA' })),
  { kind: 'orphan', table: 'ADMITDISCH', soil: set({ InternalPatientNumber: '999999999' }) },
  { kind: 'orphan-not-loaded', table: 'AEA', soil: set({ InternalPatientNumber: '999999999' }) },
  { kind: 'admission-not-there', table: 'CONSEPISODE', soil: set({ EpisodeNumber: '999999999' }) },
  { kind: 'key-blank', table: 'CONSEPISODE', soil: set({ FCENumber: '' }) },
  { kind: 'key-twice', table: 'CONSEPISODE', soil: beside(() => ({ ConsultantCode: 'C70024', HRGCode: 'ZZ99Z' })) },
  { kind: 'code-form', table: 'CONSEPISDIAG', soil: set({ SecondaryDiagnosis: '??' }) },
  {
    kind: 'discharge-before-admission',
    table: 'ADMITDISCH',
    soil: set({ DischargeDate: '01/01/2020 10:00', IpDschDtimeInt: '202001011000' }),
  },
  { kind: 'unmapped-method', table: 'ADMITDISCH', soil: set({ MethodOfAdmission: '77' }) },
  { kind: 'not-in-master-file', table: 'ADMITDISCH', soil: set({ Consultant: 'C00000' }) },
  { kind: 'date-text', table: 'OPREFERRAL', soil: set({ ReferralDate: 'last spring' }) },
  { kind: 'line-break', table: 'OPA', soil: set({ ApptComment: 'two\nlines, and "quotes"' }) },
  { kind: 'time', table: 'OPA', soil: set({ ApptTime: '25:61' }) },
  { kind: 'number', table: 'WLENTRY', soil: set({ TheatreTime: 'an hour' }) },
  {
    kind: 'merge-ring',
    table: 'MERGEDID',
    soil: beside((row) => ({ OldID: row.NewestID ?? '', NewestID: row.OldID ?? '' })),
  },
  { kind: 'deletion-mark', table: 'GP', soil: set({ MfRecStsInd: 'PERHAPS' }) },
];

/** Soils this share of the rows of the tables that have dirt; `count` is told of each. */
export function soiling(put: Put, share: number, chance: Chance, count: (kind: string) => void): Put {
  if (share === 0) return put;
  return (table, row) => {
    const kinds = DIRT.filter((dirt) => dirt.table === table);
    if (kinds.length === 0 || !chance.yes(share)) {
      put(table, row);
      return;
    }
    const dirt = chance.pick(kinds);
    count(dirt.kind);
    for (const soiled of dirt.soil(row)) put(table, soiled);
  };
}
