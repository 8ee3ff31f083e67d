import type { Chance } from '../chance.ts';
import { inventedNhsNumber } from '../supabase/people.ts';
import { MASTERS, postcode } from './masters.ts';
import { DAY, type Moment, TODAY, written } from './moments.ts';
import { hasEverything, type Patient, type Put } from './put.ts';

const FORENAMES = [
  'ANN',
  'BEN',
  'CARA',
  'DAN',
  'EVE',
  'FINN',
  'GRACE',
  'HUGO',
  'IRIS',
  'JACK',
  'KIM',
  'LEO',
  'ZOË',
  'SEÁN',
];
const SECOND = ['', '', 'MARY', 'JAMES', 'LOUISE MAY', 'PETER'];
const SURNAMES = [
  "O'NEILL",
  'TESTER',
  'SAMPLE',
  'EXAMPLE',
  'SMYTHE-JONES',
  'INVENT',
  'FICTION',
  'PATTERN',
  'MODEL',
  'MÜLLER',
];
const POSTAL = {
  PtPostAddrLine1: '1 Post Box Lane',
  PtPostAddrLine2: 'Testham',
  PtPostAddrLine3: 'Sampleshire',
  PtPostAddrLine4: 'Testland',
  PtPostAddrPostCode: 'LS1 4AP',
};
/** One of them longer than a line of the target. */
const CARER_ADDRESSES = [
  '12 Care Close, Testham, Sampleshire',
  'The Annexe behind the Old Schoolhouse, 145 Long Lane by the Canal Bridge, Testham, Sampleshire',
];
const STREETS = ['High Street', 'Church Lane', 'Mill Road', 'Station Road', 'The Green'];

const pick = <T>(chance: Chance, list: readonly T[]): T => chance.pick(list);
const often = (chance: Chance, share: number, value: () => string): string => (chance.yes(share) ? value() : '');
const phone = (chance: Chance): string => `0113 496 ${String(chance.below(10_000)).padStart(4, '0')}`;

/** The index row of one patient and what hangs on it: registrations, former addresses, casenotes, merged numbers. */
export function putPatient(chance: Chance, index: number, put: Put): Patient {
  const born = TODAY - DAY * chance.between(1_200, 365 * 90);
  const birth = written(born);
  const sex = chance.yes(0.5) ? '1' : '2';
  const surname = pick(chance, SURNAMES);
  const gpIndex = chance.below(MASTERS.gps.length);
  const patient: Patient = {
    number: String(100_000 + index),
    index,
    forenames: [pick(chance, FORENAMES), pick(chance, SECOND)].filter((name) => name !== '').join(' '),
    surname,
    sex,
    born: birth.day,
    postcode: postcode(chance.below(8)),
    gp: MASTERS.gps[gpIndex] ?? '',
    practice: MASTERS.practices[gpIndex % MASTERS.practices.length] ?? '',
  };
  const full = hasEverything(index);
  const some = (share: number, value: () => string): string => (chance.yes(share) || full ? value() : '');
  const died = chance.yes(0.04) ? TODAY - DAY * chance.between(1, 20) : null;
  const mrsa = chance.yes(0.02) || full;
  const street = pick(chance, STREETS);
  put('PATDATA', {
    InternalPatientNumber: patient.number,
    DistrictNumber: `DN${patient.number}`,
    NhsNumber: inventedNhsNumber(index) ?? '',
    NHSNumberStatus: inventedNhsNumber(index) === null ? '07' : '01',
    OldNHSNumber: some(0.05, () => `TEST${index}`),
    PmiAlternatePatientNumberinternal: some(0.1, () => `ALT${patient.number}`),
    Forenames: patient.forenames,
    Surname: surname,
    Title: sex === '1' ? 'MR' : pick(chance, ['MRS', 'MISS', 'MS']),
    Sex: sex,
    InternalDateOfBirth: birth.dayInt,
    PtDoB: birth.day,
    BirthName: some(0.2, () => pick(chance, SURNAMES)),
    PreviousSurname1: some(0.1, () => pick(chance, SURNAMES)),
    PreviousSurname2: some(0.03, () => pick(chance, SURNAMES)),
    PreviousSurname3: some(0.01, () => pick(chance, SURNAMES)),
    PreferredName: some(0.1, () => pick(chance, FORENAMES)),
    PlaceOfBirth: often(chance, 0.5, () => 'TESTHAM'),
    EthnicType: pick(chance, ['A', 'B', 'C', 'D', 'H', 'J', 'M', 'N']),
    MaritalStatus: pick(chance, ['S', 'M', 'D', 'W']),
    Religion: pick(chance, ['C', 'N', 'M', 'B']),
    SpokenLanguage: pick(chance, ['ENGLISH', 'POLISH', 'WELSH']),
    Occupation: often(chance, 0.4, () => 'CLERK'),
    PtAddrLine1: `${chance.between(1, 200)} ${street}`,
    PtAddrLine2: 'Testham',
    PtAddrLine3: 'Sampleshire',
    PtAddrLine4: some(0.2, () => 'Testland'),
    PtAddrPostCode: patient.postcode,
    PtHomePhone: phone(chance),
    PtWorkPhone: some(0.3, () => phone(chance)),
    PtMobilePhone: often(chance, 0.7, () => '07700 900123'),
    PtEmail: often(chance, 0.5, () => `p${patient.number}@example.org`),
    ...(chance.yes(0.05) || full ? POSTAL : {}),
    UserField1: some(0.1, () => 'Large print'),
    UserField2: some(0.1, () => 'Interpreter'),
    NoKName: some(0.8, () => `${pick(chance, FORENAMES)} ${surname}`),
    NoKRelationship: pick(chance, ['SPOUSE', 'MOTHER', 'SON', 'PARTNER']),
    NoKAddrLine1: `${chance.between(1, 200)} ${street}`,
    NoKAddrLine2: 'Testham',
    NoKAddrLine3: some(0.5, () => 'Sampleshire'),
    NoKAddrLine4: some(0.1, () => 'Testland'),
    NoKPostCode: patient.postcode,
    NoKHomePhone: phone(chance),
    NoKWorkPhone: some(0.2, () => phone(chance)),
    NoKEmail: some(0.2, () => `kin${patient.number}@example.org`),
    NoKComments: some(0.1, () => 'Evenings only'),
    CarerName: some(0.05, () => `${pick(chance, FORENAMES)} CARER`),
    CarerAddress: pick(chance, CARER_ADDRESSES),
    CarerEmail: some(0.2, () => `carer${patient.number}@example.org`),
    GpCode: patient.gp,
    GdpCode: often(chance, 0.6, () => pick(chance, MASTERS.dentists)),
    Allergies: chance.weighted([
      ['', 60],
      ['NONE', 20],
      ['PENICILLIN', 12],
      ['LATEX', 8],
    ]),
    Allergies_1: some(0.05, () => 'NUTS'),
    RiskFactorCode: some(0.06, () => pick(chance, ['VIOL', 'FALLS'])),
    RiskFactorCode_1: some(0.01, () => 'INFECT'),
    MRSA: mrsa ? 'YES' : '',
    MRSASetDt: mrsa ? written(TODAY - DAY * chance.between(30, 900)).day : '',
    GeneralComments: often(chance, 0.2, () => 'Prefers letters, not calls'),
    PtDateOfDeathInt: died === null ? '' : written(died).dayInt,
    PtDateOfDeath: died === null ? '' : written(died).day,
    PtDeathInformedBy: died === null ? '' : 'Relative',
  });
  putHistory(chance, patient, born, put);
  return patient;
}

function putHistory(chance: Chance, patient: Patient, born: Moment, put: Put): void {
  const changes = chance.weighted([
    [1, 75],
    [2, 20],
    [3, 5],
  ]);
  for (let i = 1; i <= changes; i++) {
    const last = i === changes;
    const from = written(Math.max(born + DAY * i, TODAY - DAY * 365 * (changes - i + 1) * 4));
    const gp = last ? patient.gp : pick(chance, MASTERS.gps);
    put('GPHISTORY', {
      InternalPatientNumber: patient.number,
      SeqNo: String(i),
      GpCode: gp,
      NationalCode: gp.slice(0, 7),
      Practice: last ? patient.practice : pick(chance, MASTERS.practices),
      FromDate: from.day,
      ToDate: last ? '' : written(TODAY - DAY * 365 * (changes - i) * 4).day,
    });
  }
  if (chance.yes(0.15) || hasEverything(patient.index)) {
    const moved = TODAY - DAY * chance.between(10, 2000);
    put('ADTLADDCOR', {
      Intpatno: patient.number,
      SeqNo: '1',
      Oldaddline1: `${chance.between(1, 200)} ${pick(chance, STREETS)}`,
      Oldaddline2: 'Oldham Test',
      Oldaddline3: 'Sampleshire',
      Oldaddline4: 'Testland',
      Oldpostcode: patient.postcode.slice(0, 8),
      PmiPatientAddressOldEffectiveDateFromInt: written(Math.max(born, moved - DAY * 900)).int,
      PmiPatientAddressOldEffectiveDateToInt: written(moved).int,
      PmiPatientAddressNewEffectiveDateFromInt: written(moved).int,
    });
  }
  const volumes = chance.weighted([
    [1, 85],
    [2, 15],
  ]);
  for (let i = 1; i <= volumes; i++)
    put('CASENOTEDETS', {
      InternalPatientNumber: patient.number,
      PtCasenoteIdPhyskey: `CN${patient.number}${i}`,
      Location: pick(chance, MASTERS.stores),
      Status: 'ACTIVE',
      PtCsNtLocDat: written(TODAY - DAY * chance.between(1, 900)).dayInt,
      Comment: often(chance, 0.1, () => 'Second volume'),
    });
  if (chance.yes(0.02) || hasEverything(patient.index)) putMerged(chance, patient, put);
}

/** A number the patient had once by mistake. Its own record still stands, and a casenote still bears it. */
function putMerged(chance: Chance, patient: Patient, put: Put): void {
  const old = String(900_000_000 + patient.index);
  put('MERGEDID', { OldID: old, NewestID: patient.number, NewestDateTime: written(TODAY - DAY).full });
  put('PATDATA', {
    InternalPatientNumber: old,
    Forenames: patient.forenames,
    Surname: patient.surname,
    Sex: patient.sex,
    PtDoB: patient.born,
    PtAddrPostCode: patient.postcode,
  });
  put('CASENOTEDETS', {
    InternalPatientNumber: old,
    PtCasenoteIdPhyskey: `CN${old}1`,
    Location: pick(chance, MASTERS.stores),
    Status: 'MERGED',
  });
}
