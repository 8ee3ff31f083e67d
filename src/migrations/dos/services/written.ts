import type { JsonObject, Note, RootNotes, SettledWrite } from '../../../core/index.ts';
import { etl } from '../notes.ts';
import { changedFields, differingPlaces } from '../state/changed-fields.ts';
import { ENTITIES } from '../state/state.ts';
import { TABLE_TARGETS } from '../targets.ts';

const SERVICE = /^services#(-?\d+)$/;

/** Codes by table: not made (the reference has none for the last), inserted, unchanged, changed. */
const CODES = {
  organisation: ['023', '024', '029', '030'],
  location: ['025', '026', '031', '032'],
  'healthcare-service': [null, '028', '033', '034'],
} as const;

/** What a transaction that held a service's documents and state says for itself. */
export function notesOfWrites(writes: readonly SettledWrite[]): RootNotes | null {
  const state = writes.find(({ target }) => target.name === TABLE_TARGETS.state.name);
  const service = SERVICE.exec(state?.id ?? '')?.[1];
  if (state === undefined || service === undefined) return null;
  return { flow: 'services', root: service, notes: [...seen(state, Number(service)), ...told(state, writes)] };
}

const seen = ({ before }: SettledWrite, record_id: number): Note[] => [
  etl(before === null ? '020' : '019', { record_id }),
];

function told(state: SettledWrite, writes: readonly SettledWrite[]): Note[] {
  if (writes.some(({ result }) => result === 'condition refused'))
    return [etl('022', { response: answers(writes) }), failed('transaction_cancelled')];
  if (writes.some(({ result }) => result === 'refused'))
    return [etl('041', { transact_items: writes.length, response: answers(writes) }), failed('ddb_validation')];
  const documents = ENTITIES.flatMap(({ entity, state: name }): Note[] => {
    const [absent, inserted, same, changed] = CODES[entity];
    const inside = (state.content?.[name] ?? null) as JsonObject | null;
    if (inside === null) return absent === null ? [] : [etl(absent)];
    const write = writes.find(({ target }) => target.table === entity);
    if (write === undefined) return [etl(same)];
    if (write.before === null) return [etl(inserted, { [`${name}_id`]: inside.id ?? null })];
    const [old, now] = [write.before, write.content ?? {}];
    return [etl(changed, { changes: changedFields(old, now), diff: differingPlaces(old, now) })];
  });
  const source_record_id = state.id;
  const version = Number(state.before?.version ?? 0) + 1;
  const stated =
    state.before === null
      ? etl('035', { source_record_id, version })
      : etl('036', { source_record_id, new_version: version });
  return [...documents, stated, etl('021', { item_count: writes.length })];
}

/** What became of each item of a transaction, in its order. */
const answers = (writes: readonly SettledWrite[]): readonly string[] => writes.map(({ result }) => result);

const failed = (error: string): Note => etl('008', { error });
