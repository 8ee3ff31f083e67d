import { describe, expect, test } from 'vitest';
import type { Image, JsonObject } from '../../src/core/index.ts';
import { validateResource } from '../../src/sinks/fhir/validate/index.ts';
import { at, checkin, id, label, later, leaving, payout, reading, Story, stock } from './supabase-story.ts';

const some = (rows: readonly JsonObject[], ...columns: string[]) =>
  rows.map((row) => columns.map((column) => row[column]));

describe('check-ins', () => {
  const again = '2026-03-09T10:00:00.000Z';

  test.each([
    ['Waiting', 'waiting', []],
    ['Vitals complete', 'vitals_complete', []],
    ['Roomed', 'roomed', []],
    ['ready', 'ready', []],
    ['gone home', 'unknown', ['STATUS_UNKNOWN status']],
  ])('given status %j, then it is %s', (status, told, issues) => {
    const story = new Story();
    expect(story.tell('partner_checkins', 'c', checkin(1, { status })).bundles).toEqual([]);
    expect(story.one('partnerops.checkin')).toMatchObject({ status: told, status_raw: status, visit_no: 1 });
    expect(story.issues()).toEqual(issues);
  });

  test('given a second visit under the same name, then the row overwrites the first, and both visits are kept', () => {
    const story = new Story();
    story.tell('partner_checkins', 'c', checkin(1));
    story.tell('partner_checkins', 'u', checkin(1, { status: 'Roomed' }));
    expect(story.one('partnerops.checkin').visit_no).toBe(1);
    story.tell('partner_checkins', 'u', checkin(1, { arrived_at: again }));
    expect(story.one('partnerops.checkin')).toMatchObject({ visit_no: 2, arrived_at: again });
    // a correction of the hour counts like any other arrival
    story.tell('partner_checkins', 'u', checkin(1, { arrived_at: later }));
    expect(some(story.held('partnerops.checkin_visit'), 'visit_no', 'arrived_at')).toEqual([
      [1, checkin(1).arrived_at],
      [2, again],
      [3, later],
    ]);
  });

  test('given the same instant in another zone, then it is the same visit', () => {
    const story = new Story();
    story.tell('partner_checkins', 'c', checkin(1));
    story.tell('partner_checkins', 'u', checkin(1, { arrived_at: '2026-03-02T10:50:00+01:00' }));
    expect(story.one('partnerops.checkin').visit_no).toBe(1);
    expect(story.held('partnerops.checkin_event')).toHaveLength(1);
  });

  test('given one that is deleted and comes back under its key, then the visits go on counting', () => {
    const story = new Story();
    story.tell('partner_checkins', 'c', checkin(1));
    story.tell('partner_checkins', 'd', checkin(1));
    story.tell('partner_checkins', 'c', checkin(1, { arrived_at: again }));
    expect(story.one('partnerops.checkin')).toMatchObject({ visit_no: 2, deleted_at: null });
  });

  test('given changes, then each of status or arrival is one entry, and of anything else none', () => {
    const story = new Story();
    story.tell('partner_checkins', 'c', checkin(1));
    story.tell('partner_checkins', 'u', checkin(1, { updated_at: later }));
    story.tell('partner_checkins', 'u', checkin(1, { status: 'Roomed' }));
    story.tell('partner_checkins', 'u', checkin(1, { status: 'Roomed', arrived_at: again }));
    story.tell('partner_checkins', 'd', checkin(1, { status: 'Roomed', arrived_at: again }));
    expect(some(story.held('partnerops.checkin_event'), 'status', 'arrived_at')).toEqual([
      ['waiting', checkin(1).arrived_at],
      ['roomed', checkin(1).arrived_at],
      ['roomed', again],
      ['deleted', again],
    ]);
  });
});

describe('labels to print', () => {
  test.each([
    ['high', 0, []],
    ['Normal', 1, []],
    ['HIGH!', 2, ['PRIORITY_UNKNOWN priority']],
  ])('given priority %j, then it is number %i', (priority, told, issues) => {
    const story = new Story();
    story.tell('partner_label_queue', 'c', label(1, { priority }));
    expect(story.one('partnerops.label_queue')).toMatchObject({ priority: told, priority_raw: priority });
    expect(story.issues()).toEqual(issues);
  });

  test('given one printed at the source, then the source says so, and nothing of the printing here is written', () => {
    const story = new Story();
    story.tell('partner_label_queue', 'c', label(1));
    story.tell('partner_label_queue', 'u', label(1, { printed_at: later }));
    const row = story.one('partnerops.label_queue');
    expect(row).toMatchObject({ label_code: 'RX-1', source_printed_at: later });
    for (const column of ['state', 'queue_state', 'printed_at', 'attempts', 'lease_owner', 'lease_until'])
      expect(row).not.toHaveProperty(column);
  });

  test('given a code that is used again after a deletion, then both rows are there', () => {
    const story = new Story();
    story.tell('partner_label_queue', 'c', label(1));
    story.tell('partner_label_queue', 'd', label(1));
    story.tell('partner_label_queue', 'c', label(2, { label_code: 'RX-1' }));
    const rows = story.held('partnerops.label_queue');
    expect(rows.map((row) => [row.label_code, row.deleted_at === null])).toEqual([
      ['RX-1', false],
      ['RX-1', true],
    ]);
  });
});

describe('stock', () => {
  const counts = (story: Story) => some(story.held('partnerops.stock_snapshot'), 'kind', 'quantity', 'delta', 'status');

  test('given counts, then each tells what there is and how much more or less, from the opening balance on', () => {
    const story = new Story();
    story.tell('partner_stock_levels', 'c', stock(1));
    story.tell('partner_stock_levels', 'u', stock(1, { quantity: 12, status: 'Restock soon' }));
    story.tell('partner_stock_levels', 'u', stock(1, { quantity: 12 }));
    story.tell('partner_stock_levels', 'u', stock(1, { quantity: 2_147_483_647 }));
    expect(counts(story)).toEqual([
      ['opening', 40, 40, 'Healthy'],
      ['count', 12, -28, 'Restock soon'],
      ['count', 12, 0, 'Healthy'],
      ['count', 2_147_483_647, 2_147_483_635, 'Healthy'],
    ]);
  });

  test('given another label, shelf or lot, then the item follows and nothing was counted', () => {
    const story = new Story();
    story.tell('partner_stock_levels', 'c', stock(1));
    const over = { item_name: 'Serum, new', storage_location: 'Fridge 2', lot_number: 'LOT8', max_temp: '7.5' };
    story.tell('partner_stock_levels', 'u', stock(1, over));
    expect(story.one('partnerops.stock_item')).toMatchObject({ ...over, max_temp: '7.50' });
    expect(counts(story)).toHaveLength(1);
  });

  test('given an item deleted, then its counts stay; when it comes back, then it opens anew', () => {
    const story = new Story();
    story.tell('partner_stock_levels', 'c', stock(1));
    story.tell('partner_stock_levels', 'd', stock(1));
    expect(counts(story)).toHaveLength(1);
    story.tell('partner_stock_levels', 'c', stock(1, { quantity: 3 }));
    expect(counts(story).at(-1)).toEqual(['opening', 3, 3, 'Healthy']);
  });

  test('given an item first heard of by its deletion, then nothing was counted', () => {
    const story = new Story();
    story.tell('partner_stock_levels', 'd', stock(1));
    expect(counts(story)).toEqual([]);
  });

  test('given limits that are no numbers, then the row is parked by their names and the count is not lost', () => {
    const story = new Story();
    story.tell('partner_stock_levels', 'c', stock(1, { min_temp: 'NaN', expiry_date: 'soon' }));
    const [trouble] = story.troubles();
    expect(trouble).toContain('these columns do not fit: expiry_date, min_temp');
    story.tell('partner_stock_levels', 'u', stock(1, { quantity: 39 }));
    expect(counts(story)).toEqual([
      ['opening', 40, 40, 'Healthy'],
      ['count', 39, -1, 'Healthy'],
    ]);
    expect(story.troubles()).toEqual([]);
  });
});

describe('payouts', () => {
  const adjusted = (story: Story) =>
    some(story.held('finance.payout_adjustment'), 'kind', 'amount_before', 'amount_after', 'difference');

  test.each([
    ['0', '0.00'],
    ['0.1', '0.10'],
    ['007.5', '7.50'],
    ['9999999999.99', '9999999999.99'],
    [12.5, '12.50'],
  ])('given the amount %j, then it is %s to the penny', (amount, told) => {
    const story = new Story();
    expect(story.tell('partner_payouts', 'c', payout(1, { amount })).bundles).toEqual([]);
    expect(story.one('finance.payout')).toMatchObject({ amount: told, currency: 'GBP', occurred_on: '2026-02-27' });
    expect(adjusted(story)).toEqual([]);
  });

  test.each(['10000000000.00', '1.005', 'NaN', '1e3', '', null])(
    'given %j for an amount, then it is parked',
    (amount) => {
      const story = new Story();
      story.tell('partner_payouts', 'c', payout(1, { amount }));
      expect(story.troubles()).toEqual(['partner_payouts parked: partner_payouts: these columns do not fit: amount']);
      expect(story.held('finance.payout')).toEqual([]);
    },
  );

  test('given corrections, then each is one entry with its exact difference, and a note is none', () => {
    const story = new Story();
    story.tell('partner_payouts', 'c', payout(1, { amount: '9999999999.99' }));
    story.tell('partner_payouts', 'u', payout(1, { amount: '0.01' }));
    story.tell('partner_payouts', 'u', payout(1, { amount: '0.01', notes: 'checked' }));
    story.tell('partner_payouts', 'u', payout(1, { amount: '0.01', occurred_on: 20_513 }));
    story.tell('partner_payouts', 'd', payout(1, { amount: '0.01', occurred_on: 20_513 }));
    expect(adjusted(story)).toEqual([
      ['correction', '9999999999.99', '0.01', '-9999999999.98'],
      ['correction', '0.01', '0.01', '0.00'],
      ['deletion', '0.01', null, '-0.01'],
    ]);
    expect(some(story.held('finance.payout_adjustment'), 'occurred_on_before', 'occurred_on_after')[1]).toEqual([
      '2026-02-27',
      '2026-03-01',
    ]);
    expect(story.one('finance.payout').deleted_at).not.toBeNull();
  });
});

describe('temperatures', () => {
  const told = (story: Story, path: string) => at(story.one('fhir.Observation'), path);

  /** A story with an item and one reading in it. */
  function read(over: Image = {}, item: Image = {}): Story {
    const story = new Story();
    story.tell('partner_stock_levels', 'c', stock(1, item));
    story.tell('partner_temperature_logs', 'c', reading(1, over));
    return story;
  }

  test('given a reading before its item, then it waits; when the item comes, then its bundle does, too', () => {
    const story = new Story();
    expect(story.tell('partner_temperature_logs', 'c', reading(1)).bundles).toEqual([]);
    expect(story.troubles()).toEqual(['partner_temperature_logs waiting: stock']);
    const step = story.tell('partner_stock_levels', 'c', stock(1));
    expect(step.bundles.map(({ facts }) => facts.table)).toEqual(['partner_temperature_logs']);
    expect(at(step.bundles[0]?.bundle, 'entry.resource.resourceType')).toEqual([
      'Location',
      'Observation',
      'Provenance',
    ]);
  });

  test.each([
    ['4.500', false, {}, 'N', []],
    ['1.999', true, {}, 'L', []],
    ['8.001', true, {}, 'H', []],
    ['8.000', false, {}, 'N', []],
    ['2.000', false, {}, 'N', []],
    ['4.500', true, {}, 'A', []],
    ['40.000', true, { min_temp: null, max_temp: null }, 'A', []],
    ['40.000', false, { min_temp: null, max_temp: null }, 'N', []],
    ['-9.000', true, { min_temp: null }, 'A', []],
    ['9.000', false, {}, 'H', ['EXCURSION_UNFLAGGED is_excursion']],
    ['-300.000', true, {}, 'L', ['TEMPERATURE_IMPOSSIBLE temperature_c']],
    ['999.999', true, {}, 'H', ['TEMPERATURE_IMPOSSIBLE temperature_c']],
  ] as const)('given %s °C, flagged %s, limits %j, then it is %s', (degrees, flagged, item, code, issues) => {
    const story = read({ temperature_c: degrees, is_excursion: flagged }, item);
    expect(told(story, 'interpretation.coding.code')).toEqual([code]);
    expect(story.one('compliance.temperature_reading')).toMatchObject({
      temperature_c: degrees,
      is_excursion: flagged,
    });
    // the source's own word opens an excursion, and nothing else
    expect(story.held('compliance.excursion')).toHaveLength(flagged ? 1 : 0);
    expect(story.issues()).toEqual(issues);
    expect(validateResource(story.one('fhir.Observation'))).toEqual([]);
  });

  test.each([
    ['-0.125', '-0.125', '-0.125'],
    ['8', '8.000', '8'],
    ['-0.000', '0.000', '0'],
    [0.001, '0.001', '0.001'],
  ])('given %j, then it is %s in the row, and the number in FHIR is written %s', (degrees, stored, written) => {
    const story = read({ temperature_c: degrees });
    expect(story.one('compliance.temperature_reading').temperature_c).toBe(stored);
    expect(JSON.stringify(told(story, 'valueQuantity.value')[0])).toBe(written);
  });

  test('given limits, then they are the range, without the end there is none of; given none, then there is no range', () => {
    expect(told(read(), 'referenceRange')).toMatchObject([{ low: { value: 2 }, high: { value: 8 }, text: 'Serum 1' }]);
    expect(told(read({}, { min_temp: null }), 'referenceRange')).not.toHaveProperty('0.low');
    expect(told(read({}, { min_temp: null, max_temp: null }), 'referenceRange')).toEqual([]);
    expect(told(read({ stock_id: null }), 'referenceRange')).toEqual([]);
  });

  test('given an item the source lets go of, then the range the reading was judged by stays', () => {
    const story = read({ is_excursion: true, temperature_c: '9.000' });
    const before = story.one('fhir.Observation');
    story.tell('partner_stock_levels', 'd', stock(1));
    story.tell(
      'partner_temperature_logs',
      'u',
      reading(1, { is_excursion: true, temperature_c: '9.000', stock_id: null }),
    );
    expect(story.one('fhir.Observation')).toEqual(before);
    expect(story.one('compliance.temperature_reading')).toMatchObject({
      stock_legacy_id: null,
      stock_legacy_id_last: id.stock(1),
    });
  });

  test('given other limits, then the readings are judged by them, in the bundle of the item', () => {
    const story = read({ temperature_c: '5.000' });
    const { bundle } = story.tell('partner_stock_levels', 'u', stock(1, { max_temp: '4.00' })).bundles[0] ?? {};
    expect(told(story, 'interpretation.coding.code')).toEqual(['H']);
    expect(at(bundle, 'entry.resource.resourceType')).toEqual(['Observation', 'Provenance']);
    expect(at(bundle, 'entry.request.url')[0]).toMatch(new RegExp(`^Observation\\?identifier=.*${id.reading(1)}$`));
  });

  test('given a count of the item, then none of its readings is derived again', () => {
    const story = read();
    const flow = 'partner_temperature_logs';
    const place = BigInt(99);
    const change = (quantity: number, max: string, n: bigint) => ({
      kind: 'change' as const,
      table: 'public.partner_stock_levels',
      key: id.stock(1),
      op: 'u' as const,
      before: null,
      after: stock(1, { quantity, max_temp: max }),
      unsent: [],
      position: { epoch: 1, phase: 1 as const, a: place + n, b: 9_000n + n, txId: place + n, offset: place + n },
      sourceTime: later,
      origin: null,
    });
    const derived = () => story.session.model.derive(later).roots.filter((root) => root.flow === flow);
    story.session.model.apply(change(39, '8.00', 1n));
    expect(derived()).toEqual([]);
    story.session.model.apply(change(39, '7.00', 2n));
    expect(derived()).toEqual([{ flow, root: id.reading(1) }]);
  });

  test('given spellings of a place, then it is one, as the reading with the smallest key spells it', () => {
    const story = new Story();
    story.tell('partner_temperature_logs', 'c', reading(2, { stock_id: null, storage_location: 'fridge  1 ' }));
    expect(story.one('fhir.Location')).toMatchObject({ name: 'fridge  1', status: 'active', mode: 'instance' });
    story.tell('partner_temperature_logs', 'c', reading(1, { stock_id: null }));
    story.tell('partner_temperature_logs', 'c', reading(3, { stock_id: null, storage_location: 'FRIDGE 1' }));
    expect(story.one('fhir.Location').name).toBe('Fridge 1');
    expect(story.one('compliance.storage_location').name).toBe('Fridge 1');
    const place = `Location/${story.one('fhir.Location').id}`;
    expect(story.held('fhir.Observation').flatMap((one) => at(one, 'subject.reference'))).toEqual([
      place,
      place,
      place,
    ]);
  });

  test('given a place nobody names any more, then its resource is inactive and its row goes', () => {
    const story = read();
    story.tell('partner_temperature_logs', 'u', reading(1, { storage_location: 'Cupboard B' }));
    const places = story.held('fhir.Location').map((one) => [one.name, one.status]);
    expect(places).toEqual([
      ['Fridge 1', 'inactive'],
      ['Cupboard B', 'active'],
    ]);
    expect(story.one('compliance.storage_location').name).toBe('Cupboard B');
  });

  test('given no place, then the reading has no subject', () => {
    const story = read({ storage_location: ' ' });
    expect(story.one('fhir.Observation')).not.toHaveProperty('subject');
    expect(story.one('compliance.temperature_reading').location_id).toBeNull();
    expect(validateResource(story.one('fhir.Observation'))).toEqual([]);
  });

  test('given an excursion with a reason that is resolved, then reason and notes are told, and it is closed', () => {
    const over = { is_excursion: true, excursion_reason: 'door open', notes: 'moved' };
    const story = read({ ...over, temperature_c: '9.000' });
    expect(told(story, 'note.text')).toEqual(['Excursion: door open', 'moved']);
    expect(story.one('compliance.excursion')).toMatchObject({ opened_at: reading(1).recorded_at, resolved_at: null });
    story.tell('partner_temperature_logs', 'u', reading(1, { ...over, resolved_at: later }));
    expect(story.one('compliance.excursion').resolved_at).toBe(later);
    story.tell('partner_temperature_logs', 'u', reading(1));
    expect(story.held('compliance.excursion')).toEqual([]);
  });

  test('given one taken at another time after all, then there is one reading, and one deleted is in error', () => {
    const story = read();
    story.tell('partner_temperature_logs', 'u', reading(1, { recorded_at: later }));
    expect(story.one('compliance.temperature_reading').recorded_at).toBe(later);
    const { bundle } = story.tell('partner_temperature_logs', 'd', reading(1, { recorded_at: later })).bundles[0] ?? {};
    expect(story.one('fhir.Observation').status).toBe('entered-in-error');
    expect(at(bundle, 'entry.resource.action')).toEqual(['D']);
  });
});

describe('what partners do', () => {
  test('given names, codes and money, then none of it is in any resource or bundle', () => {
    const story = new Story();
    const steps = [
      story.tell('partner_checkins', 'c', checkin(1, { patient_name: 'secret-of-checkin' })),
      story.tell('partner_label_queue', 'c', label(1, { patient_name: 'secret-of-label' })),
      story.tell('partner_payouts', 'c', payout(1, { notes: 'secret-of-payout' })),
      story.tell('partner_stock_levels', 'c', stock(1, { manufacturer: 'secret-of-stock' })),
      story.tell('partner_temperature_logs', 'c', reading(1)),
    ];
    expect(leaving(story, steps)).not.toContain('secret-of');
    expect(steps.flatMap((step) => step.bundles).map(({ facts }) => facts.table)).toEqual(['partner_temperature_logs']);
  });
});
