import { describe, expect, test } from 'vitest';
import type { Image, JsonObject } from '../../../src/core/index.ts';
import type { Tables } from './directory.ts';
import { Stream } from './flows.ts';
import { bloodPressure, chemist, contraceptive, endpoint, enhancedAccess, LOOKUPS, practice } from './rows.ts';

const stream = (tables: Tables): Stream => new Stream().load(LOOKUPS).load(tables);

/** The one item of a table that is of this service. */
const of = (items: Stream, table: string, uid: string): JsonObject | undefined =>
  [...items.items(table).values()].find((item) => item.identifier_oldDoS_uid === uid);

const FULL: Tables = {
  services: [practice(1)],
  serviceendpoints: [endpoint(5, 1)],
  servicedayopenings: [{ id: 11, serviceid: 1, dayid: 1 }],
  servicedayopeningtimes: [{ id: 12, servicedayopeningid: 11, starttime: '08:00:00', endtime: '18:00:00' }],
  servicespecifiedopeningdates: [{ id: 13, serviceid: 1, date: '2026-12-25' }],
  servicespecifiedopeningtimes: [
    { id: 14, servicespecifiedopeningdateid: 13, starttime: '00:00:00', endtime: '00:00:00', isclosed: true },
  ],
  servicesgsds: [{ id: 15, serviceid: 1, sgid: 901, sdid: 801 }],
  servicedispositions: [{ id: 16, serviceid: 1, dispositionid: 1 }],
  serviceagerange: [{ id: 17, serviceid: 1, daysfrom: 0, daysto: 364.25 }],
};

/** What a change of each feeding table does: table, id, columns, and where it is to be seen. */
const FEEDING: [table: string, id: number, columns: Image, entity: string, seen: JsonObject][] = [
  ['services', 1, { web: 'https://new.example/' }, 'healthcare-service', { telecom: { web: 'https://new.example/' } }],
  ['serviceendpoints', 5, { endpointorder: 9 }, 'organisation', { endpoints: [{ order: 9 }] }],
  ['servicedayopenings', 11, { dayid: 2 }, 'healthcare-service', { openingTime: [{ dayOfWeek: 'tue' }, {}] }],
  [
    'servicedayopeningtimes',
    12,
    { starttime: '07:00:00' },
    'healthcare-service',
    { openingTime: [{ startTime: '07:00:00' }, {}] },
  ],
  ['openingtimedays', 1, { name: 'Sunday' }, 'healthcare-service', { openingTime: [{ dayOfWeek: 'sun' }, {}] }],
  [
    'servicespecifiedopeningdates',
    13,
    { date: '2026-12-26' },
    'healthcare-service',
    { openingTime: [{}, { startTime: '2026-12-26T00:00:00' }] },
  ],
  [
    'servicespecifiedopeningtimes',
    14,
    { isclosed: false },
    'healthcare-service',
    { openingTime: [{}, { category: 'availableTimeVariations' }] },
  ],
  [
    'servicesgsds',
    15,
    { sdid: 802 },
    'healthcare-service',
    { symptomGroupSymptomDiscriminators: [{ sg: 901, sd: 802 }] },
  ],
  ['servicedispositions', 16, { dispositionid: 2 }, 'healthcare-service', { dispositions: [] }],
  ['dispositions', 1, { dxcode: 'DX902' }, 'healthcare-service', { dispositions: ['DX902'] }],
  ['serviceagerange', 17, { daysto: 400 }, 'healthcare-service', { ageEligibilityCriteria: [{ rangeTo: '400' }] }],
];

describe('a service follows every table it is made of', () => {
  test.each(FEEDING)('%s', (table, id, columns, entity, seen) => {
    const items = stream(FULL);
    const before = of(items, entity, 'uid-1');
    expect(before).not.toMatchObject(seen);
    items.apply({ [table]: { update: [{ id, ...columns }] } });
    expect(of(items, entity, 'uid-1')).toMatchObject(seen);
  });

  test.each([
    ['serviceendpoints', 5, 'organisation', { endpoints: [] }],
    ['servicedayopenings', 11, 'healthcare-service', { openingTime: [{ category: 'notAvailable' }] }],
    ['servicedayopeningtimes', 12, 'healthcare-service', { openingTime: [{ category: 'notAvailable' }] }],
    ['servicespecifiedopeningdates', 13, 'healthcare-service', { openingTime: [{ category: 'availableTime' }] }],
    ['servicesgsds', 15, 'healthcare-service', { symptomGroupSymptomDiscriminators: [] }],
    ['servicedispositions', 16, 'healthcare-service', { dispositions: [] }],
    ['serviceagerange', 17, 'healthcare-service', { ageEligibilityCriteria: null }],
  ])('and a row deleted of %s', (table, id, entity, seen) => {
    const items = stream(FULL).apply({ [table]: { delete: [id] } });
    expect(of(items, entity, 'uid-1')).toMatchObject(seen);
  });

  test('and a row that goes over to another service, at both', () => {
    const items = stream({ ...FULL, services: [practice(1), practice(2)] });
    items.apply({ serviceendpoints: { update: [{ id: 5, serviceid: 2 }] } });
    expect(of(items, 'organisation', 'uid-1')?.endpoints).toEqual([]);
    expect(of(items, 'organisation', 'uid-2')?.endpoints).toHaveLength(1);
  });

  test('whatever the order in which rows come', () => {
    const backwards = Object.fromEntries(Object.entries({ ...LOOKUPS, ...FULL }).reverse());
    const items = new Stream().load(backwards);
    expect(items.items('healthcare-service')).toEqual(stream(FULL).items('healthcare-service'));
  });
});

test('a list in another order is no change', () => {
  const pairs = [
    { id: 15, serviceid: 1, sgid: 901, sdid: 801 },
    { id: 18, serviceid: 1, sgid: 902, sdid: 802 },
  ];
  const items = stream({ ...FULL, servicesgsds: pairs });
  const before = of(items, 'healthcare-service', 'uid-1');
  items.apply({
    servicesgsds: {
      update: [
        { id: 15, sgid: 902, sdid: 802 },
        { id: 18, sgid: 901, sdid: 801 },
      ],
    },
  });
  expect(of(items, 'healthcare-service', 'uid-1')).toEqual(before);
});

describe('a service that closes', () => {
  test('is closed where it was moved, and never made where it was not', () => {
    const items = stream({ services: [practice(1), practice(2, { statusid: 2 })] });
    items.apply({ services: { update: [{ id: 1, statusid: 2 }] } });
    expect(of(items, 'healthcare-service', 'uid-1')?.status).toBe('inactive');
    expect(of(items, 'organisation', 'uid-1')?.active).toBe(false);
    expect(of(items, 'healthcare-service', 'uid-2')).toBeUndefined();
    expect(items.issues('services', '2')).toEqual(['PASSED_OVER statusid']);
  });

  test('stays closed through further changes', () => {
    const items = stream({ services: [enhancedAccess(1)] });
    items.apply({ services: { update: [{ id: 1, statusid: 2, name: 'ARI - hub' }] } });
    items.apply({ services: { update: [{ id: 1, web: null }] } });
    expect(of(items, 'healthcare-service', 'uid-1')).toMatchObject({ status: 'inactive', name: 'ARI - hub' });
  });

  test('is closed too when its row is deleted', () => {
    const items = stream(FULL).apply({ services: { delete: [1] } });
    expect(of(items, 'healthcare-service', 'uid-1')?.status).toBe('inactive');
    expect(of(items, 'organisation', 'uid-1')?.active).toBe(false);
  });
});

describe('a service that cannot be moved', () => {
  test('keeps what it had, and says why', () => {
    const items = stream({ services: [practice(1)] });
    items.apply({ services: { update: [{ id: 1, address: 'Not Available', web: null }] } });
    expect(items.model.troubleOf('services', '1')?.reason).toMatch(/address \(invalid_address\)$/);
    items.apply({ services: { update: [{ id: 1, address: '1 Row', publicname: null }] } });
    expect(items.issues('services', '1')).toEqual(['parked ROW_INVALID']);
    expect(of(items, 'healthcare-service', 'uid-1')?.telecom).toMatchObject({ web: 'https://larkspur.example/' });
    items.apply({ services: { update: [{ id: 1, publicname: 'Larkspur' }] } });
    expect(of(items, 'healthcare-service', 'uid-1')?.telecom).toMatchObject({ web: null });
  });

  test('is parked when a column cannot be its own, naming the column alone', () => {
    const items = stream({ services: [practice(1, { latitude: 'north of here' })] });
    const trouble = items.model.troubleOf('services', '1');
    expect(trouble).toMatchObject({ state: 'parked', reason: 'services: these columns do not fit: latitude' });
  });

  test('waits for a day that has not come yet, and is parked when it has none', () => {
    const items = new Stream().load({ ...FULL, dispositions: [...(LOOKUPS.dispositions ?? [])] });
    expect(items.issues('services', '1')).toEqual(['waiting days']);
    items.apply({ openingtimedays: { insert: [...(LOOKUPS.openingtimedays ?? [])] } });
    expect(items.issues('services', '1')).toEqual([]);
    items.apply({ servicedayopenings: { update: [{ id: 11, dayid: null }] } });
    expect(items.issues('services', '1')).toEqual(['parked ROW_INVALID']);
  });

  test('is nobody’s when its type is, and what it had stays', () => {
    const items = stream({ services: [practice(1)] }).apply({ services: { update: [{ id: 1, typeid: 25 }] } });
    expect(items.issues('services', '1')).toEqual(['NO_TRANSFORMER typeid']);
    expect(of(items, 'organisation', 'uid-1')).toBeDefined();
  });
});

describe('a linked pharmacy service', () => {
  test('waits for its pharmacy, and goes when it comes', () => {
    const items = stream({ services: [bloodPressure(1)] });
    expect(items.issues('services', '1')).toEqual(['waiting parents']);
    items.apply({ services: { insert: [chemist(2)] } });
    expect(of(items, 'healthcare-service', 'uid-1')?.providedBy).toBe(of(items, 'organisation', 'uid-2')?.id);
  });

  test('waits for a pharmacy that cannot be moved, until it can', () => {
    const items = stream({ services: [bloodPressure(1), chemist(2, { address: null })] });
    expect(items.issues('services', '1')).toEqual(['waiting dynamodb.organisation, dynamodb.location']);
    expect(of(items, 'healthcare-service', 'uid-1')).toBeUndefined();
    items.apply({ services: { update: [{ id: 2, address: '1 Row' }] } });
    expect(of(items, 'healthcare-service', 'uid-1')).toBeDefined();
  });

  test('goes over to another pharmacy with its code', () => {
    const items = stream({ services: [contraceptive(1), chemist(2), chemist(3, { odscode: 'FZZ02' })] });
    items.apply({ services: { update: [{ id: 1, odscode: 'FZZ02CON' }] } });
    expect(of(items, 'healthcare-service', 'uid-1')?.providedBy).toBe(of(items, 'organisation', 'uid-3')?.id);
  });

  test('brings a pharmacy nobody else would take, the one of the lowest id', () => {
    const odd = { odscode: 'ODDCODE' };
    const items = stream({ services: [chemist(2, odd), chemist(3, odd)] });
    expect(items.items('organisation').size).toBe(0);
    items.apply({ services: { insert: [contraceptive(1, { odscode: 'ODDCODECON' })] } });
    expect([...items.items('organisation').values()].map((item) => item.identifier_oldDoS_uid)).toEqual(['uid-2']);
  });
});

describe('triage codes', () => {
  const CODES: Tables = {
    symptomgroups: [
      { id: 901, name: 'Sore wing', zcodeexists: true },
      { id: 902, name: 'Alone', zcodeexists: null },
    ],
    symptomdiscriminators: [
      { id: 10_999, description: 'Feathers' },
      { id: 11_000, description: null },
    ],
    symptomdiscriminatorsynonyms: [{ id: 1, name: 'plumage', symptomdiscriminatorid: 10_999 }],
    symptomgroupsymptomdiscriminators: [{ id: 1, symptomgroupid: 901, symptomdiscriminatorid: 10_999 }],
  };
  const code = (items: Stream, id: string, field = 'item') => items.item('triage-code', id, field);

  test('are groups, discriminators with their synonyms, dispositions and combinations', () => {
    const items = stream(CODES);
    expect(code(items, 'SG901')).toMatchObject({ source: 'servicefinder', codeID: 901, zCodeExists: true });
    expect(code(items, 'SG902')).toMatchObject({ source: 'pathways', zCodeExists: null });
    expect(code(items, 'SD10999')).toMatchObject({ source: 'pathways', synonyms: ['plumage'] });
    expect(code(items, 'SD11000')).toMatchObject({ source: 'servicefinder', codeValue: '' });
    expect(code(items, 'DX901')).toMatchObject({ codeID: 'DX901', time: 60, lastUpdatedBy: { value: 'SYSTEM' } });
    const combinations = [{ id: 'SD10999', value: 'Feathers' }];
    expect(code(items, 'SG901', 'combinations')).toMatchObject({ combinations, codeID: null, source: 'servicefinder' });
  });

  test('a group without discriminators is noted and has no combinations', () => {
    const items = stream(CODES);
    expect(items.issues('symptom_groups', '902')).toEqual(['DM_ETL_012 symptomgroupsymptomdiscriminators']);
    expect(items.issues('symptom_groups', '901')).toEqual([]);
    expect(code(items, 'SG902', 'combinations')).toBeUndefined();
  });

  test('bad rows are noted and the others go on', () => {
    const items = stream({
      ...CODES,
      symptomgroupsymptomdiscriminators: [
        { id: 1, symptomgroupid: 901, symptomdiscriminatorid: 5 },
        { id: 2, symptomgroupid: 901, symptomdiscriminatorid: 10_999 },
        { id: 3, symptomgroupid: 999, symptomdiscriminatorid: 10_999 },
      ],
      dispositions: [{ id: 9, name: 'Blank', dxcode: '', dispositiontime: null }],
    });
    const path = 'symptomgroupsymptomdiscriminators';
    expect(items.issues('symptom_combinations', '901')).toEqual([`DM_ETL_008 ${path}.symptomdiscriminatorid`]);
    expect(items.issues('symptom_combinations', '999')).toEqual([`DM_ETL_008 ${path}.symptomgroupid`]);
    expect(items.issues('dispositions', 'row:9')).toEqual(['DM_ETL_008 dispositions.dxcode']);
    expect(code(items, 'SG901', 'combinations')?.combinations).toHaveLength(1);
  });

  test('of two dispositions with one code the later tells what it is, and the other when that goes', () => {
    const items = stream({ dispositions: [{ id: 8, name: 'Later', dxcode: 'DX901', dispositiontime: null }] });
    expect(code(items, 'DX901')).toMatchObject({ codeValue: 'Later', time: 0 });
    items.apply({ dispositions: { delete: [8] } });
    expect(code(items, 'DX901')).toMatchObject({ codeValue: 'Speak to a surgery', time: 60 });
  });

  test('follow their rows: a renamed discriminator, a group of the other source, a link that goes', () => {
    const items = stream(CODES).apply({
      symptomdiscriminators: { update: [{ id: 10_999, description: 'Down' }] },
      symptomgroups: { update: [{ id: 901, zcodeexists: false }] },
    });
    const combination = { source: 'pathways', combinations: [{ id: 'SD10999', value: 'Down' }] };
    expect(code(items, 'SG901', 'combinations')).toMatchObject(combination);
    items.apply({ symptomgroupsymptomdiscriminators: { delete: [1] } });
    expect(code(items, 'SG901', 'combinations')?.combinations).toEqual([]);
  });

  test('of rows that are gone stay', () => {
    const items = stream(CODES).apply({
      symptomgroups: { delete: [902] },
      symptomdiscriminators: { delete: [11_000] },
    });
    expect(code(items, 'SG902')).toBeDefined();
    expect(code(items, 'SD11000')).toBeDefined();
  });

  test('are not moved when they are switched off', () => {
    expect(new Stream({ searchTriageCode: false }).load(CODES).items('triage-code').size).toBe(0);
  });
});
