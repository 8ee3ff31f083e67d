import type { JsonObject } from '../../../core/index.ts';
import type { DosConfig } from '../config.ts';
import type { FieldIssue } from '../fields/issue.ts';
import { etl, type Note } from '../notes.ts';
import type { ServiceError } from '../rejection.ts';
import { type ItemWrite, planWrites } from '../state/plan.ts';
import { type Choice, chooseTransformer } from '../transformers/choose.ts';
import { choiceNotes, doneNote } from './notes.ts';
import type { SourceService } from './source.ts';
import { transformParent, transformService } from './transform.ts';

/** What is known outside of the service itself. */
export interface World {
  readonly config: DosConfig;
  /** ISO UTC */
  readonly at: string;
  /** another service of the source, as it is now */
  readonly service: (id: number) => SourceService | null;
  /** an item of a service's own state */
  readonly state: (service: number) => JsonObject | null;
  readonly stored: (entity: string, id: string) => JsonObject | null;
}

export interface Synced extends Pick<Choice, 'rejectedBy'> {
  readonly outcome: 'inserted' | 'updated' | 'unchanged' | 'skipped' | 'unsupported' | 'invalid' | 'error';
  readonly transformer: string | null;
  readonly reason: string | null;
  readonly issues: readonly FieldIssue[];
  readonly error: ServiceError | null;
  /** one list a transaction, in order */
  readonly transactions: readonly (readonly ItemWrite[])[];
  readonly notes: readonly Note[];
}

/** Brings one service, and the pharmacy it is linked to, to where it belongs: which writes that takes, and why. */
export function syncService(source: SourceService, world: World): Synced {
  const { row } = source;
  const { transformer, rejectedBy } = chooseTransformer(row, world.config);
  const notes: Note[] = choiceNotes(row.id, { transformer, rejectedBy });
  const base = { rejectedBy, reason: null, issues: [], error: null, transactions: [] };
  if (transformer === null)
    return { ...base, outcome: 'unsupported', transformer: null, reason: 'no_transformer', notes };
  const { name } = transformer;
  const taken = { ...base, transformer: name };
  const code = transformer.parentCode?.(row) ?? null;
  const parent = code === null ? null : bringParent(source, code, world);
  if (parent !== null) notes.push(...parent.notes);
  if (parent?.error) return { ...taken, outcome: 'error', error: parent.error, notes };
  const transactions = parent?.transactions ?? [];
  const state = world.state(row.id);
  notes.push(etl(state === null ? '020' : '019', { record_id: row.id }));
  const around = { config: world.config, parent: parent?.ids ?? null, wasMoved: state !== null };
  const transformed = transformService(source, transformer, around);
  notes.push(...transformed.notes);
  const { issues } = transformed;
  const after = { ...taken, issues, transactions, notes };
  if (transformed.kind === 'skipped') return { ...after, outcome: 'skipped', reason: transformed.reason };
  if (transformed.kind === 'invalid') return { ...after, outcome: 'invalid' };
  if (transformed.kind === 'rejected') return { ...after, outcome: 'error', error: transformed.error };
  const { documents } = transformed;
  const plan = planWrites({ service: row.id, documents, issues, state, ...tablesOf(world) });
  notes.push(...plan.notes);
  if (plan.error !== null) return { ...after, outcome: 'error', error: plan.error };
  notes.push(doneNote(name, documents));
  const own = plan.writes.length === 0 ? [] : [plan.writes];
  return { ...after, outcome: plan.outcome, transactions: [...transactions, ...own] };
}

const tablesOf = ({ stored, at, config }: World) => ({ stored, at, adoptExisting: config.adoptExisting });

interface Brought {
  readonly ids: { readonly organisation: string; readonly location: string } | null;
  readonly error: ServiceError | null;
  readonly transactions: readonly (readonly ItemWrite[])[];
  readonly notes: readonly Note[];
}

/** The pharmacy of this code: where it is, or how it gets there first. */
function bringParent(child: SourceService, code: string, world: World): Brought {
  const failed = (error: ServiceError, ...notes: Note[]): Brought => ({ ids: null, error, transactions: [], notes });
  const record_id = child.row.id;
  const id = child.parents[0]?.id;
  const parent = id === undefined ? null : world.service(id);
  if (id === undefined || parent === null)
    return failed({ kind: 'parent_not_found' }, etl('038', { record_id, ods_code: code }));
  const seen = (isThere: boolean): Note => etl(isThere ? '019' : '020', { record_id: id });
  const state = world.state(id);
  if (state !== null) {
    const [organisation, location] = [state.organisation_id, state.location_id];
    if (typeof organisation !== 'string' || typeof location !== 'string')
      return failed({ kind: 'parent_failed_validation' }, seen(true), etl('040', { record_id }));
    return { ids: { organisation, location }, error: null, transactions: [], notes: [seen(true)] };
  }
  const made = transformParent(parent, world.config);
  if ('error' in made) {
    const failure = etl('039', { parent_record_id: id, record_id, error: made.error.kind });
    return failed(made.error, seen(false), ...made.notes, failure);
  }
  const { documents, issues } = made;
  const plan = planWrites({ service: id, documents, issues, state, ...tablesOf(world) });
  const before = [seen(false), ...made.notes, seen(false), ...plan.notes];
  if (plan.error !== null)
    return failed(plan.error, ...before, etl('039', { parent_record_id: id, record_id, error: plan.error.kind }));
  return {
    ids: { organisation: documents.organisation?.id ?? '', location: documents.location?.id ?? '' },
    error: null,
    transactions: [plan.writes],
    notes: [...before, seen(true)],
  };
}
