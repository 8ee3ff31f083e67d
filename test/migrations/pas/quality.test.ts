import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { TargetEdge } from '../../../src/migrations/pas/catalogue/model.ts';
import type { TargetLayout } from '../../../src/migrations/pas/engine/engine.ts';
import type { SourceRow } from '../../../src/migrations/pas/engine/outcome.ts';
import { fingerprints } from '../../../src/migrations/pas/quality/fingerprints.ts';
import { personKey } from '../../../src/migrations/pas/quality/identity.ts';
import { createIssueBook } from '../../../src/migrations/pas/quality/issue-book.ts';
import { checkRates, type RatedTable } from '../../../src/migrations/pas/quality/rates.ts';
import { numberSet } from '../../../src/migrations/pas/quality/records.ts';
import { createTargetChecker } from '../../../src/migrations/pas/quality/target-checks.ts';
import { checkVolume } from '../../../src/migrations/pas/quality/volume.ts';
import { housePlan } from '../../support/pas-run.ts';

const person = { forenames: 'ZOË MAY', surname: "O'Neill", born: '19800229', sex: '2', postcode: 'LS1 4AP' };

describe('who is the same person', () => {
  test.each([
    ['spelling', { surname: 'oneill', forenames: 'Zoe' }],
    ['the way the date is written', { born: '29/02/1980' }],
    ['blanks in the postcode', { postcode: 'LS14AP' }],
  ])('%s makes no other', (_, changes) => {
    expect(personKey({ ...person, ...changes })).toBe(personKey(person));
  });

  test.each([
    ['forename', { forenames: 'ANN MAY' }],
    ['surname', { surname: 'NEILL' }],
    ['birth date', { born: '19800228' }],
    ['sex', { sex: '1' }],
    ['postcode', { postcode: 'LS1 4AQ' }],
  ])('another %s makes another', (_, changes) => {
    expect(personKey({ ...person, ...changes })).not.toBe(personKey(person));
  });

  test.each(['forenames', 'surname', 'born', 'sex', 'postcode'] as const)('nothing is said without %s', (part) => {
    expect(personKey({ ...person, [part]: '' })).toBeNull();
    expect(personKey({ ...person, [part]: ' - ' })).toBeNull();
  });
});

describe('sets of numbers and texts', () => {
  test('hold what was put in and nothing else', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string(), { maxLength: 300 }), (texts) => {
        const set = fingerprints();
        const half = texts.filter((_, i) => i % 2 === 0);
        for (const text of half) expect(set.add(text)).toBe(true);
        for (const text of half) expect(set.add(text)).toBe(false);
        for (const [i, text] of texts.entries()) expect(set.has(text)).toBe(i % 2 === 0);
      }),
      { numRuns: 50 },
    );
    const many = fingerprints();
    for (let i = 0; i < 50_000; i++) expect(many.add(`P${i}`)).toBe(true);
    expect(many.has('P49999') && !many.has('P50000')).toBe(true);
  });

  test('a record number beyond reason is in no set', () => {
    const set = numberSet();
    set.add(1);
    expect(set.has(1)).toBe(true);
    expect(set.has(2 ** 32 + 1)).toBe(false);
  });
});

const edges: readonly TargetEdge[] = [
  { child: 'LOAD_ADMISSIONS', field: 'iwl_no', parent: 'LOAD_IWL' },
  { child: 'LOAD_EPISODES', field: 'adm_no', parent: 'LOAD_ADMISSIONS' },
];

const layout = (table: string, columns: readonly string[]): TargetLayout => ({
  table,
  domain: 'ADT',
  columns: columns.map((name) => ({ name, type: 'text', length: 20, mandatory: false })),
  feeds: [],
});

/** Reads tables in load order; answers issues as `CATEGORY TABLE.field key`. */
function verified(
  tables: readonly (readonly [string, readonly string[], readonly (readonly string[])[]])[],
  codes: ReadonlyMap<string, ReadonlySet<string>> = new Map(),
) {
  const book = createIssueBook();
  const checker = createTargetChecker(edges, codes, book);
  for (const [table, columns, rows] of tables) {
    const check = checker.table(layout(table, columns), columns);
    for (const row of rows) check(row);
  }
  const issues = book.issues.map((i) => `${i.category} ${i.table}.${i.field} ${i.key}`);
  return { issues, chains: checker.chains, links: checker.links };
}

const patients = [
  'LOAD_PMI',
  ['record_number', 'main_crn'],
  [
    ['1', 'P1'],
    ['2', 'P2'],
  ],
] as const;
const waits = [
  'LOAD_IWL',
  ['record_number', 'main_crn'],
  [
    ['1', 'P1'],
    ['2', 'P2'],
  ],
] as const;
const ADMISSIONS = ['record_number', 'main_crn', 'iwl_no'];
const EPISODES = ['record_number', 'adm_no'];

describe('chains from a row to its patient', () => {
  test('a whole one is followed over a table that does not name the patient', () => {
    const { issues, chains, links } = verified([
      patients,
      waits,
      [
        'LOAD_ADMISSIONS',
        ADMISSIONS,
        [
          ['1', 'P1', '1'],
          ['2', 'P2', ''],
        ],
      ],
      [
        'LOAD_EPISODES',
        EPISODES,
        [
          ['1', '1'],
          ['2', '2'],
        ],
      ],
    ]);
    expect(issues).toEqual([]);
    expect(chains.get('LOAD_EPISODES')).toEqual({ rows: 2, toPatient: 2 });
    expect(links.get('LOAD_ADMISSIONS.iwl_no')).toEqual({ linked: 1, blank: 1, orphans: 0 });
  });

  test('a number no patient has, a number two patients have', () => {
    const twice = [
      'LOAD_PMI',
      ['record_number', 'main_crn'],
      [
        ['1', 'P1'],
        ['2', 'P1'],
      ],
    ] as const;
    expect(verified([twice, ['LOAD_ADMISSIONS', ADMISSIONS, [['1', 'P9', '']]]]).issues).toEqual([
      'TARGET_CRN_DUPLICATE LOAD_PMI.main_crn 2',
      'TARGET_CRN_UNKNOWN LOAD_ADMISSIONS.main_crn 1',
    ]);
  });

  test("a row that points to another patient's", () => {
    expect(verified([patients, waits, ['LOAD_ADMISSIONS', ADMISSIONS, [['1', 'P1', '2']]]]).issues).toEqual([
      'TARGET_CHAIN_MIXED LOAD_ADMISSIONS.iwl_no 1',
    ]);
  });

  test('a row that leads nowhere, and one that points to nothing', () => {
    const { issues, chains } = verified([
      patients,
      ['LOAD_ADMISSIONS', ADMISSIONS, [['1', 'P1', '']]],
      [
        'LOAD_EPISODES',
        EPISODES,
        [
          ['1', ''],
          ['2', '7'],
        ],
      ],
    ]);
    expect(issues).toEqual([
      'TARGET_CHAIN_BROKEN LOAD_EPISODES. 1',
      'TARGET_ORPHAN LOAD_EPISODES.adm_no 2',
      'TARGET_CHAIN_BROKEN LOAD_EPISODES. 2',
    ]);
    expect(chains.get('LOAD_EPISODES')).toEqual({ rows: 2, toPatient: 0 });
  });

  test('a damaged record number is named, and no memory is given to it', () => {
    const damaged = [
      ['99999999999', 'P1'],
      ['1.5', 'P2'],
      ['x', 'P3'],
      ['', 'P4'],
    ];
    expect(verified([['LOAD_PMI', ['record_number', 'main_crn'], damaged]]).issues).toHaveLength(4);
  });
});

describe('codes', () => {
  test('a code that is in no set is named; a column without a set holds anything', () => {
    const sets = new Map([['LOAD_PMI.sex', new Set(['1', '2'])]]);
    const rows = [
      ['1', '1', 'x'],
      ['2', '9', 'y'],
      ['3', '', 'z'],
    ];
    expect(verified([['LOAD_PMI', ['record_number', 'sex', 'comment'], rows]], sets).issues).toEqual([
      'TARGET_CODE_UNKNOWN LOAD_PMI.sex 2',
    ]);
  });

  test('the sets of our contract: crosswalk, master file, constants; none where another rule fills the column', () => {
    const plan = housePlan();
    const projected = plan.engine.projection.get('WARD');
    const ward: SourceRow = Array.from({ length: 9 }, (_, i) => (i === projected?.columns.get('Ward') ? 'W01' : ''));
    const sets = plan.codeSets(new Map([['WARD', [ward]]]));
    expect([...(sets.get('LOAD_PMI.sex') ?? [])].sort()).toEqual(['F', 'M', 'U']);
    expect([...sets.values()].some((set) => set.has('W01') && set.size === 1)).toBe(true);
    expect(sets.has('LOAD_PMI.pat_name_family')).toBe(false);
    expect(sets.size).toBeGreaterThan(60);
  });
});

describe('rates', () => {
  const table = (rejectRate: number | null, ...fields: RatedTable['fields'][number][]): RatedTable => ({
    table: 'T',
    rows: 100,
    rejectRate,
    fields,
  });
  const found = (...tables: RatedTable[]): string[] => {
    const book = createIssueBook();
    checkRates(tables, book);
    return book.issues.map((i) => `${i.severity} ${i.category} ${i.field} ${i.message}`);
  };

  test('more rows refused than one in a hundred', () => {
    expect(found(table(0.01), table(null))).toEqual([]);
    expect(found(table(0.011))).toEqual(['WARN REJECT_RATE  1.1 % of the rows are refused or held, more than 1.0 %']);
  });

  test('a wanted column blank too often, a column nothing fills', () => {
    const field = { field: 'f', sourced: true, wanted: true, nullRate: 0.05 };
    expect(found(table(0, field, { ...field, wanted: false, nullRate: 0.99 }))).toEqual([]);
    expect(found(table(0, { ...field, nullRate: 0.06 }))[0]).toMatch(/^WARN NULL_RATE f blank in 6.0 %/);
    expect(found(table(0, { ...field, wanted: false, nullRate: 1 }))[0]).toMatch(/^INFO COLUMN_EMPTY f/);
    expect(found(table(0, { ...field, sourced: false, wanted: false, nullRate: 1 }))).toEqual([]);
  });
});

describe('volume', () => {
  const tables = [
    { table: 'PATDATA', read: 12, kept: 10 },
    { table: 'OPA', read: 7, kept: 7 },
  ];
  const found = (minPatients: number, rowCounts: readonly (readonly [string, number])[] = []): string[] => {
    const book = createIssueBook();
    checkVolume(tables, { minPatients, rowCounts: new Map(rowCounts) }, book);
    return book.issues.map((i) => `${i.severity} ${i.category} ${i.table} ${i.message}`);
  };

  test('fewer patients than there must be, other rows than were sent', () => {
    expect(
      found(10, [
        ['PATDATA', 12],
        ['OPA', 7],
        ['NEVER_READ', 3],
      ]),
    ).toEqual([]);
    expect(found(11)).toEqual(['ERROR SOURCE_ROW_COUNT PATDATA 10 patients, 11 at least were to be there']);
    expect(found(1, [['OPA', 8]])).toEqual(['ERROR SOURCE_ROW_COUNT OPA 7 rows read, 8 declared']);
  });
});
