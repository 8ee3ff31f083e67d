import { silentMeter, topicOf } from '../../core/index.ts';
import {
  type Decoder,
  type Lander,
  type LogClient,
  landerOf,
  type PartitionOffsets,
  type RawRecord,
  type RecordBatch,
  Subscriptions,
} from '../../pipeline/index.ts';
import { systemClock } from '../clock.ts';
import { createLog } from '../logger.ts';
import type { OpenPipeline } from '../pipeline.ts';
import { paceMs } from './start.ts';

export type Bounds = PartitionOffsets;

export interface LandProgress {
  readonly done: bigint;
  readonly total: bigint;
  /** records a second since it began */
  readonly perSecond: number;
  /** null: not known yet */
  readonly secondsLeft: number | null;
}

export interface Place {
  readonly from: bigint;
  next: bigint;
  readonly end: bigint;
}

export function progressOf(done: bigint, total: bigint, elapsedMs: number): LandProgress {
  const perSecond = Number(done) / Math.max(elapsedMs / 1000, 0.001);
  return { done, total, perSecond, secondsLeft: done === 0n ? null : Number(total - done) / perSecond };
}

/** Lands every place up to its end, and moves `next` with it. Answers how many offsets that were. */
export async function landRange(
  open: OpenPipeline,
  client: LogClient,
  decoder: Decoder,
  ends: ReadonlyMap<string, Place>,
  { rate, onProgress }: { readonly rate: number | null; readonly onProgress: (progress: LandProgress) => void },
): Promise<bigint> {
  const { migration, ledger } = open;
  const subscriptions = new Subscriptions(migration);
  const context = {
    migration,
    ledger,
    log: createLog({ level: 'warn' }),
    meter: silentMeter,
    clock: systemClock,
    worker: 'replay',
  };
  const total = [...ends.values()].reduce((sum, { from, end }) => sum + (end - from), 0n);
  const done = (): bigint =>
    [...ends.values()].reduce((sum, { from, next, end }) => sum + ((next < end ? next : end) - from), 0n);
  if (total === 0n) return 0n;
  const began = systemClock.now();
  await new Promise<void>((resolve, reject) => {
    let chain = Promise.resolve();
    const finishWhenDone = (): void => {
      onProgress(progressOf(done(), total, systemClock.now() - began));
      if ([...ends.values()].every(({ next, end }) => next >= end)) resolve();
    };
    const take = async (batch: RecordBatch): Promise<void> => {
      const place = ends.get(`${batch.topic}/${batch.partition}`);
      const table = migration.tables.find((candidate) => topicOf(migration.name, candidate.name) === batch.topic);
      if (!place || !table || place.next >= place.end) return;
      if (batch.fetchedFrom > place.next || batch.nextOffset <= place.next) {
        client.seek(batch.topic, batch.partition, place.next);
        return;
      }
      const records = batch.records.filter(({ offset }) => offset >= place.next && offset < place.end);
      const at = { topic: batch.topic, partition: batch.partition, table: table.name };
      // What halts or parks the live run has been dealt with there: a replay goes on.
      const lander = landerOf(at, context, decoder, subscriptions, [], { parks: false });
      for (let i = 0; i < records.length; i += 2_000) {
        await landOver(lander, records.slice(i, i + 2_000), batch.nextOffset);
      }
      place.next = batch.nextOffset;
      finishWhenDone();
      const pause = paceMs(Number(done()), systemClock.now() - began, rate);
      if (pause > 0) await systemClock.sleep(pause);
    };
    client
      .run((batch) => {
        // one batch of each partition in memory, however fast the broker is
        client.pause(batch.topic, batch.partition);
        chain = chain
          .then(() => take(batch))
          .then(() => client.resume(batch.topic, batch.partition))
          .catch(reject);
      })
      .then(finishWhenDone, reject);
  });
  return total;
}

/** Lands these records; over one that stops a live partition it steps. */
async function landOver(lander: Lander, records: readonly RawRecord[], to: bigint): Promise<void> {
  for (let rest = records; rest.length > 0; ) {
    const landing = await lander.land(rest, to, null);
    rest = landing.stop === null ? [] : rest.filter(({ offset }) => offset > landing.to);
  }
}
