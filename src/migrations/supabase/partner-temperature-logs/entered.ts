import { z } from 'zod';
import type { Image } from '../../../core/index.ts';
import { flag, instant, requiredDecimal, requiredInstant, text, uuid } from '../columns.ts';
import type { Names } from '../names.ts';
import { alike } from '../text.ts';

const wellFormed = text.refine((value) => !/\p{Cs}/u.test(value ?? ''), 'does not fit');
const nonBlank = wellFormed.transform((value, context): string => {
  if (value !== null && value.trim() !== '') return value;
  context.addIssue({ code: 'custom', message: 'is missing' });
  return '';
});

const ENTERED = z.object({
  id: uuid,
  device_id: wellFormed,
  stock_id: uuid,
  item_name: wellFormed,
  storage_location: nonBlank,
  recorded_at: requiredInstant,
  temperature_c: requiredDecimal(6, 3),
  is_excursion: flag,
  excursion_reason: wellFormed,
  resolved_at: instant,
  notes: wellFormed,
});

/** What somebody, or a device, may say of a reading. */
export const ENTERED_COLUMNS: readonly string[] = Object.keys(ENTERED.shape);

/** A reading as it is entered: `temperature_c` exact, times with their zone. */
export type EnteredReading = z.output<typeof ENTERED> & { readonly id: string };

/**
 * Reads one. Without an id of its own it gets one of who says it, where, of what and when: handed in again it is the
 * same reading. Answers the columns that do not fit, never what they hold.
 */
export function readEntered(names: Names, given: Image): EnteredReading | { readonly misfits: readonly string[] } {
  const read = ENTERED.safeParse(given);
  if (!read.success) return { misfits: [...new Set(read.error.issues.map(({ path }) => String(path[0])))].sort() };
  const {
    id,
    device_id: device,
    storage_location: place,
    recorded_at: at,
    stock_id: stock,
    item_name: item,
  } = read.data;
  const said = JSON.stringify([device, alike(place), stock ?? item, at]);
  return { ...read.data, id: id ?? names.uuid(`entered-temperature|${said}`) };
}
