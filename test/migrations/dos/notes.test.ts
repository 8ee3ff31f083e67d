import { describe, expect, test } from 'vitest';
import { type JsonObject, type Note, type SettledWrite, SluiceError } from '../../../src/core/index.ts';
import { dos, TABLE_TARGETS } from '../../../src/migrations/dos/index.ts';
import { readAggregate } from '../../../src/pipeline/in-memory/joins.ts';
import { LandedRows } from '../../../src/pipeline/in-memory/landed-rows.ts';
import { withTime } from '../../../src/pipeline/index.ts';
import { changeOf } from './changes.ts';
import type { Tables } from './directory.ts';
import { bloodPressure, chemist, LOOKUPS, practice } from './rows.ts';

const migration = dos();

/** What is said of a root when it is derived, whatever comes of it. */
function notesOf(flowName: string, root: string, ...all: readonly Tables[]): readonly Note[] {
  const rows = new LandedRows(migration);
  let place = 0;
  for (const tables of all)
    for (const [table, list] of Object.entries(tables))
      for (const row of list) rows.apply(changeOf({ table, row, deleted: false }, ++place));
  const flow = migration.flows.find(({ name }) => name === flowName);
  if (!flow) throw new Error('no such flow');
  try {
    return flow.transform(readAggregate(flow, root, rows), { asOf: '2026-03-13T09:00:00Z' }).notes ?? [];
  } catch (error) {
    if (error instanceof SluiceError) return error.notes;
    throw error;
  }
}

const codes = (notes: readonly Note[]): string[] => notes.map(({ code }) => code.replace('DM_ETL_', ''));
const derived = (id: number, ...services: JsonObject[]) =>
  codes(notesOf('services', String(id), LOOKUPS, { services }));

describe('what is said of a service when it is derived', () => {
  test('who refuses it, who takes it, what was found, and that it is done', () => {
    expect(derived(1, practice(1, { email: null }) as JsonObject)).toEqual(['001', '003', '013', '017', '006', '007']);
    expect(derived(1, chemist(1) as JsonObject)).toEqual(['001', '002', '002', '002', '003', '017', '006', '007']);
  });

  test('that nobody takes it, that it is passed over, or that its pharmacy is not there', () => {
    expect(derived(1, practice(1, { typeid: 25 }) as JsonObject).at(-1)).toBe('004');
    expect(derived(1, practice(1, { statusid: 2 }) as JsonObject)).toEqual(['001', '003', '005']);
    expect(notesOf('services', '1', { services: [bloodPressure(1)] }).at(-1)).toEqual({
      code: 'DM_ETL_038',
      fields: { record_id: 1, ods_code: 'FZZ01' },
    });
  });

  test('why it is put aside', () => {
    expect(derived(1, practice(1, { publicname: null }) as JsonObject).at(-1)).toBe('008');
    expect(derived(1, practice(1, { address: 'Not Available' }) as JsonObject)).toEqual(['001', '003', '013', '014']);
  });

  test('and of a group without discriminators', () => {
    const groups = { symptomgroups: [{ id: 902, name: 'Alone', zcodeexists: null }] };
    expect(notesOf('symptom_groups', '902', groups)).toEqual([{ code: 'DM_ETL_012', fields: { sg_id: 902 } }]);
  });

  test('with each field of its code, ids in place of rows, and the time left to who has a clock', () => {
    const notes = notesOf('services', '1', LOOKUPS, { services: [practice(1)] });
    const fields = (number: string) => notes.find(({ code }) => code === `DM_ETL_${number}`)?.fields;
    expect(fields('001')).toEqual({ record: 'services#1' });
    const made = fields('007') ?? {};
    const ids = ['organisation_ids', 'location_ids', 'healthcare_service_ids'].flatMap(
      (name) => made[name] as string[],
    );
    expect(fields('006')).toEqual({
      transformer_name: 'GPPracticeTransformer',
      original_record: 'services#1',
      transformed_record: ids,
    });
    expect(ids).toHaveLength(3);
    expect(made.elapsed_time).toBeNull();
    const [timed] = notes.filter(({ code }) => code === 'DM_ETL_007').map((note) => withTime(note, 0.25));
    expect(timed?.fields.elapsed_time).toBe(0.25);
  });

  test('without a value of any row', () => {
    const secret = 'Verysecret Surgery';
    const services = [
      practice(1, { publicname: secret, address: secret, email: secret, publicphone: secret, web: secret }),
    ];
    expect(JSON.stringify(notesOf('services', '1', LOOKUPS, { services }))).not.toContain('ecret');
  });
});

describe('what is said of a transaction', () => {
  const { organisation, healthcareService, state } = TABLE_TARGETS;
  const org = (name: string): JsonObject => ({ id: 'o', name, field: 'document' });
  const service: JsonObject = { id: 'h', name: 'one', field: 'document' };
  const stated = (name: string): JsonObject => ({
    organisation: org(name),
    location: null,
    healthcare_service: service,
  });
  const write = (of: Partial<SettledWrite>): SettledWrite => ({
    target: state,
    id: 'services#7',
    before: null,
    content: stated('one'),
    result: 'written',
    ...of,
  });
  const told = (writes: readonly SettledWrite[]) => migration.dynamodb?.notesOf?.(writes);

  test('the first of a service', () => {
    const all = told([
      write({ target: organisation, id: 'o', content: org('one') }),
      write({ target: healthcareService, id: 'h', content: service }),
      write({}),
    ]);
    expect(all).toMatchObject({ flow: 'services', root: '7' });
    expect(codes(all?.notes ?? [])).toEqual(['020', '024', '025', '028', '035', '021']);
    expect(all?.notes.at(-1)?.fields).toEqual({ item_count: 3 });
  });

  test('a later one, with the names of what has changed', () => {
    const all = told([
      write({ target: organisation, id: 'o', before: { ...org('one'), lastUpdated: 'then' }, content: org('two') }),
      write({ before: { ...stated('one'), version: 4 }, content: stated('two') }),
    ]);
    expect(codes(all?.notes ?? [])).toEqual(['019', '030', '025', '033', '036', '021']);
    expect(all?.notes[1]?.fields).toEqual({ changes: ['name'], diff: { values_changed: ["root['name']"] } });
    expect(all?.notes[4]?.fields).toEqual({ source_record_id: 'services#7', new_version: 5 });
  });

  test('one that is refused', () => {
    const lost = told([write({ result: 'condition refused' })])?.notes ?? [];
    expect(codes(lost)).toEqual(['020', '022', '008']);
    expect(lost[1]?.fields).toEqual({ response: ['condition refused'] });
    const refused = told([write({ id: 'services#-7', result: 'refused' })])?.notes ?? [];
    expect(codes(refused)).toEqual(['020', '041', '008']);
    expect(refused[1]?.fields).toEqual({ transact_items: 1, response: ['refused'] });
  });

  test('nothing of what is no service', () => {
    expect(told([write({ target: TABLE_TARGETS.triageCode, id: '["SG1","item"]' })])).toBeNull();
  });
});

test('a run ends with both sets of counters', () => {
  const counts = { '001': 5, '003': 4, '004': 1, '006': 3, '035': 2, '036': 1, '005': 1, '008': 1, '038': 1 };
  const closing = migration.notes?.closing(new Map(Object.entries(counts).map(([code, n]) => [`DM_ETL_${code}`, n])));
  expect(closing).toEqual({
    code: 'DM_ETL_999',
    fields: {
      metrics: {
        total: 5,
        supported: 4,
        unsupported: 1,
        transformed: 3,
        inserted: 2,
        updated: 1,
        skipped: 1,
        invalid: 0,
        errors: 2,
        total_records: 5,
        supported_records: 4,
        unsupported_records: 1,
        transformed_records: 3,
        migrated_records: 3,
        skipped_records: 1,
        invalid_records: 0,
      },
      failures: 0,
    },
  });
});
