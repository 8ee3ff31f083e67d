import { describe, expect, test } from 'vitest';
import type { Catalogue } from '../../../src/migrations/pas/catalogue/model.ts';
import { checkContract } from '../../../src/migrations/pas/contract/check.ts';
import type { FindingKind } from '../../../src/migrations/pas/contract/finding.ts';
import type { ReadContract } from '../../../src/migrations/pas/contract/read.ts';
import { type Change, changed, shipped } from './contract-files.ts';

const { catalogue, contract } = shipped();
const rows = [...contract.fields.values()].flat();
const kinds = (made: ReadContract, by: Catalogue = catalogue): FindingKind[] => [
  ...new Set(checkContract(made, by).map(({ kind }) => kind)),
];

describe('the shipped contract', () => {
  test('passes its own check', () => {
    expect(checkContract(contract, catalogue)).toEqual([]);
  });

  test('has a class, a rule and a reason for each of the 919 columns', () => {
    const classOf = new Map(rows.map((row) => [`${row.table}.${row.field}`, row.class]));
    expect(classOf.size).toBe(919);
    const count: Record<string, number> = {};
    for (const one of classOf.values()) count[one] = (count[one] ?? 0) + 1;
    expect(count).toEqual({
      DIRECT_SOURCE: 255,
      DERIVED: 51,
      LOOKUP_TRANSLATION: 187,
      SURROGATE_ETL: 143,
      REFERENCE_MASTER_FEED: 104,
      OUT_OF_SCOPE: 179,
    });
    for (const row of rows) expect(row.reason, `${row.table}.${row.field}`).toMatch(/^[A-Z].{10,}\.$/s);
  });

  test('is approved by nobody yet', () => {
    expect(rows.filter(({ review }) => review === 'APPROVED')).toEqual([]);
    for (const crosswalk of contract.crosswalks.values())
      if (crosswalk.kind === 'codes')
        expect(crosswalk.entries.filter(({ review }) => review === 'APPROVED')).toEqual([]);
  });

  test('declares driver, grain, key and state of each of the 38 tables, and all 41 foreign keys', () => {
    expect(contract.plans.size).toBe(38);
    for (const { feeds } of contract.plans.values())
      for (const feed of feeds) {
        expect(feed.key.length).toBeGreaterThan(0);
        expect(feed.grain).toMatch(/^one row for each /);
        expect(feed.asOf.length).toBeGreaterThan(5);
      }
    const links = [...contract.plans.values()].flatMap(({ table, feeds }) =>
      feeds.flatMap(({ parents }) => parents.map(({ field, parent }) => `${table}.${field} ${parent}`)),
    );
    expect(new Set(links)).toEqual(
      new Set(catalogue.edges.map(({ child, field, parent }) => `${child}.${field} ${parent}`)),
    );
    expect(new Set(links).size).toBe(41);
  });

  test('loads parents before children', () => {
    expect([...contract.plans.values()].map(({ order }) => order)).toEqual(Array.from({ length: 38 }, (_, i) => i + 1));
  });
});

describe('what the contract means', () => {
  const readBy = (table: string, field: RegExp): string[] => [
    ...new Set(
      rows
        .filter((row) => row.table === table && field.test(row.field))
        .flatMap(({ sources }) => sources.map((source) => `${source.table}.${source.field}`)),
    ),
  ];

  test('who a patient is comes from the patient record alone', () => {
    for (const source of readBy('LOAD_PMI', /^(pat_|telephone|post_code|maiden|date_of|sex|title|nhs|place_born)/))
      expect(source).toMatch(/^(PATDATA|ADTLADDCOR)\.(?!NoK|Carer)/);
    for (const table of ['LOAD_PMIALIASES', 'LOAD_PMIADDRS'])
      for (const source of readBy(table, /^(pat_|address|post_code|phone|sex|title|date_of)/))
        expect(source).toMatch(/^(PATDATA|ADTLADDCOR)\.(?!NoK|Carer)/);
  });

  test('a next of kin is never the patient', () => {
    for (const source of readBy('LOAD_PMI', /^nok_/)) expect(source).toMatch(/^PATDATA\.NoK/);
    for (const source of readBy('LOAD_PMICONTACTS', /^(relationship|title|name|address|post_code|phone|comments)/))
      expect(source).toMatch(/^PATDATA\.(NoK|Carer)/);
  });

  test('a practice postcode is the GP’s, never the patient’s', () => {
    for (const table of ['LOAD_PMI', 'LOAD_REFERRALS', 'LOAD_CMTY_APPOINTMENTS', 'LOAD_ADT_ADMISSIONS'])
      expect(readBy(table, /practice_post_?code$/).filter((source) => !/^(GP|GDP)\.Postcode$/.test(source))).toEqual(
        [],
      );
  });

  test('a name is no code, and a GMC code is one', () => {
    for (const row of rows) {
      if (/(consultant|clinic|gp|ward|list|practice|hospital)_name$/.test(row.field))
        for (const source of row.sources) expect(source.field, row.field).toMatch(/Name|Surname|Desc/);
      if (/_gmc$/.test(row.field)) for (const source of row.sources) expect(source.field).toBe('GMCCode');
    }
  });

  test('a catch-all column of one or two letters is read by nobody', () => {
    for (const { sources } of rows) for (const { field } of sources) expect(field.length).toBeGreaterThan(2);
    const tables = new Set(rows.flatMap(({ sources }) => sources.map(({ table }) => table)));
    for (const spurious of ['CPSCPADLPROB', 'CPSCPADLPROBGOAL', 'AEACCBY', 'CONTR', 'AEDIARY', 'OCCANCEL'])
      expect(tables.has(spurious)).toBe(false);
  });

  test('a diagnosis column holds diagnoses, a procedure column procedures', () => {
    for (const { field, sources, rule } of rows) {
      if (
        !/^(diagnosis|primary_diagnosis|procedure|primary_procedure|intended_procedure)(_\d+)?(_code2?)?$/.test(field)
      )
        continue;
      const name = rule.kind === 'derive' ? rule.name : '';
      for (const source of sources) {
        if (source.table === 'ICD10') expect(source.field, field).toBe('Description');
        else expect(name, field).toBe(field.includes('diagnosis') ? 'icd10-code' : 'opcs4-code');
        if (field.includes('diagnosis')) expect(source.field, field).not.toMatch(/Proc|OPCS|Operation/);
        else expect(source.field, field).not.toMatch(/Diag/);
      }
    }
  });

  test('nobody is discharged, arrives or is dated by a rule', () => {
    const row = (table: string, field: string) =>
      rows.find((one) => one.table === table && one.field === field && one.feed === null);
    expect(row('LOAD_ADT_ADMISSIONS', 'discharge_date')).toMatchObject({ rule: { kind: 'copy' }, onBlank: 'blank' });
    for (const table of ['LOAD_PMIALLERGIES', 'LOAD_PMISTAFFWARNINGS'])
      expect(row(table, 'applies_start')?.rule.kind).toBe('none');
    for (const field of ['is_home_stay', 'is_awol']) expect(row('LOAD_ADT_WARDSTAYS', field)?.rule.kind).toBe('none');
    for (const { rule, field } of rows)
      if (rule.kind === 'constant') expect(field).not.toMatch(/date|time|_start$|_end$|name|address_\d|nhs|number/);
  });
});

const FIELDS = 'fields/LOAD_PMI.csv';
const SABOTAGE: readonly (Change & { readonly finds: FindingKind })[] = [
  { finds: 'PARENT_UNKNOWN', file: 'contract.yaml', was: 'patients: LOAD_PMI', now: 'patients: LOAD_PM' },
  { finds: 'LOAD_ORDER', file: 'contract.yaml', was: 'patients: LOAD_PMI', now: 'patients: LOAD_CPA_ARCHIVE' },
  { finds: 'COLUMN_UNKNOWN', file: FIELDS, was: 'PATDATA.Surname,', now: 'PATDATA.Surnam,' },
  { finds: 'SOURCE_TABLE_WRONG', file: FIELDS, was: 'PATDATA.PtAddrLine1,driver', now: 'GP.Address,driver' },
  { finds: 'JOIN_MISSING', file: FIELDS, was: 'GP.NationalCode,gp', now: 'GP.NationalCode,doctor' },
  { finds: 'JOIN_MISSING', file: 'plans/pmi.yaml', was: 'name: registration\n', now: 'name: register\n' },
  {
    finds: 'LENGTH_UNFIT',
    file: FIELDS,
    was: 'PATDATA.PtHomePhone,driver,derive phone',
    now: 'PATDATA.PtHomePhone,driver,copy',
  },
  { finds: 'LENGTH_UNFIT', file: 'fields/LOAD_STAFF.csv', was: 'constant PAS_V83', now: 'constant SRC_PAS_V83' },
  { finds: 'TYPE_UNFIT', file: FIELDS, was: 'PATDATA.PtDateOfDeath,', now: 'PATDATA.PtDeathComment1,' },
  { finds: 'SOURCE_COUNT', file: FIELDS, was: 'derive agreed-date', now: 'copy' },
  { finds: 'CODE_UNCHECKED', file: 'fields/LOAD_REFERRALS.csv', was: 'derive practice-code', now: 'copy' },
  { finds: 'RULE_UNKNOWN', file: FIELDS, was: 'derive forename-2', now: 'derive middle-name' },
  { finds: 'CROSSWALK_UNKNOWN', file: FIELDS, was: 'translate ethnicity', now: 'translate ethnic' },
  {
    finds: 'CLASS_UNFIT',
    file: FIELDS,
    was: 'nationality,OUT_OF_SCOPE,,,,none',
    now: 'nationality,OUT_OF_SCOPE,,,,constant GBR',
  },
  { finds: 'RULE_UNFIT', file: FIELDS, was: 'SURROGATE_ETL,,,,record-number', now: 'SURROGATE_ETL,,,,source-key' },
  { finds: 'FIELD_MISSING', file: FIELDS, was: '\nmaiden_name,', now: '\nmaiden_nam,' },
  { finds: 'FIELD_UNKNOWN', file: FIELDS, was: '\nmaiden_name,', now: '\nmaiden_nam,' },
  { finds: 'FIELD_TWICE', file: FIELDS, was: '\nmaiden_name,', now: '\npat_name_3,' },
  { finds: 'MANDATORY_UNGUARDED', file: FIELDS, was: 'derive agreed-date,reject-row', now: 'derive agreed-date,blank' },
  { finds: 'REASON_MISSING', file: FIELDS, was: ',The name at birth.', now: ',' },
  {
    finds: 'REVIEWER_MISSING',
    file: FIELDS,
    was: 'HIGH,IN_REVIEW,,The name at birth.',
    now: 'HIGH,APPROVED,,The name at birth.',
  },
  { finds: 'DRIVER_UNKNOWN', file: 'plans/pmi.yaml', was: 'driver: PATDATA', now: 'driver: PATIENTS' },
  {
    finds: 'KEY_INCOMPLETE',
    file: 'plans/pmi.yaml',
    was: 'key: [InternalPatientNumber, SeqNo]',
    now: 'key: [InternalPatientNumber]',
  },
  {
    finds: 'ROW_UNKNOWN',
    file: 'plans/pmi.yaml',
    was: 'GpCode: driver.GpCode }, pick: only',
    now: 'GpCode: dentist.GpCode }, pick: only',
  },
  { finds: 'JOIN_MAY_MATCH_SEVERAL', file: 'plans/pmi.yaml', was: 'pick: latest by FromDate', now: 'pick: only' },
  { finds: 'ORDER_UNFIT', file: 'plans/pmi.yaml', was: 'pick: latest by FromDate', now: 'pick: latest by Practice' },
  { finds: 'EDGE_MISSING', file: 'plans/mh.yaml', was: 'mh_cm_record_number: {', now: 'mh_dm_record_number: {' },
  {
    finds: 'EDGE_UNKNOWN',
    file: 'plans/mh.yaml',
    was: 'mh_cm_record_number: { parent: LOAD_MH_CPA_MASTER',
    now: 'mh_cm_record_number: { parent: LOAD_MH_DETENTION_MASTER',
  },
  { finds: 'PARENT_UNKNOWN', file: 'plans/adt.yaml', was: 'identity: admission', now: 'identity: stay' },
  {
    finds: 'PARENT_KEY_WRONG',
    file: 'plans/adt.yaml',
    was: 'key: [driver.InternalPatientNumber, driver.EpisodeNumber], required: true }',
    now: 'key: [driver.InternalPatientNumber], required: true }',
  },
  { finds: 'LOAD_ORDER', file: 'plans/adt.yaml', was: 'order: 28', now: 'order: 40' },
  { finds: 'TABLE_UNKNOWN', file: 'plans/mh.yaml', was: 'LOAD_MH_CPA_HISTORY:', now: 'LOAD_MH_CPA_PAST:' },
  { finds: 'TABLE_NOT_PLANNED', file: 'plans/mh.yaml', was: 'LOAD_MH_CPA_HISTORY:', now: 'LOAD_MH_CPA_PAST:' },
  { finds: 'IDENTITY_CLASH', file: 'plans/pmi.yaml', was: 'name: previous_surname_2', now: 'name: previous_surname_1' },
  { finds: 'CROSSWALK_CODE_TWICE', file: 'crosswalks/sex.csv', was: '\n2,F,', now: '\n1,F,' },
  { finds: 'CROSSWALK_LENGTH', file: 'crosswalks/yes-no.csv', was: 'YES,Y,', now: 'YES,YES,' },
  { finds: 'CROSSWALK_UNUSED', file: FIELDS, was: 'translate religion', now: 'copy' },
];

describe('what the check finds', () => {
  test.each(SABOTAGE)('$finds in $file: $was', ({ finds, ...change }) => {
    expect(kinds(changed(change))).toContain(finds);
  });

  test('a source column that a catalogue does not have', () => {
    const columns = new Map(catalogue.sourceFields.get('PATDATA'));
    columns.delete('NhsNumber');
    const without = { ...catalogue, sourceFields: new Map(catalogue.sourceFields).set('PATDATA', columns) };
    expect(kinds(contract, without)).toEqual(['COLUMN_UNKNOWN']);
  });

  test('a column that only orders rows is read by nobody', () => {
    const inverted = [...(catalogue.sourceFields.get('ALLOCATEDCONTRACT')?.values() ?? [])].filter(
      ({ format }) => format === 'inverted',
    );
    expect(inverted.map(({ field }) => field)).toEqual(['CmReverseDttime']);
    const made = changed({
      file: 'fields/LOAD_ADT_ARCHIVE.csv',
      was: 'ALLOCATEDCONTRACT.PurchaserRef',
      now: 'ALLOCATEDCONTRACT.CmReverseDttime',
    });
    expect(kinds(made)).toContain('TYPE_UNFIT');
  });
});

describe('files that cannot be read', () => {
  test.each<[string, Change, RegExp]>([
    [
      'a class nobody knows',
      { file: FIELDS, was: 'maiden_name,DIRECT_SOURCE', now: 'maiden_name,DIRECT' },
      /LOAD_PMI\.csv line \d+: class/,
    ],
    ['a rule nobody knows', { file: FIELDS, was: 'derive agreed-date', now: 'guess' }, /LOAD_PMI\.csv line \d+: rule/],
    [
      'a via too few',
      { file: FIELDS, was: 'driver + driver,derive agreed-date', now: 'driver,derive agreed-date' },
      /line \d+: source names 2/,
    ],
    [
      'a cell too many',
      { file: FIELDS, was: ',The name at birth.', now: ',The name, at birth.' },
      /line \d+ has 13 cells/,
    ],
    [
      'a condition nobody knows',
      { file: 'plans/pmi.yaml', was: 'driver.DistrictNumber present', now: 'driver.DistrictNumber there' },
      /plans\/pmi\.yaml .*is no condition/,
    ],
    [
      'a pick nobody knows',
      { file: 'plans/pmi.yaml', was: 'pick: latest by FromDate', now: 'pick: any' },
      /does not say which row is meant/,
    ],
    [
      'a day that is none',
      { file: 'crosswalks/sex.csv', was: '1,M,Male,,', now: '1,M,Male,2024,' },
      /sex\.csv line 2: from/,
    ],
  ])('%s', (_, change, message) => {
    expect(() => changed(change)).toThrow(message);
  });
});
