import { type Flow, type LandedTime, SluiceError } from '../core/index.ts';
import { EpochNews } from './epoch-news.ts';
import { type DecodedBatch, decodeBatch, landBatch, type Place } from './land.ts';
import {
  evenly,
  type Lander,
  type LanderOptions,
  type Landing,
  NOTHING,
  newestTimestamp,
  type Step,
} from './lander.ts';
import type { Decoder, PipelineContext, RawRecord } from './ports.ts';
import type { Subscriptions } from './subscriptions.ts';

/** Keeps the newest image of each row, its history and marks: the way of every table that is not just copied. */
export class ImageLander implements Lander {
  readonly #place: Place;
  readonly #context: PipelineContext;
  readonly #decoder: Decoder;
  readonly #subscriptions: Subscriptions;
  readonly #fastFlows: readonly Flow[];
  readonly #options: Required<LanderOptions>;
  readonly #epochs = new EpochNews();

  constructor(
    place: Place,
    context: PipelineContext,
    decoder: Decoder,
    subscriptions: Subscriptions,
    fastFlows: readonly Flow[],
    options: Required<LanderOptions>,
  ) {
    this.#place = place;
    this.#context = context;
    this.#decoder = decoder;
    this.#subscriptions = subscriptions;
    this.#fastFlows = fastFlows;
    this.#options = options;
  }

  async land(records: readonly RawRecord[], to: bigint, step: Step | null): Promise<Landing> {
    const decoded = await decodeBatch(this.#decoder, this.#place, records, to);
    const batch = this.#options.parks ? decoded : { ...decoded, parked: [] };
    const { parked, stop } = batch;
    // an empty step would prove nothing and move nothing
    if (step !== null && batch.to <= step.from) return { ...NOTHING, to: step.from, parked, stop };
    const news = this.#epochs.of(batch.changes.map(({ event }) => event));
    const folded = await this.#context.ledger.landing(async (tx) => {
      // asked first, for it goes out together with the beginning
      const hadParked = await tx.hasParked(this.#place.table);
      if (step !== null) {
        const logTimeMs = newestTimestamp(records, batch.to);
        const move = { ...this.#place, ...step, to: batch.to, sourceTime: newest(batch), logTimeMs };
        if (!(await tx.advance(move))) throw new SluiceError('FENCED', 'another worker has this partition');
      }
      if (parked.length === 0 && stop === null) await tx.closeParked(this.#options.again, 'tried again');
      const landed = await landBatch(tx, this.#context, this.#subscriptions, this.#place, batch, {
        fastFlows: this.#fastFlows,
        hadParked,
      });
      // last, for all partitions write the same row, and wait for whoever has it
      for (const seen of news) await tx.observeEpoch(seen);
      return landed;
    });
    this.#epochs.told(news);
    const snapshotRows = batch.changes.filter(({ event }) => event.op === 'r').length;
    return {
      to: batch.to,
      applied: folded?.applied ?? 0,
      stale: folded?.stale ?? 0,
      parked,
      stop,
      times: timesOf(batch),
      streamed: batch.changes.length - snapshotRows,
      snapshotRows,
    };
  }
}

function timesOf(batch: DecodedBatch): readonly LandedTime[] {
  const streamed = evenly(batch.changes.filter(({ event }) => event.op !== 'r'));
  return streamed.map(({ event, raw }) => ({
    sourceMs: Date.parse(event.sourceTime),
    connectorMs: event.connectorMs ?? null,
    logMs: raw.timestampMs,
  }));
}

function newest(batch: DecodedBatch): string | null {
  let time: string | null = null;
  for (const { event } of batch.changes) if (time === null || event.sourceTime > time) time = event.sourceTime;
  return time;
}
