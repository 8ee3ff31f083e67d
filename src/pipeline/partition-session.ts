import { opaqueKey, SluiceError } from '../core/index.ts';
import type { Place } from './land.ts';
import type { Lander, Landing } from './lander.ts';
import { logFault, strangeLog } from './log-fault.ts';
import type { LogClient, PipelineContext, RawRecord, RecordBatch } from './ports.ts';
import { Backoff } from './signal.ts';

export interface SessionOptions {
  /** one landing transaction holds at most this many records */
  readonly maxRows: number;
  /** fetched bytes held before the partition is paused; less when there are more partitions */
  readonly highBytes: () => number;
}

export interface SessionDependencies {
  readonly context: PipelineContext;
  readonly client: LogClient;
  /** asked once more after a halt */
  readonly lander: () => Lander;
  readonly options: SessionOptions;
  /** @param startedMs when it was begun */
  readonly onLanded: (place: Place, landing: Landing, startedMs: number) => void;
  /** this worker lost the partition to another one */
  readonly onFenced: () => void;
}

const bytesOf = (record: RawRecord): number => (record.key?.length ?? 0) + (record.value?.length ?? 0) + 64;

/**
 * Lands one partition, one transaction after the other. Where it is comes from the ledger alone: the client's idea of
 * the next offset is corrected by seeking, and what was fetched twice is dropped.
 */
export class PartitionSession {
  readonly place: Place;
  readonly #deps: SessionDependencies;
  readonly #backoff: Backoff;
  #lander: Lander;
  #queue: RecordBatch[] = [];
  #queuedBytes = 0;
  #paused = false;
  #generation = -1;
  #fence = 0n;
  #next: bigint | null = null;
  #running: Promise<void> | null = null;
  #stopping = new AbortController();
  #halted = false;
  /** something fetched was turned away, and is to be fetched again from where the ledger says */
  #turnedAway = false;
  #lastHigh = 0n;

  constructor(place: Place, deps: SessionDependencies) {
    this.place = place;
    this.#deps = deps;
    this.#lander = deps.lander();
    this.#backoff = new Backoff(deps.context.clock, 100, 10_000);
  }

  /** offset after the last landed record; null before the first claim */
  get next(): bigint | null {
    return this.#next;
  }

  get lag(): bigint {
    return this.#next === null || this.#lastHigh < this.#next ? 0n : this.#lastHigh - this.#next;
  }

  /** records fetched and not landed yet */
  get queued(): number {
    return this.#queue.reduce((sum, { records }) => sum + records.length, 0);
  }

  get paused(): boolean {
    return this.#paused;
  }

  get halted(): boolean {
    return this.#halted;
  }

  take(batch: RecordBatch): void {
    if (this.#stopping.signal.aborted) return;
    this.#lastHigh = batch.highWatermark;
    if (this.#halted) {
      this.#pause();
      return;
    }
    // a log that ends before what is landed of it: the claim looks into that
    if (this.#next !== null && batch.highWatermark < this.#next) this.#generation = -1;
    this.#queue.push(batch);
    this.#queuedBytes += batch.records.reduce((sum, record) => sum + bytesOf(record), 0);
    if (this.#queuedBytes > this.#deps.options.highBytes()) this.#pause();
    this.#run();
  }

  /** Finishes the transaction under way and takes no more. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  /** The partition may go on after `sluice resume`. */
  resume(): void {
    if (!this.#halted) return;
    this.#halted = false;
    this.#lander = this.#deps.lander();
    this.#generation = -1;
    // Where to go on only the ledger knows: progress may have been taken back meanwhile, and a client that stands at the
    // end of the log would bring nothing by which to notice.
    this.#turnedAway = true;
    this.#run();
  }

  /** The ledger says that this partition is halted. */
  halt(): void {
    this.#halted = true;
  }

  #pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.#deps.client.pause(this.place.topic, this.place.partition);
  }

  #unpause(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#deps.client.resume(this.place.topic, this.place.partition);
  }

  #run(): void {
    this.#running ??= this.#drain().finally(() => {
      this.#running = null;
    });
  }

  async #drain(): Promise<void> {
    while (!this.#stopping.signal.aborted && (this.#turnedAway || this.#queue.length > 0)) {
      try {
        await this.#claimIfJoinedAgain();
        if (this.#turnedAway) this.#fetchAgain();
        const { records, to, taken } = this.#head();
        if (to !== null) await this.#land(records, to);
        this.#drop(taken);
        this.#backoff.reset();
      } catch (error) {
        if (!(await this.#recover(error))) return;
      }
    }
  }

  #fetchAgain(): void {
    this.#turnedAway = false;
    this.#deps.client.seek(this.place.topic, this.place.partition, this.#next as bigint);
    this.#unpause();
  }

  async #claimIfJoinedAgain(): Promise<void> {
    const generation = this.#deps.client.generation();
    if (this.#generation === generation && this.#next !== null) return;
    const { context, client } = this.#deps;
    const { topic, partition } = this.place;
    const claim = await context.ledger.claim(topic, partition, context.worker);
    this.#fence = claim.fence;
    const bounds = (await client.offsets(topic)).find((offsets) => offsets.partition === partition);
    const low = bounds?.low ?? 0n;
    this.#next = claim.nextOffset ?? low;
    if (claim.nextOffset === null) await context.ledger.begin(topic, partition, low, claim.fence);
    else {
      const fault = logFault(topic, partition, claim.nextOffset, bounds);
      if (fault) throw fault;
      if (claim.logTimeMs !== null && low < claim.nextOffset) {
        const after = await client.offsetAfter(topic, partition, claim.logTimeMs);
        if (after === low) throw strangeLog(topic, partition, claim.nextOffset);
      }
    }
    this.#generation = generation;
    context.log.info('partition claimed', { topic, partition, offset: String(this.#next) });
  }

  /** The records to land now: contiguous with progress, bounded in number. `to` null: nothing of use was fetched. */
  #head(): { records: RawRecord[]; to: bigint | null; taken: number } {
    let next = this.#next as bigint;
    const records: RawRecord[] = [];
    let taken = 0;
    let to: bigint | null = null;
    for (const batch of this.#queue) {
      if (batch.fetchedFrom > next) {
        // Something between progress and this fetch was never seen: fetch again from progress.
        if (taken === 0) {
          this.#deps.client.seek(this.place.topic, this.place.partition, next);
          return { records, to: null, taken: this.#queue.length };
        }
        break;
      }
      if (records.length > 0 && records.length + batch.records.length > this.#deps.options.maxRows) break;
      taken += 1;
      if (batch.nextOffset <= next) continue;
      for (const record of batch.records) if (record.offset >= next) records.push(record);
      next = batch.nextOffset;
      to = next;
    }
    return { records, to, taken };
  }

  async #land(records: readonly RawRecord[], to: bigint): Promise<void> {
    const from = this.#next as bigint;
    const { clock } = this.#deps.context;
    const started = clock.now();
    const landing = await this.#lander.land(records, to, { from, fence: this.#fence });
    if (landing.to > from) {
      this.#next = landing.to;
      this.#count(landing, started);
    }
    if (landing.stop) throw landing.stop;
  }

  #count(landing: Landing, startedMs: number): void {
    const { meter, ledger, log, clock } = this.#deps.context;
    const labels = { pipeline: ledger.pipeline, table: this.place.table };
    meter.count('sluice_events_total', { ...labels, result: 'landed' }, landing.applied);
    meter.count('sluice_events_total', { ...labels, result: 'stale' }, landing.stale);
    meter.count('sluice_events_total', { ...labels, result: 'parked' }, landing.parked.length);
    for (const { topic, partition, offset, code, key } of landing.parked) {
      const place = { topic, partition, offset: String(offset) };
      meter.count('sluice_dlq_records_total', { pipeline: ledger.pipeline, reason: code });
      log.warn('record parked', { ...place, code, correlationId: opaqueKey(key) });
    }
    meter.observe('sluice_land_seconds', labels, (clock.now() - startedMs) / 1000);
    if (landing.snapshotRows > 0) meter.count('sluice_snapshot_rows_total', labels, landing.snapshotRows);
    this.#deps.onLanded(this.place, landing, startedMs);
  }

  #drop(batches: number): void {
    for (const batch of this.#queue.splice(0, batches)) {
      this.#queuedBytes -= batch.records.reduce((sum, record) => sum + bytesOf(record), 0);
    }
    if (!this.#halted && this.#queuedBytes < this.#deps.options.highBytes() / 2) this.#unpause();
  }

  /** Answers whether to go on with the queue. */
  async #recover(error: unknown): Promise<boolean> {
    const { context } = this.#deps;
    const { topic, partition } = this.place;
    const fault =
      error instanceof SluiceError ? error : new SluiceError('INTERNAL', 'landing failed', { cause: error });
    if (fault.code === 'FENCED') {
      this.#forget();
      context.log.warn('fenced: another worker has this partition', { topic, partition });
      this.#deps.onFenced();
      return false;
    }
    if (fault.disposition === 'retry') {
      context.log.warn(fault.message, { topic, partition, code: fault.code, attempt: this.#backoff.attempt });
      // The outcome of a broken transaction is unknown: progress is read again before anything is tried.
      this.#generation = -1;
      await this.#backoff.pause(this.#stopping.signal);
      return true;
    }
    this.#forget();
    this.#halted = true;
    this.#pause();
    context.log.error(`partition halted: ${fault.message}`, { topic, partition, code: fault.code }, fault.cause);
    await context.ledger.halt(`${topic}/${partition}`, fault.code, fault.message).catch(() => undefined);
    return false;
  }

  #forget(): void {
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#generation = -1;
  }
}
