import type { Aggregate, Derivation, Document, Flow, Image, JsonObject, RecordedChange } from '../../../core/index.ts';
import { readRow } from '../columns.ts';
import { changedId, entryOf } from '../entries.ts';
import type { Names } from '../names.ts';
import { deriveRow, ownRow } from '../root-row.ts';
import { PARTNER_STOCK_LEVEL, STOCK_COUNT } from './row.ts';

/** What an item is, and apart from it how much of it there was: counts are added and never changed. */
export const partnerStockLevelsFlow = (names: Names): Flow => ({
  name: 'partner_stock_levels',
  root: { table: 'public.partner_stock_levels' },
  parts: [],
  targets: [
    { kind: 'postgres', name: 'partnerops.stock_item', key: ['id'], mode: 'state' },
    { kind: 'postgres', name: 'partnerops.stock_snapshot', key: ['item_id', 'entry'], mode: 'append' },
  ],
  transform: (aggregate) => transformStock(names, aggregate),
  history: (change) => countHistory(names, change),
});

const itemId = (names: Names, legacyId: string): string => names.uuid(`stock|${legacyId}`);

const transformStock = (names: Names, aggregate: Aggregate): Derivation =>
  deriveRow(PARTNER_STOCK_LEVEL, 'partner_stock_levels', aggregate, (row, landed) => {
    const columns: JsonObject = {
      item_name: row.item_name ?? '',
      unit: row.unit ?? '',
      lot_number: row.lot_number,
      expiry_date: row.expiry_date,
      manufacturer: row.manufacturer,
      storage_location: row.storage_location,
      min_temp: row.min_temp,
      max_temp: row.max_temp,
      source_updated_at: row.updated_at,
    };
    const id = itemId(names, row.id);
    return {
      documents: [ownRow(names, { target: 'partnerops.stock_item', id, row, landed, columns })],
      issues: [],
    };
  });

/**
 * What a change counted, where it did: a new label or shelf is no count. The first is the opening balance, and one after
 * an image nobody could read has no difference to tell of.
 */
function countHistory(names: Names, change: RecordedChange): readonly Document[] {
  const legacyId = changedId(change);
  const now = countOf(change.after);
  if (legacyId === null || now === null || change.op === 'd') return [];
  const before = change.before && countOf(change.before);
  if (before && before.quantity === now.quantity && before.status === now.status) return [];
  const columns = {
    kind: change.before === null ? 'opening' : 'count',
    quantity: now.quantity,
    delta: change.before === null ? now.quantity : before ? now.quantity - before.quantity : null,
    status: now.status ?? '',
  };
  return [entryOf(names, change, 'partnerops.stock_snapshot', ['item_id', itemId(names, legacyId)], columns)];
}

const countOf = (image: Image) => readRow(STOCK_COUNT, image);
