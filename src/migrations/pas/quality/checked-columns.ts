/** Columns of the source that the quality checks look at, whether a contract reads them or not. */
export const CHECKED_COLUMNS: ReadonlyMap<string, readonly string[]> = new Map([
  [
    'PATDATA',
    [
      'NhsNumber',
      'DistrictNumber',
      'Forenames',
      'Surname',
      'Sex',
      'InternalDateOfBirth',
      'PtDoB',
      'PtDateOfDeathInt',
      'PtAddrPostCode',
    ],
  ],
  ['ADMITDISCH', ['IpAdmDtimeInt', 'IpDschDtimeInt', 'AdmissionDate', 'DischargeDate']],
]);
