import { describe, expect, test } from 'vitest';
import type { Image, JsonObject } from '../../../src/core/index.ts';
import { fhirResources } from '../../../src/migrations/dos/index.ts';
import { validateResource } from '../../../src/sinks/fhir/validate/index.ts';
import { Directory, type Tables } from './directory.ts';
import { Stream } from './flows.ts';
import { bloodPressure, chemist, endpoint, enhancedAccess, LOOKUPS, practice } from './rows.ts';

const stream = (tables: Tables): Stream => new Stream({ fhir: true }).load(LOOKUPS).load(tables);

const resources = (items: Stream, type: string): readonly JsonObject[] =>
  [...(items.model.documents().get(`fhir.${type}`)?.values() ?? [])].map(({ content }) => content);

const all = (items: Stream): readonly JsonObject[] =>
  ['Organization', 'Endpoint', 'Location', 'HealthcareService'].flatMap((type) => resources(items, type));

const FULL: Tables = {
  services: [practice(1), enhancedAccess(2), chemist(3), bloodPressure(4)],
  serviceendpoints: [
    endpoint(5, 1, { endpointorder: 2, format: 'xml', interaction: null }),
    endpoint(6, 1, { transport: 'email', address: 'desk@larkspur.nhs.uk', format: 'PDF' }),
    endpoint(7, 1, { transport: 'telno', address: '01632 960101', endpointorder: 3 }),
    endpoint(8, 1, { address: '' }),
  ],
  servicedayopenings: [
    { id: 11, serviceid: 1, dayid: 1 },
    { id: 12, serviceid: 1, dayid: 8 },
  ],
  servicedayopeningtimes: [
    { id: 12, servicedayopeningid: 11, starttime: '08:00:00', endtime: '18:00:00' },
    { id: 13, servicedayopeningid: 12, starttime: '09:00:00', endtime: '10:00:00' },
  ],
  servicespecifiedopeningdates: [1, 2, 3].map((id) => ({ id, serviceid: 1, date: `2026-12-2${id}` })),
  servicespecifiedopeningtimes: [
    { id: 1, servicespecifiedopeningdateid: 1, starttime: '00:00:00', endtime: '00:00:00', isclosed: true },
    { id: 2, servicespecifiedopeningdateid: 2, starttime: '12:00:00', endtime: '13:00:00', isclosed: true },
    { id: 3, servicespecifiedopeningdateid: 3, starttime: '10:00:00', endtime: '11:00:00', isclosed: false },
  ],
  servicesgsds: [{ id: 15, serviceid: 1, sgid: 901, sdid: 801 }],
  servicedispositions: [{ id: 16, serviceid: 1, dispositionid: 1 }],
  serviceagerange: [{ id: 17, serviceid: 1, daysfrom: 0, daysto: 364.25 }],
};

describe('the resources of a service', () => {
  test('are valid FHIR R4, each of them', () => {
    const made = all(stream(FULL));
    expect(made.map(({ resourceType }) => resourceType)).toHaveLength(2 + 3 + 2 + 4);
    for (const resource of made) expect(validateResource(resource)).toEqual([]);
  });

  test.each([
    [{ name: '\u0001', publicname: 'Larkspur \u0085 &#10; Moor' }],
    [{ town: null, postcode: '  ', address: '$$' }],
    [{ web: ' ', odscode: 'A99901\n', uid: '\u0002x' }],
    [{ latitude: 91, longitude: -0.000000049 }],
  ] as [Image][])('are valid for odd rows too: %j', (over) => {
    const made = all(
      stream({
        services: [practice(1, over)],
        serviceendpoints: [endpoint(5, 1, { address: 'a b', interaction: ' ' })],
      }),
    );
    expect(made.length).toBe(4);
    for (const resource of made) expect(validateResource(resource)).toEqual([]);
  });

  test('refer to one another by the ids the tables have', () => {
    const items = stream(FULL);
    const ids = new Set(all(items).map(({ resourceType, id }) => `${resourceType}/${id}`));
    const referred = JSON.stringify(all(items)).matchAll(/"reference":"([^"]+)"/g);
    expect([...referred].map((match) => match[1]).filter((reference) => !ids.has(reference ?? ''))).toEqual([]);
    const organisations = [...items.items('organisation').values()].map(({ id }) => id);
    expect(resources(items, 'Organization').map(({ id }) => id)).toEqual(organisations);
  });

  test('tell endpoints in the order in which they are tried, those without an address not at all', () => {
    const items = stream(FULL);
    const [organization] = resources(items, 'Organization');
    const names = new Map(resources(items, 'Endpoint').map(({ id, name }) => [`Endpoint/${id}`, name]));
    const order = ((organization?.endpoint ?? []) as { reference: string }[]).map(({ reference }) =>
      names.get(reference),
    );
    expect(order).toEqual(['Primary 1', 'Primary 2', 'Primary 3']);
    expect(
      resources(items, 'Endpoint')
        .map(({ address }) => address)
        .sort(),
    ).toEqual(['https://itk.larkspur.example/in', 'mailto:desk@larkspur.nhs.uk', 'tel:01632-960101']);
  });

  test('tell the week in elements, whole closed days as such, and the rest in words', () => {
    const [service] = resources(stream(FULL), 'HealthcareService');
    expect(service).toMatchObject({
      active: true,
      availableTime: [{ daysOfWeek: ['mon'], availableStartTime: '08:00:00', availableEndTime: '18:00:00' }],
      notAvailable: [{ description: 'Closed', during: { start: '2026-12-21', end: '2026-12-21' } }],
      availabilityExceptions:
        'Bank holidays 09:00:00 to 10:00:00; 2026-12-22 closed 12:00:00 to 13:00:00; 2026-12-23 10:00:00 to 11:00:00',
      eligibility: [{ comment: 'From 0 to 364.25 days of age' }],
    });
    expect(JSON.stringify(service?.characteristic)).toContain('"code":"901-801"');
  });

  test('are the same made of the items of the tables', () => {
    const directory = new Directory().load(LOOKUPS).load(FULL);
    directory.sync(1);
    const [organisation, location, healthcareService] = ['organisation', 'location', 'healthcare-service'].map(
      (table) => [...directory.table(table).values()][0] ?? null,
    );
    const documents = { organisation, location, healthcareService } as Parameters<typeof fhirResources>[0];
    const streamed = all(stream({ ...FULL, services: [practice(1)] }));
    expect(fhirResources(documents)).toEqual(expect.arrayContaining([...streamed]));
    expect(fhirResources(documents)).toHaveLength(streamed.length);
  });

  test('turn an endpoint off when its row goes, and leave it as it is when the service cannot be used', () => {
    const items = stream(FULL).apply({ services: { update: [{ id: 1, address: null }] } });
    const states = () => resources(items, 'Endpoint').map(({ status }) => status);
    expect(states()).toEqual(['active', 'active', 'active']);
    items.apply({ services: { update: [{ id: 1, address: '1 Row' }] }, serviceendpoints: { delete: [6] } });
    expect(states().sort()).toEqual(['active', 'active', 'off']);
  });

  test('are not made unless they are asked for', () => {
    expect(all(new Stream().load(LOOKUPS).load(FULL))).toEqual([]);
  });
});
