import type { Put } from './put.ts';

/** What the master files hold; histories choose from it, so that every code they use can be found. */
export const MASTERS = {
  consultants: Array.from({ length: 24 }, (_, i) => `C${String(70_001 + i)}`),
  gps: Array.from({ length: 40 }, (_, i) => `G${String(1_000_001 + i)}`),
  practices: Array.from({ length: 12 }, (_, i) => `P${String(40_001 + i)}`),
  dentists: Array.from({ length: 8 }, (_, i) => `D${String(50_001 + i)}`),
  specialties: ['100', '110', '120', '130', '300', '301', '320', '340', '430', '502', '710', '711'],
  hospitals: ['RX01', 'RX02'],
  wards: ['W01', 'W02', 'W03', 'W04', 'W05', 'W06', 'W07', 'W08'],
  clinics: ['CLN01', 'CLN02', 'CLN03', 'CLN04', 'CLN05', 'CLN06'],
  clinicDoctors: ['DRC01', 'DRC02', 'DRC03', 'DRC04', 'DRC05', 'DRC06'],
  communityClinicians: ['CP01', 'CP02', 'CP03', 'CP04'],
  outpatientLists: ['OWL01', 'OWL02', 'OWL03', 'OWL04'],
  inpatientLists: ['IWL01', 'IWL02', 'IWL03', 'IWL04'],
  appointmentTypes: ['NEW', 'FUP', 'TEL'],
  disposals: ['DISC', 'FUPA', 'WAIT'],
  outcomes: ['DONE', 'CONT', 'REFD'],
  referralReasons: ['ADV', 'DIAG', 'TREA'],
  dischargeReasons: ['COMP', 'TRNS', 'DNAS'],
  removalReasons: ['ADMD', 'DECL', 'MEDI'],
  suspensionReasons: ['MEDU', 'SOCL'],
  transport: ['AM', 'CA', 'WC'],
  providers: ['RX0', 'RY0'],
  purchasers: ['5QJ', '5QK'],
  stores: ['MAIN', 'OFFS', 'CLN1'],
  bookingTypes: ['FULL', 'PART'],
  diagnoses: ['I251', 'J189', 'K409', 'M169', 'N390', 'F322', 'C509', 'E119'],
  procedures: ['W371', 'K401', 'T202', 'M459', 'H229', 'B274'],
  bookingServices: ['CAB001', 'CAB002'],
} as const;

const POSTCODES = ['LS1 4AP', 'M1 1AE', 'B33 8TH', 'CR2 6XH', 'DN55 1PT', 'EC1A 1BB', 'W1A 0AX', 'YO1 9WS'];
export const postcode = (n: number): string => POSTCODES[n % POSTCODES.length] ?? 'LS1 4AP';

/** Codes with a description, for the master files that are no more than that. */
const PLAIN: readonly (readonly [table: string, code: string, description: string | null, codes: readonly string[]])[] =
  [
    ['APPTYP', 'AppointmentTypeCode', 'AppointmentTypeDesc', MASTERS.appointmentTypes],
    ['CABSERVICE', 'CABServiceCode', 'Description', MASTERS.bookingServices],
    ['CPFOUTCOME', 'Outcome', 'Description', MASTERS.outcomes],
    ['DISP', 'DisposalCode', 'Description', MASTERS.disposals],
    ['IPBOOKTYPEMF', 'Code', null, MASTERS.bookingTypes],
    ['OPBOOKTYPEMF', 'Code', null, MASTERS.bookingTypes],
    ['OPRSNDISCH', 'DischargeCode', 'Description', MASTERS.dischargeReasons],
    ['PROV', 'ProviderCode', 'Description', MASTERS.providers],
    ['OPREFREASON', 'ReasonForRefCode', 'Description', MASTERS.referralReasons],
    ['WLREMOVALREASON', 'RemovalCode', null, MASTERS.removalReasons],
    ['WLSUSPREASONMF', 'ReasonCode', null, MASTERS.suspensionReasons],
    ['SPEC', 'Specialty', 'Description', MASTERS.specialties],
    ['TRANS', 'Transport', 'Description', MASTERS.transport],
    ['PURCHASER', 'PurchaserCode', 'Name', MASTERS.purchasers],
  ];

export function putMasters(put: Put): void {
  for (const [table, code, description, codes] of PLAIN)
    for (const value of codes)
      put(table, { [code]: value, ...(description === null ? {} : { [description]: `Entry ${value}` }) });

  for (const [i, code] of MASTERS.consultants.entries())
    put('CONSMAST', {
      Consultant: code,
      Surname: `CONSULTANT${i + 1}`,
      Name: `CONSULTANT${i + 1}`,
      GMCCode: String(6_000_001 + i),
      EmailId: `consultant${i + 1}@example.org`,
      ExternalCons: i % 6 === 0 ? 'YES' : 'NO',
    });
  // gone, and still in the table: nothing may be made of it
  put('CONSMAST', { Consultant: 'C60001', Surname: 'RETIRED', Name: 'RETIRED', Deleted: '1' });
  put('WARD', { Ward: 'W99', WardName: 'Closed ward', MfRecStsInd: '1' });
  for (const [i, code] of MASTERS.gps.entries())
    put('GP', {
      GpCode: code,
      NationalCode: code.slice(0, 7),
      GpName: `DOCTOR${i + 1}`,
      Surname: `DOCTOR${i + 1}`,
      PracticeCode: MASTERS.practices[i % MASTERS.practices.length] ?? '',
      Postcode: postcode(i),
      GpfhCode: String(10_001 + i),
    });
  for (const [i, code] of MASTERS.dentists.entries())
    put('GDP', {
      GdpCode: code,
      DpbContractCode: `V${10_001 + i}`,
      Surname: `DENTIST${i + 1}`,
      Postcode: postcode(i + 3),
    });
  for (let i = 0; i < 30; i++)
    put('USERS', {
      UserName: `USER${String(i + 1).padStart(3, '0')}`,
      OwnerName: `Worker Number${i + 1}`,
      PhoneNumber: `0113 496 ${String(100 + i).padStart(4, '0')}`,
      DisabledUserInternal: i % 10 === 9 ? '1' : '0',
      DisabledDateExternal: i % 10 === 9 ? '31/12/2025' : '',
    });
  for (const [i, code] of MASTERS.hospitals.entries())
    put('HOSPDET', {
      HospitalCode: code,
      HospitalName: `Hospital ${i + 1}`,
      Address: `${i + 1} Infirmary Road`,
      HospAddrLine2: 'Testham',
      HospAddrLine3: 'Sampleshire',
      HospAddrLine4: i === 0 ? 'Testland' : '',
      PhoneNo: `0113 496 01${i}0`,
      Postcode: postcode(i),
      ProviderCode: 'RX0',
    });
  for (const code of MASTERS.stores) put('CASENLOC', { Location: code, LocationName: `Store ${code}` });
  for (const [i, code] of MASTERS.wards.entries()) put('WARD', { Ward: code, WardName: `Ward ${i + 1}` });
  for (const [i, code] of MASTERS.clinics.entries())
    put('OUTCLNC', { SchedResGrpMfCd: code, Description: `Clinic ${i + 1}`, ProviderCode: 'RX0' });
  for (const code of MASTERS.clinicDoctors) put('OPDOCTOR', { SchedResMfCd: code, Name: `Doctor ${code}` });
  for (const code of MASTERS.communityClinicians) put('CPFCLINICIAN', { ClinicianCode: code, Surname: `CARER${code}` });
  for (const [i, code] of MASTERS.outpatientLists.entries())
    put('OPWLMF', {
      TreatmentCode: code,
      Description: `Outpatient list ${i + 1}`,
      HospitalCode: 'RX01',
      Specialty: MASTERS.specialties[i] ?? '',
    });
  for (const [i, code] of MASTERS.inpatientLists.entries())
    put('WAITCD', {
      WaitingList: code,
      WlDescription: `Inpatient list ${i + 1}`,
      MainConsultant: MASTERS.consultants[i] ?? '',
    });
  for (const code of MASTERS.diagnoses) put('ICD10', { Icd10Code: code, Description: `Diagnosis ${code}` });
  for (const code of MASTERS.procedures)
    put('OPCS4', { RevisionFourOperationCode: code, Opcs4Dx4: `Procedure ${code}` });
}
