import { describe, expect, test } from 'vitest';
import type { Image, JsonObject } from '../../../src/core/index.ts';
import { TABLE_TARGETS } from '../../../src/migrations/dos/index.ts';
import { Directory, type Tables } from './directory.ts';
import {
  bloodPressure,
  chemist,
  contraceptive,
  endpoint,
  enhancedAccess,
  LOOKUPS,
  pharmacyFirst,
  practice,
} from './rows.ts';

const directory = (tables: Tables): Directory => new Directory().load(LOOKUPS).load(tables);

const one = (items: Directory, table: string): JsonObject => {
  const [item, ...more] = [...items.table(table).values()];
  expect(more).toEqual([]);
  return item ?? {};
};

const service = (items: Directory): JsonObject => one(items, 'healthcare-service');

describe('who takes a service', () => {
  test.each([
    ['a practice', practice(1), 'GPPracticeTransformer'],
    ['a practice with a newline after its code', practice(1, { odscode: 'A99901\n' }), 'GPPracticeTransformer'],
    ['an access hub', enhancedAccess(1, { typeid: 136 }), 'GPEnhancedAccessTransformer'],
    [
      'a network service with more than a network code',
      enhancedAccess(1, { odscode: 'U99901XY' }),
      'GPEnhancedAccessTransformer',
    ],
    ['a community pharmacy', chemist(1), 'BasePharmacyTransformer'],
    ['a distance selling pharmacy', chemist(1, { typeid: 134, odscode: 'Z9Z9Z' }), 'BasePharmacyTransformer'],
    ['a blood pressure check', bloodPressure(1), 'PharmacyBPCheckTransformer'],
    ['a contraception service', contraceptive(1), 'ContraceptionPharmacyTransformer'],
    ['pharmacy first', pharmacyFirst(1), 'PharmacyFirstTransformer'],
    ['pharmacy first by distance selling', pharmacyFirst(1, { odscode: 'FZZ01M06DSP' }), 'PharmacyFirstTransformer'],
  ])('%s', (_what, row, transformer) => {
    expect(directory({ services: [row, chemist(9)] }).sync(1).transformer).toBe(transformer);
  });

  test.each([
    ['GPPracticeTransformer', practice(1, { odscode: null }), 'ods_missing'],
    ['GPPracticeTransformer', practice(1, { odscode: 'I99901' }), 'ods_format'],
    ['GPPracticeTransformer', practice(1, { typeid: 25 }), 'type_mismatch'],
    ['GPEnhancedAccessTransformer', enhancedAccess(1, { odscode: '' }), 'ods_missing'],
    ['GPEnhancedAccessTransformer', enhancedAccess(1, { odscode: 'X99901' }), 'ods_format'],
    ['BasePharmacyTransformer', chemist(1, { odscode: 'FZZ0' }), 'ods_length'],
    ['BasePharmacyTransformer', chemist(1, { odscode: 'fzz01' }), 'ods_format'],
    ['PharmacyBPCheckTransformer', bloodPressure(1, { odscode: 'FZZ1BPS' }), 'ods_length'],
    ['PharmacyBPCheckTransformer', bloodPressure(1, { odscode: 'BPSFZZ01' }), 'ods_suffix'],
    ['PharmacyBPCheckTransformer', bloodPressure(1, { odscode: '1ZZ01BPS' }), 'ods_format'],
    ['ContraceptionPharmacyTransformer', contraceptive(1, { odscode: 'FZZ01' }), 'ods_suffix'],
    ['ContraceptionPharmacyTransformer', contraceptive(1, { name: 'Contraception' }), 'name_prefix'],
    ['PharmacyFirstTransformer', pharmacyFirst(1, { name: 'PF+: x' }), 'name_prefix'],
  ])('%s refuses, and says why', (transformer, row, reason) => {
    const synced = directory({ services: [row] }).sync(1);
    expect(synced).toMatchObject({ outcome: 'unsupported', reason: 'no_transformer', transactions: [] });
    expect(synced.rejectedBy).toContainEqual({ transformer, reason });
  });

  test('nobody of a kind that is switched off, and the reason is the switch', () => {
    const items = directory({ services: [chemist(1), enhancedAccess(2), practice(3)] });
    items.config = { ...items.config, pharmacy: false, searchTriageCode: false };
    expect(items.sync(1).rejectedBy.map(({ reason }) => reason)).toEqual([
      'type_mismatch',
      ...Array(5).fill('flag_disabled'),
    ]);
    expect(items.sync(2).outcome).toBe('unsupported');
    expect(items.sync(3).outcome).toBe('inserted');
    expect([...items.items().keys()].map((key) => key.split('/')[0]).sort()).toEqual([
      'data-migration-state',
      'organisation',
    ]);
  });
});

describe('which services are passed over', () => {
  test.each([
    [practice(1, { statusid: 2 }), 'not_active'],
    [practice(1, { statusid: null }), 'not_active'],
    [enhancedAccess(1, { name: 'Larkspur ARI - hub' }), 'name_excluded:ARI - '],
    [bloodPressure(1, { name: '' }), 'name_missing'],
    [bloodPressure(1, { name: 'Blood pressure' }), 'name_prefix'],
  ])('%# %s', (row, reason) => {
    const items = directory({ services: [row, chemist(9)] });
    expect(items.sync(1)).toMatchObject({ outcome: 'skipped', reason });
    const moved = [...items.table('healthcare-service').values()].map((item) => item.identifier_oldDoS_uid);
    expect(moved).not.toContain('uid-1');
  });

  test('a service that was moved before is brought up to date whatever its status', () => {
    const items = directory({ services: [practice(1)] });
    items.sync(1);
    items.apply({ services: { update: [{ id: 1, statusid: 2 }] } });
    expect(items.sync(1).outcome).toBe('updated');
    expect(one(items, 'organisation').active).toBe(false);
    expect(service(items).status).toBe('inactive');
  });
});

describe('what a practice becomes', () => {
  test('an organisation, its location and a service that know each other', () => {
    const items = directory({ services: [practice(7)] });
    items.sync(7);
    const [organisation, location] = [one(items, 'organisation'), one(items, 'location')];
    expect(organisation).toMatchObject({ type: 'GP Practice', identifier_ODS_ODSCode: 'A99901', field: 'document' });
    expect(location).toMatchObject({ managingOrganisation: organisation.id, active: true });
    expect(service(items)).toMatchObject({
      providedBy: organisation.id,
      location: location.id,
      type: 'GP Consultation Service',
    });
  });

  test('the same ids whenever it is made', () => {
    const [first, second] = [1, 2].map(() => {
      const items = directory({ services: [practice(7)] });
      items.sync(7);
      return [...items.items().keys()];
    });
    expect(first).toEqual(second);
    expect(first?.filter((key) => /^organisation\/[0-9a-f]{8}-[0-9a-f]{4}-5/.test(key))).toHaveLength(1);
  });

  test('contacts that cannot be used are empty, and told with their severity', () => {
    const items = directory({ services: [practice(1, { email: 'x', publicphone: null, nonpublicphone: '1' })] });
    const synced = items.sync(1);
    expect(synced.issues.map(({ code, severity }) => `${severity} ${code}`)).toEqual([
      'error invalid_format',
      'error empty',
      'error invalid_length',
    ]);
    expect(service(items).telecom).toMatchObject({ email: null, phone_public: null, phone_private: null });
  });

  test.each([
    [{ address: null, town: null, postcode: '' }, 'address_required'],
    [{ address: 'Not Available' }, 'invalid_address'],
  ])('an address that says nothing is fatal: %j', (over, code) => {
    const items = directory({ services: [practice(1, over)] });
    expect(items.sync(1)).toMatchObject({
      outcome: 'invalid',
      issues: [{ severity: 'fatal', code }],
      transactions: [],
    });
  });

  test('without a name it is refused', () => {
    const synced = directory({ services: [practice(1, { publicname: '<script>' })] }).sync(1);
    expect(synced).toMatchObject({ outcome: 'error', error: { model: 'Organisation', fields: ['name'] } });
  });
});

describe('endpoints', () => {
  const made = (over: Image) => {
    const items = directory({ services: [practice(1)], serviceendpoints: [endpoint(5, 1, over)] });
    const { error } = items.sync(1);
    const { endpoints } = one(items, 'organisation') as { endpoints?: JsonObject[] };
    return { error, endpoint: endpoints?.[0] };
  };

  test.each([
    [{ format: 'PDF' }, { payloadMimeType: 'application/pdf' }],
    [{ format: 'text/html' }, { payloadMimeType: 'text/html' }],
    [{ format: null }, { payloadMimeType: null }],
    [
      { transport: 'telno', format: 'anything' },
      { payloadMimeType: null, payloadType: null },
    ],
    [{ iscompressionenabled: 'compressed' }, { isCompressionEnabled: true }],
    [
      { address: '', endpointorder: 0 },
      { address: '', order: 0 },
    ],
  ])('%j becomes %j', (over, expected) => expect(made(over).endpoint).toMatchObject(expected));

  test.each([
    [{ transport: 'fax' }, ['connectionType']],
    [{ format: 'pdf' }, ['payloadMimeType']],
    [{ businessscenario: null }, ['businessScenario']],
    [{ address: null }, ['address']],
    [{ endpointorder: null, transport: null }, ['connectionType', 'order']],
  ])('%j is refused, every bad field named', (over, fields) => {
    expect(made(over).error).toEqual({ kind: 'model_validation', model: 'Endpoint', fields });
  });

  test('come in the order of their rows, and a pharmacy leaves them out', () => {
    const rows = [endpoint(6, 1, { endpointorder: 1 }), endpoint(5, 1, { endpointorder: 2 }), endpoint(8, 2)];
    const items = directory({ services: [practice(1), chemist(2)], serviceendpoints: rows });
    items.sync(1);
    items.sync(2);
    const [surgery, pharmacy] = [...items.table('organisation').values()];
    expect(
      ((surgery?.endpoints ?? []) as JsonObject[]).map(({ identifier_oldDoS_id }) => identifier_oldDoS_id),
    ).toEqual([5, 6]);
    expect(pharmacy?.endpoints).toEqual([]);
  });
});

describe('opening times', () => {
  const opened = (tables: Tables) => {
    const items = directory({ services: [practice(1)], ...tables });
    const { error } = items.sync(1);
    return { error, times: service(items).openingTime };
  };

  test('are the week, bank holidays and single dates, in the order of their rows', () => {
    const { times } = opened({
      servicedayopenings: [
        { id: 2, serviceid: 1, dayid: 8 },
        { id: 1, serviceid: 1, dayid: 3 },
      ],
      servicedayopeningtimes: [
        { id: 12, servicedayopeningid: 1, starttime: '13:00:00', endtime: '24:00:00' },
        { id: 11, servicedayopeningid: 1, starttime: '08:00:00', endtime: '12:00:00' },
        { id: 13, servicedayopeningid: 2, starttime: 36_000_000, endtime: 39_600_000 },
      ],
      servicespecifiedopeningdates: [
        { id: 21, serviceid: 1, date: 20_812 },
        { id: 22, serviceid: 1, date: '2026-12-26' },
      ],
      servicespecifiedopeningtimes: [
        { id: 31, servicespecifiedopeningdateid: 21, starttime: '00:00:00', endtime: '00:00:00', isclosed: true },
        { id: 32, servicespecifiedopeningdateid: 22, starttime: '10:00:00', endtime: '11:00:00', isclosed: false },
      ],
    });
    const day = { category: 'availableTime', dayOfWeek: 'wed', allDay: false };
    expect(times).toEqual([
      { ...day, startTime: '08:00:00', endTime: '12:00:00' },
      { ...day, startTime: '13:00:00', endTime: '00:00:00' },
      { category: 'availableTimePublicHolidays', startTime: '10:00:00', endTime: '11:00:00' },
      { category: 'notAvailable', description: null, startTime: '2026-12-25T00:00:00', endTime: '2026-12-25T00:00:00' },
      {
        category: 'availableTimeVariations',
        description: null,
        startTime: '2026-12-26T10:00:00',
        endTime: '2026-12-26T11:00:00',
      },
    ]);
  });

  test.each([
    [null, 'None'],
    [99, '99'],
  ])('of the day %s are refused', (dayid, key) => {
    const { error } = opened({ servicedayopenings: [{ id: 2, serviceid: 1, dayid }] });
    expect(error).toEqual({ kind: 'metadata_missing', model: 'OpeningTimeDay', key });
  });
});

test('a disposition nobody knows is left out with a warning, one without a code in silence', () => {
  const serviceDispositions = [1, 2, 777].map((dispositionid, id) => ({ id, serviceid: 1, dispositionid }));
  const items = directory({ services: [practice(1)], servicedispositions: serviceDispositions });
  const { notes } = items.sync(1);
  expect(service(items).dispositions).toEqual(['DX901']);
  expect(notes).toContainEqual({ code: 'DM_ETL_018', fields: { service_id: 1, disposition_id: 777 } });
});

describe('a linked pharmacy service', () => {
  test('brings its pharmacy along, and belongs to it', () => {
    const items = directory({ services: [pharmacyFirst(1), chemist(2)] });
    const { transactions } = items.sync(1);
    expect(transactions.map((writes) => writes.map(({ entity }) => entity))).toEqual([
      ['organisation', 'location', 'healthcare-service', 'data-migration-state'],
      ['healthcare-service', 'data-migration-state'],
    ]);
    const [, own] = [...items.table('healthcare-service').values()];
    expect(own).toMatchObject({ providedBy: one(items, 'organisation').id, location: one(items, 'location').id });
  });

  test('brings a pharmacy whose own code no rule takes', () => {
    const items = directory({
      services: [contraceptive(1, { odscode: 'ODDCODECON' }), chemist(2, { odscode: 'ODDCODE' })],
    });
    expect(items.sync(2).outcome).toBe('unsupported');
    expect(items.sync(1).outcome).toBe('inserted');
    expect(one(items, 'organisation').identifier_ODS_ODSCode).toBe('ODDCODE');
  });

  test('takes the active pharmacy of the lowest id', () => {
    const services = [
      bloodPressure(1),
      chemist(4, { uid: 'four' }),
      chemist(3, { uid: 'three' }),
      chemist(2, { statusid: 2 }),
    ];
    const items = directory({ services });
    items.sync(1);
    expect(one(items, 'organisation').identifier_oldDoS_uid).toBe('three');
  });

  test('is not written without its pharmacy', () => {
    const lonely = directory({ services: [bloodPressure(1), chemist(2, { statusid: 5 })] }).sync(1);
    expect(lonely).toMatchObject({ outcome: 'error', error: { kind: 'parent_not_found' }, transactions: [] });
    expect(lonely.notes.at(-1)).toEqual({ code: 'DM_ETL_038', fields: { record_id: 1, ods_code: 'FZZ01' } });
    const failing = directory({ services: [bloodPressure(1), chemist(2, { address: null })] }).sync(1);
    expect(failing).toMatchObject({
      outcome: 'error',
      error: { model: 'Location', fields: ['address'] },
      transactions: [],
    });
    expect(failing.notes.at(-1)?.code).toBe('DM_ETL_039');
  });
});

describe('what is written', () => {
  const changed = (changes: Image, tables: Tables = {}) => {
    const items = directory({ services: [practice(1)], ...tables });
    items.sync(1);
    const before = items.items();
    items.apply({ services: { update: [{ id: 1, ...changes }] } });
    return { items, before, synced: items.sync(1, '2026-03-13T10:00:00.000000Z') };
  };

  test('nothing when nothing has changed that anybody reads', () => {
    const { synced, items, before } = changed({ publicphone: '01632 960101', publicname: 'GP - Larkspur Surgery' });
    expect(synced).toMatchObject({ outcome: 'unchanged', transactions: [] });
    expect(items.items()).toEqual(before);
  });

  test('the changed document and the state, who made it stays', () => {
    const { synced, items } = changed({ town: 'Nether Moor' });
    expect(synced.transactions.flat().map(({ entity }) => entity)).toEqual(['location', 'data-migration-state']);
    expect(one(items, 'location')).toMatchObject({
      created: '2026-03-13T09:00:00.123456Z',
      lastUpdated: '2026-03-13T10:00:00+00:00',
    });
    expect(one(items, 'data-migration-state')).toMatchObject({
      version: 2,
      location: { address: { town: 'Nether Moor' } },
    });
  });

  test('nothing when a list has only another order', () => {
    const items = directory({
      services: [practice(1)],
      servicesgsds: [
        { id: 1, serviceid: 1, sgid: 1, sdid: 1 },
        { id: 2, serviceid: 1, sgid: 2, sdid: 2 },
      ],
    });
    items.sync(1);
    items.apply({
      servicesgsds: {
        update: [
          { id: 1, sgid: 2, sdid: 2 },
          { id: 2, sgid: 1, sdid: 1 },
        ],
      },
    });
    expect(items.sync(1).outcome).toBe('unchanged');
  });

  test('a document that was deleted is written whole', () => {
    const items = directory({ services: [practice(1)] });
    items.sync(1);
    const [[id, location] = ['', {}]] = [...items.table('location')];
    items.table('location').clear();
    items.sync(1);
    expect(items.table('location').get(id)).toEqual(location);
  });

  test('nothing over documents that no state knows, unless they are to be adopted', () => {
    const items = directory({ services: [practice(1), bloodPressure(2), chemist(3)] });
    items.sync(1);
    items.sync(3);
    const before = items.items();
    items.table('data-migration-state').clear();
    const reasons = ['ConditionalCheckFailed, ConditionalCheckFailed, ConditionalCheckFailed, None'];
    const error = { kind: 'transaction_cancelled', reasons };
    expect(items.sync(1)).toMatchObject({ outcome: 'error', error, transactions: [] });
    expect(items.sync(2)).toMatchObject({ outcome: 'error', error, transactions: [] });
    items.config = { ...items.config, adoptExisting: true };
    expect(items.sync(1, '2026-03-13T10:00:00.000000Z').outcome).toBe('inserted');
    const created = [...before].find(([key]) => key.startsWith('organisation/'))?.[1].created;
    expect([...items.table('organisation').values()][0]).toMatchObject({ created });
  });

  test('a service says nothing about its pharmacy as an index key when it has none', () => {
    const items = directory({ services: [enhancedAccess(1)] });
    items.sync(1);
    expect(service(items)).not.toHaveProperty('providedBy');
    expect(service(items)).not.toHaveProperty('location');
  });

  test('no item with a null where an index has its key', () => {
    const odd = [practice(1, { publicname: 'Odd' }), enhancedAccess(2), chemist(3), pharmacyFirst(4)];
    const items = directory({ services: odd });
    for (const id of [1, 2, 3, 4]) items.sync(id);
    const keys = Object.values(TABLE_TARGETS).flatMap(({ table, indexes }) =>
      Object.values(indexes)
        .flat()
        .flatMap((key) => [...items.table(table).values()].map((item) => [`${table} ${key}`, item[key]] as const)),
    );
    expect(keys.filter(([, value]) => value === null)).toEqual([]);
    expect(keys.length).toBeGreaterThan(8);
  });
});
