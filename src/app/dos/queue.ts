import { type Clock, SluiceError } from '../../core/index.ts';
import {
  isSingle,
  type Note,
  type QueueEntry,
  type QueueRequest,
  queueBatches,
  queueNote,
} from '../../migrations/dos/index.ts';
import type { DosSource } from './source-rows.ts';

/** Where messages go. */
export interface QueueOut {
  readonly name: string;
  /**
   * Sends up to ten; answers the ids of those that were not taken. Throws TARGET_UNAVAILABLE when nobody knows, and
   * other codes for what no later try would mend.
   */
  send(batch: readonly QueueEntry[]): Promise<readonly string[]>;
  close(): Promise<void>;
}

export interface QueueFilling {
  readonly request: QueueRequest;
  readonly source: Pick<DosSource, 'kinds'>;
  readonly out: QueueOut;
  readonly clock: Clock;
  readonly tell: (note: Note) => void;
  readonly onProgress?: (done: number, of: number) => void;
  readonly signal?: AbortSignal;
}

export interface QueueFilled {
  readonly wanted: number;
  readonly sent: number;
  /** ids of the services whose messages were not taken after all tries */
  readonly failed: readonly string[];
}

const WORKERS = 10;
const TRIES = 4;
const PAGE = 5_000;

/** Sends a message for each service of a request, ten a batch and ten batches at a time; what is not taken is sent again. */
export async function fillQueue(filling: QueueFilling): Promise<QueueFilled> {
  const { request, source, out, tell, onProgress, signal } = filling;
  const queue_url = out.name;
  tell(queueNote('000', { type_ids: request.typeIds, status_ids: request.statusIds }));
  const single = isSingle(request);
  const batches = queueBatches(request, single ? [] : await servicesOf(source));
  const wanted = batches.reduce((sum, { length }) => sum + length, 0);
  if (single) tell(queueNote('005', { service_id: request.serviceId, record_id: request.recordId }));
  else tell(queueNote('001', { count: wanted, queue_url }));
  const failed: string[] = [];
  let sent = 0;
  const waiting = batches.values();
  const work = async (): Promise<void> => {
    for (const batch of waiting) {
      if (signal?.aborted) return;
      const refused = await sendBatch(filling, batch);
      failed.push(...refused);
      sent += batch.length - refused.length;
      onProgress?.(sent + failed.length, wanted);
    }
  };
  await Promise.all(Array.from({ length: Math.min(WORKERS, batches.length) }, work));
  tell(queueNote('999'));
  return { wanted, sent, failed };
}

async function sendBatch({ out, clock, tell }: QueueFilling, batch: readonly QueueEntry[]): Promise<readonly string[]> {
  const queue_url = out.name;
  tell(queueNote('002', { count: batch.length, queue_url }));
  let left = batch;
  for (let attempt = 1; ; attempt += 1) {
    const refused = new Set(await sendOnce(out, left));
    const taken = left.filter(({ id }) => !refused.has(id));
    if (taken.length > 0) {
      const record_ids = taken.map(({ body }) => body.record_id);
      tell(queueNote('004', { count: taken.length, record_ids, queue_url }));
    }
    left = left.filter(({ id }) => refused.has(id));
    if (left.length === 0) return [];
    if (attempt >= TRIES) break;
    await clock.sleep(100 * 3 ** attempt * (0.5 + Math.random()));
  }
  const failed = left.map(({ id }) => id);
  tell(queueNote('003', { count: failed.length, queue_url, failed }));
  return failed;
}

/** A message may be sent twice: who reads it brings a service to where it already is. */
async function sendOnce(out: QueueOut, batch: readonly QueueEntry[]): Promise<readonly string[]> {
  try {
    return await out.send(batch);
  } catch (error) {
    if (error instanceof SluiceError && error.disposition === 'retry') return batch.map(({ id }) => id);
    throw error;
  }
}

interface Kind {
  readonly id: number;
  readonly typeid: number | null;
  readonly statusid: number | null;
}

async function servicesOf(source: Pick<DosSource, 'kinds'>): Promise<readonly Kind[]> {
  const all: Kind[] = [];
  for (let after = Number.MIN_SAFE_INTEGER; ; ) {
    const page = (await source.kinds(after, PAGE)) as unknown as readonly Kind[];
    all.push(...page);
    if (page.length < PAGE) return all;
    after = page.at(-1)?.id ?? after;
  }
}
