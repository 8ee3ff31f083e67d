import { canonicalDecimal, type JsonObject } from '../../../core/index.ts';
import { concept, type Loose, metaOf, narrative, reference, resource } from '../fhir/elements.ts';
import { type Names, nameKey } from '../names.ts';
import type { StockLimits } from '../partner-stock-levels/row.ts';
import { said } from '../text.ts';
import { outside, type TemperatureLogRow } from './row.ts';

export const observationId = (names: Names, legacyId: string): string =>
  names.resource('Observation', 'temperature-log', legacyId);

export const locationResourceId = (names: Names, normalised: string): string =>
  names.resource('Location', 'location', names.location(normalised));

export const locationResource = (names: Names, normalised: string, name: string): JsonObject =>
  resource({
    resourceType: 'Location',
    id: locationResourceId(names, normalised),
    meta: metaOf(names, 'Location'),
    identifier: [{ system: names.system('location'), value: names.location(normalised) }],
    text: narrative(name),
    status: 'active',
    name,
    mode: 'instance',
  });

/** A number in JSON without an exponent: six digits at most, so nothing is rounded. */
const degrees = (text: string): Loose => ({
  value: Number(canonicalDecimal(text)),
  unit: '°C',
  system: 'http://unitsofmeasure.org',
  code: 'Cel',
});

export function observation(names: Names, row: TemperatureLogRow, limits: StockLimits, deleted: boolean): JsonObject {
  const place = said(row.storage_location);
  const key = nameKey(row.storage_location);
  const reason = said(row.excursion_reason);
  return resource({
    resourceType: 'Observation',
    id: observationId(names, row.id),
    meta: metaOf(names, 'Observation'),
    identifier: [{ system: names.system('temperature-log'), value: row.id }],
    text: narrative(`${canonicalDecimal(row.temperature_c)} C${place === null ? '' : ` at ${place}`}`),
    status: deleted ? 'entered-in-error' : 'final',
    category: [concept(names.site('CodeSystem/observation-category'), 'cold-chain')],
    // of our own: the codes at hand in LOINC are for temperatures of bodies
    code: {
      ...concept(names.site('CodeSystem/cold-chain'), 'storage-temperature', 'Storage temperature'),
      text: 'Storage temperature',
    },
    subject: key === null ? null : reference('Location', locationResourceId(names, key)),
    effectiveDateTime: row.recorded_at,
    issued: row.created_at,
    valueQuantity: degrees(row.temperature_c),
    interpretation: [
      concept(
        'http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation',
        // the source's own judgement counts where its limits do not show why
        outside(row, limits) ?? (row.is_excursion ? 'A' : 'N'),
      ),
    ],
    note: [reason === null ? {} : { text: `Excursion: ${reason}` }, { text: said(row.notes) }],
    referenceRange: range(limits),
  });
}

/** Nothing without limits: a range with a text alone says nothing (obs-3). */
function range({ item_name: item, min_temp: low, max_temp: high }: StockLimits): Loose {
  if (low === null && high === null) return [];
  return [{ low: low === null ? null : degrees(low), high: high === null ? null : degrees(high), text: said(item) }];
}
