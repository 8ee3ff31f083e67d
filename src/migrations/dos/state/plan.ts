import type { JsonObject } from '../../../core/index.ts';
import { firstStamps, laterStamps } from '../documents/audit.ts';
import type { FieldIssue } from '../fields/issue.ts';
import { stateId } from '../ids.ts';
import { etl, type Note } from '../notes.ts';
import type { ServiceError } from '../rejection.ts';
import type { ServiceDocuments } from '../transformers/transformer.ts';
import { changedFields, differingPlaces } from './changed-fields.ts';
import { ENTITIES, issuesJson, meansTheSame, STATE_ENTITY } from './state.ts';

/** One item as it was and as it is to be. */
export interface ItemWrite {
  readonly entity: string;
  readonly id: string;
  readonly before: JsonObject | null;
  readonly after: JsonObject;
}

export interface PlanInput {
  readonly service: number;
  readonly documents: ServiceDocuments;
  readonly issues: readonly FieldIssue[];
  /** the service's item in the state table */
  readonly state: JsonObject | null;
  /** items of the three tables as they are now */
  readonly stored: (entity: string, id: string) => JsonObject | null;
  /** take over documents that are there without a state */
  readonly adoptExisting: boolean;
  /** ISO UTC */
  readonly at: string;
}

export interface Plan {
  readonly outcome: 'inserted' | 'updated' | 'unchanged' | 'error';
  readonly error: ServiceError | null;
  /** what goes into one transaction, the state item last; empty when there is nothing to say */
  readonly writes: readonly ItemWrite[];
  readonly notes: readonly Note[];
}

/** Codes by entity: not made (the reference has none for the last), inserted, unchanged, changed. */
const CODES = {
  organisation: ['023', '024', '029', '030'],
  location: ['025', '026', '031', '032'],
  'healthcare-service': [null, '028', '033', '034'],
} as const;

/** What has to be written so that the tables hold these documents. A document that was deleted is written whole. */
export function planWrites(input: PlanInput): Plan {
  const { service, documents, state, stored, at } = input;
  const notes: Note[] = [];
  const writes: ItemWrite[] = [];
  const held: Record<string, JsonObject> = {};
  const isNew = new Set<string>();
  for (const { part, entity, state: name, model } of ENTITIES) {
    const [absent, inserted, same, changed] = CODES[entity];
    const document = documents[part];
    const last = (state?.[name] ?? null) as JsonObject | null;
    if (document === null) {
      if (last !== null) return refused(notes, model);
      if (absent !== null) notes.push(etl(absent));
      continue;
    }
    const now = stored(entity, document.id);
    const isSame = last !== null && meansTheSame(last, document);
    if (isSame && now !== null) {
      notes.push(etl(same));
      continue;
    }
    if (last === null) isNew.add(entity);
    if (last === null) notes.push(etl(inserted, { [`${name}_id`]: document.id }));
    else notes.push(etl(changed, { changes: changedFields(last, document), diff: differingPlaces(last, document) }));
    const audit = now === null ? firstStamps(at) : laterStamps(now, at);
    writes.push({ entity, id: document.id, before: now, after: { ...document, ...audit, field: 'document' } });
    held[name] = { ...document, ...firstStamps(at) };
    held[`${name}_id`] = document.id as never;
  }
  if (writes.length === 0) return { outcome: 'unchanged', error: null, writes, notes: [...notes, etl('037')] };
  const source_record_id = stateId(service);
  const version = Number(state?.version ?? 0) + 1;
  const empty = Object.fromEntries(
    ENTITIES.flatMap(({ state: name }) => [
      [name, null],
      [`${name}_id`, null],
    ]),
  );
  // issues stay those the service first came with, as the reference keeps them
  const issues = state?.validation_issues ?? issuesJson(input.issues);
  const after = { ...empty, ...state, ...held, source_record_id, version, validation_issues: issues };
  writes.push({ entity: STATE_ENTITY, id: source_record_id, before: state, after });
  notes.push(
    state === null ? etl('035', { source_record_id, version }) : etl('036', { source_record_id, new_version: version }),
  );
  const foreign = writes.map(({ entity, before }) => before !== null && isNew.has(entity));
  if (foreign.includes(true) && !input.adoptExisting) return cancelled(notes, foreign);
  notes.push(etl('021', { item_count: writes.length }));
  return { outcome: state === null ? 'inserted' : 'updated', error: null, writes, notes };
}

const refused = (notes: readonly Note[], entity: string): Plan => ({
  outcome: 'error',
  error: { kind: 'deletion_not_supported', entity },
  writes: [],
  notes: [...notes, etl('008', { error: 'deletion_not_supported' })],
});

/** The words are the server's, for an item whose condition fails and for the others. */
function cancelled(notes: readonly Note[], foreign: readonly boolean[]): Plan {
  const reasons = [foreign.map((isForeign) => (isForeign ? 'ConditionalCheckFailed' : 'None')).join(', ')];
  const error = { kind: 'transaction_cancelled', reasons } as const;
  return {
    outcome: 'error',
    error,
    writes: [],
    notes: [...notes, etl('022', { response: reasons }), etl('008', { error: error.kind })],
  };
}
