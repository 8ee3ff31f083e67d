import {
  type Aggregate,
  type Derivation,
  type Document,
  type Flow,
  type JsonObject,
  type LandedRow,
  movesOf,
  type RecordedChange,
} from '../../../core/index.ts';
import { originOf, stampsOf } from '../audit.ts';
import { changedId } from '../entries.ts';
import { changePapers } from '../fhir/change-provenance.ts';
import { Findings } from '../issues.ts';
import { lastHeld } from '../moves.ts';
import { fhirDocument, type Names, nameKey, refTo } from '../names.ts';
import { limitsOf, type StockLimits } from '../partner-stock-levels/row.ts';
import { deriveRow, ownRow } from '../root-row.ts';
import { locationResourceId, observation, observationId } from './resources.ts';
import { isImpossible, outside, PARTNER_TEMPERATURE_LOG, type TemperatureLogRow } from './row.ts';

const LOGS = 'public.partner_temperature_logs';
const STOCK = 'public.partner_stock_levels';

export const partnerTemperatureLogsFlow = (names: Names): Flow => ({
  name: 'partner_temperature_logs',
  root: { table: LOGS },
  parts: [
    // Counting an item concerns none of its readings: only other limits do.
    { name: 'stock', table: STOCK, link: 'key', from: { part: 'root', link: 'stock' }, watch: 'limits' },
    // which item it was of, after the source let go of it: the range a reading was judged by stays
    { name: 'released', table: movesOf(LOGS, 'stock'), link: 'row', from: { part: 'root', link: 'key' } },
    { name: 'formerStock', table: STOCK, link: 'key', from: { part: 'released', link: 'from' }, watch: 'limits' },
  ],
  targets: [
    { kind: 'postgres', name: 'compliance.temperature_reading', key: ['recorded_at', 'id'], mode: 'state' },
    { kind: 'postgres', name: 'compliance.excursion', key: ['reading_id'], mode: 'state' },
    { kind: 'fhir', name: 'fhir.Observation', resourceType: 'Observation', mode: 'state' },
    { kind: 'fhir', name: 'fhir.Provenance', resourceType: 'Provenance', mode: 'append' },
    { kind: 'fhir', name: 'fhir.AuditEvent', resourceType: 'AuditEvent', mode: 'append' },
  ],
  transform: (aggregate) => transformReading(names, aggregate),
  history: (change) => readingPapers(names, change),
  retire: (_target, last) => ({ ...last, status: 'entered-in-error' }),
});

const NO_LIMITS: StockLimits = { item_name: null, min_temp: null, max_temp: null };

const transformReading = (names: Names, aggregate: Aggregate): Derivation =>
  deriveRow(PARTNER_TEMPERATURE_LOG, 'partner_temperature_logs', aggregate, (row, landed) => {
    const { stock = [], formerStock = [], released = [] } = aggregate.parts;
    if (row.stock_id !== null && stock.length === 0) return { documents: [], issues: [], waitingFor: 'stock' };
    const former = row.stock_id === null ? lastHeld(released) : null;
    const item = row.stock_id === null ? formerStock.find(({ key }) => key === former) : stock[0];
    const limits = item ? limitsOf(item.image) : NO_LIMITS;
    const place = nameKey(row.storage_location);
    const resource = observation(names, row, limits, landed.deleted);
    const needs = place === null ? [] : [refTo('Location', locationResourceId(names, place))];
    return {
      documents: [
        readingRow(names, landed, row, place, former),
        ...(row.is_excursion ? [excursionRow(names, landed, row)] : []),
        // no two readings need an order between them
        fhirDocument(resource, String(resource['id']), needs),
      ],
      issues: findingsOf(row, limits),
    };
  });

function readingRow(
  names: Names,
  landed: LandedRow,
  row: TemperatureLogRow,
  place: string | null,
  former: string | null,
): Document {
  const location = place === null ? null : names.location(place);
  const id = observationId(names, row.id);
  const columns: JsonObject = {
    stock_legacy_id: row.stock_id,
    stock_legacy_id_last: row.stock_id ?? former,
    location_id: location,
    recorded_at: row.recorded_at,
    temperature_c: row.temperature_c,
    is_excursion: row.is_excursion,
    excursion_reason: row.excursion_reason,
    resolved_at: row.resolved_at,
    notes: row.notes,
    created_at: row.created_at,
  };
  return {
    ...ownRow(names, { target: 'compliance.temperature_reading', id, row, landed, columns }),
    id: JSON.stringify([row.recorded_at, id]),
    ...(location === null ? {} : { needs: [{ target: 'compliance.storage_location', id: location }] }),
  };
}

function excursionRow(names: Names, landed: LandedRow, row: TemperatureLogRow): Document {
  const id = observationId(names, row.id);
  const columns = { opened_at: row.recorded_at, resolved_at: row.resolved_at };
  return {
    target: 'compliance.excursion',
    id,
    content: { reading_id: id, ...columns, ...originOf(row.id, landed) },
    stamps: stampsOf(names, landed),
  };
}

function findingsOf(row: TemperatureLogRow, limits: StockLimits) {
  const found = new Findings();
  found.add(
    isImpossible(row),
    'warning',
    'TEMPERATURE_IMPOSSIBLE',
    'temperature_c',
    'no storage is that cold or that hot; passed on as it is',
  );
  found.add(
    !row.is_excursion && outside(row, limits) !== null,
    'warning',
    'EXCURSION_UNFLAGGED',
    'is_excursion',
    'outside the limits of its item and not flagged; told as outside, no excursion is opened',
  );
  found.illegalText(row);
  return found.all;
}

function readingPapers(names: Names, change: RecordedChange): readonly Document[] {
  const legacyId = changedId(change);
  if (legacyId === null) return [];
  const id = observationId(names, legacyId);
  return changePapers(names, change, [refTo('Observation', id)], id);
}
