import { SluiceError } from '../../core/index.ts';
import { bothSets, type Counts, countsOf, etl } from '../../migrations/dos/index.ts';
import type { TellNote } from '../notes.ts';
import { addCounts, noCounts } from './counts.ts';
import { type ItemStore, noSetbacks, type Setbacks } from './items.ts';
import { rereading, type ServiceSync, type SyncedService, syncServices } from './service-sync.ts';
import type { DosSource, ServiceRows } from './source-rows.ts';
import { syncTriage, type TriageCounts } from './triage-sync.ts';

export interface FullSync {
  readonly source: DosSource;
  readonly sync: ServiceSync;
  readonly tell: TellNote;
  /** services done, of how many that were left when this run began, and of those rejected */
  readonly onProgress: (at: { readonly done: number; readonly of: number; readonly rejected: number }) => void;
  /** the services after this one only; all unless told */
  readonly after?: number | null;
  /** after each page; `after` is the last service that is done */
  readonly keep?: (after: number) => Promise<void>;
  readonly signal?: AbortSignal;
}

export interface FullSynced {
  readonly services: Counts;
  /** services that the stream writes: left to it */
  readonly streamed: number;
  /** services by the transformer that took them */
  readonly transformers: Readonly<Record<string, number>>;
  /** services that were rejected, by the kind of their error */
  readonly rejections: Readonly<Record<string, number>>;
  readonly triage: TriageCounts | null;
  /** requests to the target that were sent again */
  readonly setbacks: Setbacks;
  readonly stopped: boolean;
}

/** services a page: so many are held in memory, and one page more that is read meanwhile */
const PAGE = 250;

/**
 * Brings all services over, then the triage codes. May be stopped and run again at any time: what is there already and
 * is as it should be costs a reading and no write.
 */
export async function syncAll(run: FullSync): Promise<FullSynced> {
  const { source, sync, tell, onProgress, signal, keep } = run;
  tell(etl('000', { event: { type: 'full_sync' } }));
  const tally = new Tally(sync.store);
  const first = run.after ?? Number.MIN_SAFE_INTEGER;
  const of = await source.count(first);
  let page = source.page(first, PAGE);
  for (let isLast = false; !isLast && !signal?.aborted; ) {
    const { ids, rows } = await page;
    const after = ids.at(-1);
    isLast = after === undefined;
    if (after === undefined) break;
    page = source.page(after, PAGE);
    // it is awaited only after this page is written, which may fail first
    page.catch(() => undefined);
    await syncServices(rereading(sync, source), rows, ids, (done) => {
      tally.take(done, tell);
      onProgress({ done: tally.counts.total, of, rejected: tally.counts.errors + tally.counts.invalid });
    });
    if (!signal?.aborted) await keep?.(after);
  }
  await page.catch(() => undefined);
  const triage = signal?.aborted ? null : await syncTriage(sync, await source.triage(), tell);
  return tally.end(tell, triage, signal?.aborted ?? false);
}

/** Brings one service over. Throws CONFIG_INVALID when there is none of this id. */
export async function syncOneService(run: Pick<FullSync, 'source' | 'sync' | 'tell'>, id: number): Promise<FullSynced> {
  const { rows }: ServiceRows = await run.source.services([id]);
  if (!(rows.services ?? []).some((row) => row.id === id))
    throw new SluiceError('CONFIG_INVALID', '--service-id: the source has no such service');
  run.tell(etl('000', { event: { type: 'single_sync', record_id: id } }));
  const tally = new Tally(run.sync.store);
  await syncServices(rereading(run.sync, run.source), rows, [id], (done) => tally.take(done, run.tell));
  return tally.end(run.tell, null, false);
}

class Tally {
  readonly counts = noCounts();
  readonly #rejections: Record<string, number> = {};
  readonly #transformers: Record<string, number> = {};
  readonly #store: ItemStore;
  #streamed = 0;

  constructor(store: ItemStore) {
    this.#store = store;
  }

  take(done: SyncedService, tell: TellNote): void {
    addCounts(this.counts, countsOf(done));
    if (done.streamed) this.#streamed += 1;
    if (done.transformer !== null)
      this.#transformers[done.transformer] = (this.#transformers[done.transformer] ?? 0) + 1;
    const kind = done.error?.kind ?? (done.outcome === 'invalid' ? 'invalid' : null);
    if (kind !== null) this.#rejections[kind] = (this.#rejections[kind] ?? 0) + 1;
    for (const note of done.notes) tell(note, done.service);
  }

  end(tell: TellNote, triage: TriageCounts | null, stopped: boolean): FullSynced {
    const failures = this.counts.errors + this.counts.invalid + (triage?.errors ?? 0);
    tell(etl('999', { metrics: bothSets(this.counts), failures }));
    const services = { ...this.counts };
    const [streamed, transformers, rejections] = [this.#streamed, this.#transformers, this.#rejections];
    const setbacks = { ...(this.#store.setbacks ?? noSetbacks()) };
    return { services, streamed, transformers, rejections, triage, setbacks, stopped };
  }
}
