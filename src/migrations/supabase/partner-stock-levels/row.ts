import { z } from 'zod';
import type { Image } from '../../../core/index.ts';
import { date, decimal, instant, readRow, requiredInteger, requiredUuid, text } from '../columns.ts';

export const PARTNER_STOCK_LEVEL = z.object({
  id: requiredUuid,
  item_name: text,
  quantity: requiredInteger,
  unit: text,
  status: text,
  updated_at: instant,
  lot_number: text,
  expiry_date: date,
  manufacturer: text,
  storage_location: text,
  min_temp: decimal(5, 2),
  max_temp: decimal(5, 2),
});

/** What a count says, readable whatever else is in the row. */
export const STOCK_COUNT = z.object({ quantity: requiredInteger, status: text });

/** Between which temperatures an item is to be kept. */
const STOCK_LIMITS = z.object({ item_name: text, min_temp: decimal(5, 2), max_temp: decimal(5, 2) });

export type StockLimits = z.output<typeof STOCK_LIMITS>;

/** Read from another root's row, so nothing here can fail. */
export const limitsOf = (image: Image): StockLimits =>
  readRow(STOCK_LIMITS, image) ?? { item_name: null, min_temp: null, max_temp: null };

/** The limits as one value: what readings of the item hang on, however often it is counted. */
export const limitsLink = (image: Image): string => JSON.stringify(Object.values(limitsOf(image)));
