import { describe, expect, test } from 'vitest';
import { queueBatches, readEvent } from '../../../src/migrations/dos/index.ts';

const event = { type: 'dms_event', record_id: 7, service_id: 3, table_name: 'services', method: 'insert' };

describe('a message', () => {
  test.each([
    [event, 7],
    [{ ...event, method: 'UPDATE', record_id: '7', more: 1 }, 7],
    [{ ...event, table_name: 'serviceendpoints', method: 'delete' }, 3],
    [{ source: 'aurora_trigger', event }, 7],
    [{ record_id: 7, table_name: 'services', method: 'insert' }, 7],
    [{ record_id: 7, table_name: 'serviceendpoints', method: 'insert' }, 7],
  ])('%j asks for service %s', (body, service) => expect(readEvent(body)).toEqual({ kind: 'sync', service }));

  test.each([
    [{ ...event, method: 'delete' }, 'DM_ETL_010'],
    [{ ...event, table_name: 'Services' }, 'DM_ETL_011'],
    [{ ...event, table_name: 'serviceagerange' }, 'DM_ETL_011'],
  ])('%j is let pass with a warning', (body, code) => {
    expect(readEvent(body)).toMatchObject({ kind: 'ignored', note: { code } });
  });

  test.each([
    [{ ...event, type: 'other' }],
    [{ ...event, record_id: 'seven' }],
    [{ ...event, record_id: 7.5 }],
    [{ ...event, service_id: null }],
    [{ ...event, method: null }],
    [{ ...event, table_name: 5 }],
    [{ source: 'aurora_trigger' }],
    ['services'],
    [null],
    [[event]],
  ])('%j is handed back', (body) => {
    expect(readEvent(body)).toEqual({
      kind: 'bad',
      note: { code: 'DM_ETL_009', fields: { error: 'model_validation', event: expect.any(Object) } },
    });
  });
});

test('what a message calls its table and method is told of shortly, however long it is', () => {
  const event = { record_id: 1, table_name: 'x'.repeat(5_000), method: 'y'.repeat(5_000) };
  for (const body of [event, { ...event, table_name: 'services' }])
    expect(JSON.stringify(readEvent(body)).length).toBeLessThan(450);
  const bad = readEvent({ ...event, record_id: 'z'.repeat(5_000), patient: 'Secret', service_id: { name: 'Secret' } });
  expect(JSON.stringify(bad).length).toBeLessThan(450);
  expect(JSON.stringify(bad)).not.toContain('Secret');
});

test('what is told of an event are the fields it should have', () => {
  const told = { type: 'dms_event', record_id: 7, service_id: 3, table_name: 'services', method: 'delete' };
  expect(readEvent({ ...event, method: 'delete', more: 1 })).toMatchObject({ note: { fields: { event: told } } });
});

describe('the messages of a request', () => {
  const request = {
    typeIds: null,
    statusIds: null,
    fullSync: true,
    recordId: null,
    serviceId: null,
    tableName: 'services',
  };
  const services = Array.from({ length: 23 }, (_, n) => ({ id: n + 1, typeid: n % 2 ? 100 : 13, statusid: 1 }));

  test('are those of all services, ten at a time', () => {
    expect(queueBatches(request, services).map((batch) => batch.length)).toEqual([10, 10, 3]);
  });

  test('are those of the wanted types and statuses, of no type for none', () => {
    const ids = (typeIds: number[], statusIds: number[] | null) =>
      queueBatches({ ...request, typeIds, statusIds }, services.slice(0, 4))
        .flat()
        .map(({ id }) => id);
    expect(ids([100], [1])).toEqual(['2', '4']);
    expect(ids([100], [2])).toEqual([]);
    expect(ids([], null)).toEqual([]);
  });

  test('is one where a record is named, and none can be made where nothing is', () => {
    const single = { ...request, fullSync: false };
    expect(queueBatches({ ...request, recordId: 5 }, services)).toHaveLength(1);
    expect(queueBatches({ ...single, serviceId: 6 }, services)[0]?.[0]).toMatchObject({
      id: '6',
      body: { service_id: 6 },
    });
    expect(() => queueBatches(single, services)).toThrow('name a record');
  });
});
