import { etl, type Note } from '../notes.ts';
import type { Choice } from '../transformers/choose.ts';
import type { ServiceDocuments } from '../transformers/transformer.ts';

/** A service is read, and somebody takes it or nobody does. */
export function choiceNotes({ transformer, rejectedBy }: Choice): Note[] {
  const refused = rejectedBy.map(({ transformer: transformer_name, reason }) =>
    etl('002', { transformer_name, reason }),
  );
  const last = transformer
    ? etl('003', { transformer_name: transformer.name })
    : etl('004', { reason: 'no_transformer' });
  return [etl('001'), ...refused, last];
}

/** A service is done; which documents it has. */
export function doneNote(transformer_name: string, documents: ServiceDocuments): Note {
  const idsOf = (document: { readonly id: string } | null): readonly string[] =>
    document === null ? [] : [document.id];
  const [organisation_ids, location_ids, healthcare_service_ids] = [
    idsOf(documents.organisation),
    idsOf(documents.location),
    idsOf(documents.healthcareService),
  ];
  return etl('007', {
    transformer_name,
    organisation_count: organisation_ids.length,
    location_count: location_ids.length,
    healthcare_service_count: healthcare_service_ids.length,
    organisation_ids,
    location_ids,
    healthcare_service_ids,
  });
}
