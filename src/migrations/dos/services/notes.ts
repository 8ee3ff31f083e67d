import { stateId } from '../ids.ts';
import { etl, type Note } from '../notes.ts';
import type { Choice } from '../transformers/choose.ts';
import type { ServiceDocuments } from '../transformers/transformer.ts';

/** A service is read, and somebody takes it or nobody does. */
export function choiceNotes(service: number, { transformer, rejectedBy }: Choice): Note[] {
  const refused = rejectedBy.map(({ transformer: transformer_name, reason }) =>
    etl('002', { transformer_name, reason }),
  );
  const last = transformer
    ? etl('003', { transformer_name: transformer.name })
    : etl('004', { reason: 'no_transformer' });
  return [readNote(service), ...refused, last];
}

/** A service is read: which one, not what it holds. */
export const readNote = (service: number): Note => etl('001', { record: stateId(service) });

/** A service is transformed: what into what, by their ids. */
export function transformedNote(service: number, transformer_name: string, documents: ServiceDocuments): Note {
  const { organisation, location, healthcareService } = documents;
  const made = [organisation, location, healthcareService].flatMap((document) => (document ? [document.id] : []));
  return etl('006', { transformer_name, original_record: stateId(service), transformed_record: made });
}

/** A service is done; which documents it has. How long it took is for those to say who have a clock. */
export function doneNote(transformer_name: string, documents: ServiceDocuments): Note {
  const idsOf = (document: { readonly id: string } | null): readonly string[] =>
    document === null ? [] : [document.id];
  const [organisation_ids, location_ids, healthcare_service_ids] = [
    idsOf(documents.organisation),
    idsOf(documents.location),
    idsOf(documents.healthcareService),
  ];
  return etl('007', {
    elapsed_time: null,
    transformer_name,
    organisation_count: organisation_ids.length,
    location_count: location_ids.length,
    healthcare_service_count: healthcare_service_ids.length,
    organisation_ids,
    location_ids,
    healthcare_service_ids,
  });
}
