import { DEFAULTS, type EnteredReading, Names } from '../../migrations/supabase/index.ts';
import type { Config } from '../config.ts';
import type { Legacy } from './legacy.ts';

/** `known`: was there before, the same; `conflict`: was there before, and says something else. */
export type EntryOutcome = 'stored' | 'known' | 'conflict' | 'no_such_item';

/** Where readings are entered. The source's table now: from there they take the way of all rows. */
export interface ReadingsIn {
  /** One outcome a reading, in their order. All of them or none are entered. Throws SOURCE_UNAVAILABLE. */
  enter(readings: readonly EnteredReading[]): Promise<readonly EntryOutcome[]>;
}

export const namesOf = ({ namespace, base, files }: Config): Names =>
  new Names({
    namespace: namespace ?? DEFAULTS.namespace,
    base: base ?? DEFAULTS.base,
    files: files ?? DEFAULTS.files,
  });

const SQL = `
with given as (
  select * from json_to_recordset($1::json) as g(
    id uuid, stock_id uuid, item_name text, storage_location text, recorded_at timestamptz, temperature_c numeric(6,3),
    is_excursion boolean, excursion_reason text, resolved_at timestamptz, notes text)),
placed as (
  select g.*, s.id as item, s.min_temp, s.max_temp,
         (g.stock_id is not null or g.item_name is not null) and s.id is null as lost
  from given g
  left join public.partner_stock_levels s on s.id = g.stock_id or (g.stock_id is null and s.item_name = g.item_name)),
stored as (
  insert into public.partner_temperature_logs
    (id, stock_id, storage_location, recorded_at, temperature_c, is_excursion, excursion_reason, resolved_at, notes)
  select id, item, storage_location, recorded_at, temperature_c,
         coalesce(is_excursion, temperature_c < min_temp or temperature_c > max_temp, false),
         excursion_reason, resolved_at, notes
  from placed where not lost
  on conflict (id) do nothing returning id)
select p.id, case when p.lost then 'no_such_item'
                  when stored.id is not null then 'stored'
                  when t.id is null then 'unseen'
                  when t.recorded_at = p.recorded_at and t.temperature_c = p.temperature_c then 'known'
                  else 'conflict' end as outcome
from placed p left join stored on stored.id = p.id left join public.partner_temperature_logs t on t.id = p.id`;

/** Readings into the source's own table. Without a word of it, a reading outside its item's limits is an excursion. */
export function readingsIntoSource(legacy: Legacy): ReadingsIn {
  return {
    async enter(readings) {
      const first = new Map<string, EnteredReading>();
      for (const reading of readings) if (!first.has(reading.id)) first.set(reading.id, reading);
      const asked = JSON.stringify([...first.values()]);
      let rows = await legacy.query<{ id: string; outcome: EntryOutcome | 'unseen' }>(SQL, [asked]);
      // somebody else entered one of them in that very moment: now it can be seen
      if (rows.some(({ outcome }) => outcome === 'unseen')) {
        const before = new Set(rows.filter(({ outcome }) => outcome === 'stored').map(({ id }) => id));
        const again = await legacy.query<{ id: string; outcome: EntryOutcome }>(SQL, [asked]);
        rows = again.map(({ id, outcome }) => ({ id, outcome: before.has(id) ? 'stored' : outcome }));
      }
      const outcomes = new Map(rows.map(({ id, outcome }) => [id, outcome as EntryOutcome]));
      return readings.map((reading) => {
        const told = first.get(reading.id) as EnteredReading;
        const outcome = outcomes.get(reading.id) ?? 'conflict';
        if (told === reading || outcome === 'no_such_item') return outcome;
        return told.recorded_at === reading.recorded_at && told.temperature_c === reading.temperature_c
          ? 'known'
          : 'conflict';
      });
    },
  };
}
