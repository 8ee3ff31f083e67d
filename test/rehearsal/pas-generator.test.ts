import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadHouseContract } from '../../src/app/pas/house-contract.ts';
import type { PasRunOutcome } from '../../src/app/pas/run.ts';
import { checkNhsNumber } from '../../src/migrations/pas/rules/nhs-number.ts';
import { extractOf, run, workFolder } from '../support/pas-run.ts';
import { readObjects } from '../support/pas-vectors.ts';

const work = workFolder();
afterAll(work.done);
const { contract } = loadHouseContract();
let clean: PasRunOutcome;
let soiled: PasRunOutcome;
let dirty: Readonly<Record<string, number>>;

beforeAll(async () => {
  extractOf(work.place('clean'), 40);
  dirty = extractOf(work.place('soiled'), 600, 0.15).dirty;
  clean = await run(work.place('clean'), work.place('clean-out'));
  soiled = await run(work.place('soiled'), work.place('soiled-out'));
}, 120_000);

describe('forty invented patients', () => {
  test('make a row of every feed of the contract', () => {
    const empty = Object.entries(clean.state.figures.feeds).filter(([, { loaded }]) => loaded === 0);
    expect(empty).toEqual([]);
    const feeds = [...contract.plans.values()].reduce((sum, plan) => sum + plan.feeds.length, 0);
    expect(Object.keys(clean.state.figures.feeds)).toHaveLength(feeds);
  });

  test('fill every column that the contract can fill, and no other', () => {
    for (const { table, fields } of clean.quality?.tables ?? [])
      for (const { field, sourced, filled } of fields) expect(filled > 0, `${table}.${field}`).toBe(sourced);
  });

  test('have rows of every class of the contract but the one that is never filled', () => {
    const classes = new Set<string>();
    for (const { table, fields } of clean.quality?.tables ?? [])
      for (const { field } of fields.filter(({ filled }) => filled > 0))
        for (const row of contract.fields.get(table) ?? []) if (row.field === field) classes.add(row.class);
    expect(classes.size).toBe(5);
  });

  test('are the same for the same seed, others for another, and only added to by more patients', () => {
    const text = (name: string): string => readFileSync(work.place(`${name}/PATDATA.csv`), 'utf8');
    extractOf(work.place('again'), 40);
    extractOf(work.place('more'), 50);
    extractOf(work.place('other'), 40, 0, 7);
    expect(text('again')).toBe(text('clean'));
    expect(text('more').startsWith(text('clean'))).toBe(true);
    expect(text('other')).not.toBe(text('clean'));
  });

  test('have valid NHS numbers from 999 only, and dates in an order that makes sense', () => {
    for (const { NhsNumber = '' } of readObjects(work.place('clean/PATDATA.csv'))) {
      if (NhsNumber === '') continue;
      expect(NhsNumber.startsWith('999')).toBe(true);
      expect(checkNhsNumber(NhsNumber, { testData: true })).toMatchObject({ digits: NhsNumber });
    }
    for (const row of readObjects(work.place('clean/ADMITDISCH.csv')))
      if (row.IpDschDtimeInt) expect((row.IpAdmDtimeInt ?? '') < row.IpDschDtimeInt).toBe(true);
    for (const row of readObjects(work.place('clean/FCEEXT.csv'))) {
      expect(Number(row.AgeAtStartOfEpisode)).toBeGreaterThanOrEqual(0);
      if (row.DaysOnWl) expect(Number(row.DaysOnWl)).toBeGreaterThanOrEqual(0);
    }
  });
});

describe('a share of dirty rows', () => {
  /** Each kind of dirt and what must be found because of it. */
  const FINDS: Readonly<Record<string, string>> = {
    'nhs-check-digit': 'REJECT_NHS_CHECK_DIGIT',
    'nhs-letters': 'REJECT_NHS_FORMAT',
    'nhs-same-digit': 'REJECT_NHS_SAME_DIGIT',
    'nhs-shared': 'SOURCE_NHS_DUPLICATE',
    'birth-29-february': 'REJECT_DATE_NOT_REAL',
    'birth-placeholder': 'REJECT_DATE_PLACEHOLDER',
    'birth-year-0001': 'REJECT_DATE_YEAR',
    'birth-in-words': 'SOURCE_DATE_INVALID',
    'births-disagree': 'REJECT_DATES_DISAGREE',
    'death-before-birth': 'SOURCE_DEATH_BEFORE_BIRTH',
    'surname-blank': 'REJECT_MANDATORY_BLANK',
    'unmapped-ethnicity': 'REJECT_CROSSWALK_UNMAPPED LOAD_PMI.ethnic_group',
    'over-long-address': 'REJECT_TEXT_TOO_LONG',
    postcode: 'REJECT_POSTCODE_FORMAT',
    'patient-number-blank': 'SOURCE_PATIENT_BLANK PATDATA',
    'patient-number-twice': 'SOURCE_DUPLICATE_PATIENT',
    'person-twice': 'SOURCE_DUPLICATE_PERSON',
    'district-number-shared': 'SOURCE_DISTRICT_NUMBER_DUPLICATE',
    orphan: 'SOURCE_ORPHAN ADMITDISCH',
    'orphan-not-loaded': 'SOURCE_ORPHAN AEA',
    'admission-not-there': 'REJECT_ORPHAN LOAD_ADT_EPISODES',
    'key-blank': 'REJECT_KEY_MISSING LOAD_ADT_EPISODES',
    'key-twice': 'REJECT_KEY_DUPLICATE LOAD_ADT_EPISODES',
    'code-form': 'REJECT_CODE_FORMAT',
    'discharge-before-admission': 'SOURCE_DISCHARGE_BEFORE_ADMISSION',
    'unmapped-method': 'REJECT_CROSSWALK_UNMAPPED LOAD_ADT_ADMISSIONS.admission_type',
    'not-in-master-file': 'REJECT_CROSSWALK_UNMAPPED LOAD_ADT_ADMISSIONS',
    'date-text': 'REJECT_DATE_FORMAT',
    'line-break': '',
    time: 'REJECT_TIME_FORMAT',
    number: 'REJECT_NUMBER_FORMAT',
    'merge-ring': 'SOURCE_MERGE_RING',
    'deletion-mark': 'SOURCE_DELETE_MARK_UNKNOWN GP',
  };

  test('has every kind there is, and each is found by its name', () => {
    const found = (soiled.quality?.issue_counts ?? []).map((i) => `${i.category} ${i.table}.${i.field}`);
    expect(Object.keys(dirty).sort()).toEqual(Object.keys(FINDS).sort());
    for (const [kind, name] of Object.entries(FINDS))
      expect(
        found.some((issue) => issue.startsWith(name)),
        kind,
      ).toBe(true);
  });

  test('leaves no orphan, no mixed chain and no row unexplained, and the gate fails', () => {
    expect(soiled.quality?.figures).toMatchObject({ orphans: 0, unexplainedRows: 0 });
    const target = (soiled.quality?.issue_counts ?? []).filter(({ category }) => category.startsWith('TARGET_'));
    expect(target).toEqual([]);
    expect(soiled.gates?.status).toBe('FAIL');
  });

  test('is none unless asked for', () => {
    expect(clean.quality?.severity_counts.ERROR).toBe(0);
    expect(extractOf(join(work.folder, 'none'), 5).dirty).toEqual({});
  });
});
