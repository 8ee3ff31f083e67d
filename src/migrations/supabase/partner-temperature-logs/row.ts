import { z } from 'zod';
import { flag, instant, requiredDecimal, requiredInstant, requiredUuid, text, uuid } from '../columns.ts';
import type { StockLimits } from '../partner-stock-levels/row.ts';

export const PARTNER_TEMPERATURE_LOG = z.object({
  id: requiredUuid,
  stock_id: uuid,
  storage_location: text,
  recorded_at: requiredInstant,
  temperature_c: requiredDecimal(6, 3),
  is_excursion: flag.transform((value) => value ?? false),
  excursion_reason: text,
  resolved_at: instant,
  notes: text,
  created_at: requiredInstant,
});

export type TemperatureLogRow = z.output<typeof PARTNER_TEMPERATURE_LOG>;

/** On which side of the limits a reading is; null: between them, or there are none. Six digits are exact as numbers. */
export function outside(row: TemperatureLogRow, { min_temp: low, max_temp: high }: StockLimits): 'L' | 'H' | null {
  const value = Number(row.temperature_c);
  if (low !== null && value < Number(low)) return 'L';
  return high !== null && value > Number(high) ? 'H' : null;
}

const ABSOLUTE_ZERO = -273.15;
const MOST = 999.999;

/** What no storage has: a probe that broke. The column takes it. */
export const isImpossible = (row: TemperatureLogRow): boolean =>
  Number(row.temperature_c) < ABSOLUTE_ZERO || Number(row.temperature_c) >= MOST;
