import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DEFAULTS, Names, readEntered } from '../../src/migrations/supabase/index.ts';

const names = new Names(DEFAULTS);
const good = { storage_location: 'Fridge 1', recorded_at: '2026-03-02T06:00:00+01:00', temperature_c: '4.5' };

describe('a reading that is entered', () => {
  test('has one form, and one id however it is spelled', () => {
    const reading = readEntered(names, good);
    expect(reading).toMatchObject({
      temperature_c: '4.500',
      recorded_at: '2026-03-02T05:00:00.000Z',
      is_excursion: null,
    });
    const again = { ...good, storage_location: ' fridge  1', recorded_at: '2026-03-02T05:00:00Z', temperature_c: 9 };
    expect((readEntered(names, again) as { id: string }).id).toBe((reading as { id: string }).id);
    for (const other of [{ device_id: 'p' }, { item_name: 'Serum' }, { recorded_at: '2026-03-02T05:00:00.000001Z' }])
      expect((readEntered(names, { ...good, ...other }) as { id: string }).id).not.toBe((reading as { id: string }).id);
    const id = '6E000000-0000-4000-8000-000000000001';
    expect(readEntered(names, { ...good, id })).toMatchObject({ id: id.toLowerCase() });
  });

  test.each([
    [{ temperature_c: '4.5555' }, 'temperature_c'],
    [{ temperature_c: '1000' }, 'temperature_c'],
    [{ temperature_c: 'NaN' }, 'temperature_c'],
    [{ temperature_c: 1e-7 }, 'temperature_c'],
    [{ recorded_at: '2026-03-02 06:00:00' }, 'recorded_at'],
    [{ recorded_at: '2026-02-30T06:00:00Z' }, 'recorded_at'],
    [{ storage_location: ' ' }, 'storage_location'],
    [{ storage_location: 'a\u0000b' }, 'storage_location'],
    [{ notes: 'half a pair: \ud800' }, 'notes'],
    [{ stock_id: 'none' }, 'stock_id'],
    [{ is_excursion: 'perhaps' }, 'is_excursion'],
  ])('%j does not fit, and the column is named', (over, column) => {
    expect(readEntered(names, { ...good, ...over })).toEqual({ misfits: [column] });
  });

  test('is read or refused, whatever comes', () => {
    const anything = fc.dictionary(fc.constantFrom(...Object.keys(good), 'id', 'stock_id', 'notes'), fc.jsonValue());
    fc.assert(
      fc.property(anything, (given) => {
        const read = readEntered(names, given as never);
        expect('misfits' in read ? read.misfits.length > 0 : read.id.length === 36).toBe(true);
      }),
    );
  });
});
