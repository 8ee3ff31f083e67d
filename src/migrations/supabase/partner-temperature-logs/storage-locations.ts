import { type Aggregate, type Derivation, type Flow, SluiceError } from '../../../core/index.ts';
import { fhirDocument, type Names } from '../names.ts';
import { said } from '../text.ts';
import { locationResource } from './resources.ts';

/** Fridges and cupboards: a text on each reading becomes one place for each spelling group. */
export const storageLocationsFlow = (names: Names): Flow => ({
  name: 'storage_locations',
  root: { group: 'location' },
  parts: [
    {
      name: 'readings',
      table: 'public.partner_temperature_logs',
      link: 'location',
      from: { part: 'root', link: 'key' },
      // a fridge has millions of readings, and any of them spells it
      first: true,
    },
  ],
  targets: [
    { kind: 'postgres', name: 'compliance.storage_location', key: ['id'], mode: 'state' },
    { kind: 'fhir', name: 'fhir.Location', resourceType: 'Location', mode: 'state' },
  ],
  transform: (aggregate) => transformLocation(names, aggregate),
  // its readings still refer to it
  retire: (_target, last) => ({ ...last, status: 'inactive' }),
});

function transformLocation(names: Names, aggregate: Aggregate): Derivation {
  const spelled = aggregate.parts['readings']?.[0]?.image['storage_location'];
  if (spelled === undefined) return { documents: [], issues: [] };
  const name = typeof spelled === 'string' ? said(spelled) : null;
  if (name === null)
    throw new SluiceError('ROW_INVALID', 'partner_temperature_logs: these columns do not fit: storage_location');
  const id = names.location(aggregate.key);
  return {
    documents: [
      { target: 'compliance.storage_location', id, content: { id, name } },
      fhirDocument(locationResource(names, aggregate.key, name), id),
    ],
    issues: [],
  };
}
