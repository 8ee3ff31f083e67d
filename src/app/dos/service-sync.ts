import { type JsonObject, SluiceError } from '../../core/index.ts';
import {
  type DosConfig,
  documentIds,
  etl,
  type FindService,
  joinServices,
  type Note,
  readNote,
  type SourceRows,
  type SourceService,
  STATE_ENTITY,
  type Synced,
  stateId,
  syncService,
} from '../../migrations/dos/index.ts';
import { withTime } from '../../pipeline/index.ts';
import { type HeldItem, type ItemKey, type ItemStore, nameOf, WRITTEN } from './items.ts';
import type { DosSource } from './source-rows.ts';

export interface ServiceSync {
  readonly config: DosConfig;
  readonly store: ItemStore;
  /** time of the next change, ISO UTC with microseconds */
  readonly now: () => string;
  /** services at a time; 1 keeps their order */
  readonly parallel: number;
  readonly signal?: AbortSignal;
  /**
   * the rows of a service as they are now: only rows that were read after an item are written over it, or whoever read
   * earlier and wrote later would bring back what was; without it, rows never change
   */
  readonly reread?: (service: number) => Promise<SourceRows>;
  /** told of each service how long it took, its share of what is read for many at once included */
  readonly took?: (seconds: number) => void;
}

/** What became of one service. */
export interface SyncedService extends Synced {
  readonly service: number;
  /** the stream writes this service's items, newer than any reading of rows: they were left alone */
  readonly streamed: boolean;
}

/** lost races in a row before a service is given up */
const ROUNDS = 8;

/**
 * Brings services over, each by itself: what stops one is told of it and the others go on. Throws for what stops all,
 * and for a signal, between two services.
 *
 * @param rows all rows of these services, and of the pharmacies they are linked to
 * @param tell called once for each service, when it is done
 */
export async function syncServices(
  sync: ServiceSync,
  rows: SourceRows,
  ids: readonly number[],
  tell: (done: SyncedService) => void,
): Promise<void> {
  const find = joinServices(rows);
  const sources = ids.map((id) => [id, sourceOf(find, id)] as const);
  const begun = performance.now();
  const seen = new Map(await sync.store.read(sources.flatMap(([id, source]) => keysFor(id, source))));
  const shareMs = (performance.now() - begun) / Math.max(ids.length, 1);
  const queue = sync.parallel === 1 ? [sources].values() : families(sources);
  let failure: { readonly error: unknown } | null = null;
  const work = async (): Promise<void> => {
    for (const family of queue) {
      for (const [id, source] of family) {
        if (failure !== null || sync.signal?.aborted) return;
        try {
          const started = performance.now();
          const done = await syncOne(sync, find, id, source, seen);
          const seconds = (performance.now() - started + shareMs) / 1000;
          sync.took?.(seconds);
          tell({ service: id, ...done, notes: done.notes.map((note) => withTime(note, seconds)) });
        } catch (error) {
          failure ??= { error };
          return;
        }
      }
    }
  };
  // nothing of ours is under way any more when a caller hears of a failure
  await Promise.all(Array.from({ length: Math.min(sync.parallel, ids.length) }, work));
  if (failure !== null) throw (failure as { readonly error: unknown }).error;
}

function sourceOf(find: FindService, id: number): SourceService | SluiceError | null {
  try {
    return find(id);
  } catch (error) {
    if (error instanceof SluiceError && error.disposition === 'park') return error;
    throw error;
  }
}

type Source = ReturnType<typeof sourceOf>;
type Family = readonly (readonly [id: number, source: Source])[];

/** Those that bring along the same pharmacy go one after the other, the pharmacy first: side by side they would race. */
function families(sources: Family): IterableIterator<Family> {
  const found = new Map<number, (readonly [number, Source])[]>();
  for (const member of sources) {
    const [id, source] = member;
    const head = source === null || source instanceof SluiceError ? id : (source.parents[0]?.id ?? id);
    const family = found.get(head) ?? [];
    found.set(head, family);
    if (id === head) family.unshift(member);
    else family.push(member);
  }
  return found.values();
}

/** The items of a service and of the pharmacy it may bring along. */
function keysFor(id: number, source: Source): readonly ItemKey[] {
  if (source === null || source instanceof SluiceError) return [];
  const parent = source.parents[0]?.id;
  const services = parent === undefined ? [id] : [id, parent];
  return services.flatMap((service) => [{ entity: STATE_ENTITY, id: stateId(service) }, ...documentIds(service)]);
}

/** A sync that asks this source for rows as they are now. */
export const rereading = (sync: ServiceSync, source: Pick<DosSource, 'services'>): ServiceSync => ({
  ...sync,
  reread: async (id) => (await source.services([id])).rows,
});

type Outcome = Omit<SyncedService, 'service'>;

async function syncOne(
  sync: ServiceSync,
  findFirst: FindService,
  id: number,
  first: Source,
  seen: Map<string, HeldItem>,
): Promise<Outcome> {
  let [find, source] = [findFirst, first];
  const item = (key: ItemKey): JsonObject | null => seen.get(nameOf(key))?.item ?? null;
  const isStreamed = (key: ItemKey): boolean => (seen.get(nameOf(key))?.revision ?? WRITTEN) > WRITTEN;
  for (let round = 0; ; round += 1) {
    if (round > 0) {
      const keys = keysFor(id, source);
      for (const key of keys) seen.delete(nameOf(key));
      for (const [name, held] of await sync.store.read(keys)) seen.set(name, held);
      if (sync.reread) {
        find = joinServices(await sync.reread(id));
        source = sourceOf(find, id);
      }
    }
    if (source === null) return failedAs(id, { kind: 'service_not_found' });
    if (source instanceof SluiceError) return failedAs(id, { kind: 'row_invalid', reason: source.message });
    const at = sync.now();
    const synced = syncService(source, {
      config: sync.config,
      at,
      service: (other) => find(other),
      state: (service) => item({ entity: STATE_ENTITY, id: stateId(service) }),
      stored: (entity, key) => item({ entity, id: key }),
    });
    const writes = synced.transactions.flat();
    const streamed = [{ entity: STATE_ENTITY, id: stateId(id) }, ...writes].some(isStreamed);
    if (streamed && writes.length > 0) return { ...synced, outcome: 'unchanged', transactions: [], streamed };
    if (round === 0 && sync.reread && writes.some(({ before }) => before !== null)) continue;
    const result = await writeAll(sync, synced, seen, at);
    const transact_items = writes.length;
    if (result === 'written') return { ...synced, streamed };
    if (result === 'refused')
      return refusedAs(
        synced,
        { kind: 'ddb_validation' },
        etl('041', { transact_items, response: 'ValidationException' }),
      );
    if (round >= ROUNDS)
      return refusedAs(synced, { kind: 'transaction_cancelled', reasons: LOST }, etl('022', { response: LOST }));
  }
}

async function writeAll(sync: ServiceSync, synced: Synced, seen: Map<string, HeldItem>, at: string) {
  for (const writes of synced.transactions) {
    const result = await sync.store.write(writes, seen, at);
    if (result !== 'written') return result;
    for (const write of writes) seen.set(nameOf(write), { item: write.after, revision: WRITTEN });
  }
  return 'written';
}

type ServiceError = NonNullable<Synced['error']>;

const failedAs = (service: number, error: ServiceError): Outcome => ({
  outcome: 'error',
  transformer: null,
  rejectedBy: [],
  reason: null,
  issues: [],
  error,
  transactions: [],
  notes: [readNote(service), etl('008', { error: error.kind })],
  streamed: false,
});

const refusedAs = (synced: Synced, error: ServiceError, why: Note): Outcome => ({
  ...synced,
  outcome: 'error',
  error,
  transactions: [],
  notes: [...synced.notes.filter((note) => !WRITES.has(note.code)), why, etl('008', { error: error.kind })],
  streamed: false,
});

const LOST = ['ConditionalCheckFailed'];

/** what is told of a write that came to nothing */
const WRITES = new Set(['DM_ETL_021', 'DM_ETL_007']);
