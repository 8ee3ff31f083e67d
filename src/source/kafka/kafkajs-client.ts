import type { Consumer, EachBatchPayload, KafkaMessage } from 'kafkajs';
import { GroupMembership, type KafkaClientOptions, type Place } from './membership.ts';
import { openWatchdog } from './open-watchdog.ts';
import type { StallWatchdog } from './stall-watchdog.ts';

export interface LogRecord {
  readonly offset: bigint;
  readonly timestampMs: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, string>>;
}

export interface LogBatch extends Place {
  readonly fetchedFrom: bigint;
  readonly nextOffset: bigint;
  readonly highWatermark: bigint;
  readonly records: readonly LogRecord[];
}

const headersOf = (message: KafkaMessage): Record<string, string> => {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(message.headers ?? {})) {
    const one = Array.isArray(value) ? value[0] : value;
    if (one !== undefined) headers[name] = one.toString();
  }
  return headers;
};

/** A kafkajs batch with the member its types leave out: the offset the fetch asked for. */
interface FetchedBatch extends Place {
  readonly highWatermark: string;
  readonly messages: readonly KafkaMessage[];
  readonly fetchedOffset: string | number | bigint;
  lastOffset(): string;
}

/**
 * A member of a consumer group that fetches by kafkajs. What it hands over is what a fetch brought, with the offset the
 * fetch asked for; where to go on is the caller's to know and to say by `seek`. Commits are advisory, rebalances only
 * noticed.
 */
export class KafkajsClient {
  readonly #membership: GroupMembership;
  readonly #watchdog: StallWatchdog;
  readonly #paused = new Set<string>();
  /** where the next fetch of a partition starts, as far as known */
  readonly #positions = new Map<string, bigint>();
  #onBatch: ((batch: LogBatch) => void) | null = null;

  constructor(options: KafkaClientOptions) {
    this.#membership = new GroupMembership(options, {
      onAssigned: () => {
        this.#paused.clear();
        this.#watchdog.forget();
      },
      onLeft: () => {
        this.#paused.clear();
        this.#positions.clear();
      },
      consume: { onBatch: (payload) => this.#take(payload), watch: (consumer) => this.#watch(consumer) },
    });
    this.#watchdog = openWatchdog(options, this.#membership, this.#paused);
  }

  async run(onBatch: (batch: LogBatch) => void): Promise<void> {
    this.#onBatch = onBatch;
    await this.#membership.start();
    this.#watchdog.start();
  }

  seek(topic: string, partition: number, offset: bigint): void {
    this.#watchdog.moved(topic, partition, offset);
    this.#positions.set(`${topic}/${partition}`, offset);
    try {
      this.#membership.consumer?.seek({ topic, partition, offset: String(offset) });
    } catch {
      // not running: whoever starts anew begins with a seek of its own
    }
  }

  pause(topic: string, partition: number): void {
    this.#paused.add(`${topic}/${partition}`);
    this.#membership.consumer?.pause([{ topic, partitions: [partition] }]);
  }

  resume(topic: string, partition: number): void {
    this.#paused.delete(`${topic}/${partition}`);
    this.#membership.consumer?.resume([{ topic, partitions: [partition] }]);
  }

  generation(): number {
    return this.#membership.generation;
  }

  assigned(): readonly Place[] {
    return this.#membership.assigned;
  }

  commitAdvisory(offsets: readonly (Place & { readonly offset: bigint })[]): Promise<void> {
    return this.#membership.commitAdvisory(offsets);
  }

  offsets(topic: string): Promise<readonly { partition: number; low: bigint; high: bigint }[]> {
    return this.#membership.logs.offsets(topic);
  }

  offsetAfter(topic: string, partition: number, timestampMs: number): Promise<bigint> {
    return this.#membership.logs.offsetAfter(topic, partition, timestampMs);
  }

  restart(): Promise<void> {
    return this.#membership.restart();
  }

  async close(): Promise<void> {
    this.#watchdog.stop();
    await this.#membership.close();
  }

  #watch(consumer: Consumer): void {
    consumer.on(consumer.events.START_BATCH_PROCESS, ({ payload }) => {
      // Control records and aborted messages only: kafkajs steps over them and calls nobody. They count as read.
      const fetchedFrom = this.#positions.get(`${payload.topic}/${payload.partition}`);
      if (payload.batchSize > 0 || fetchedFrom === undefined || this.#membership.consumer !== consumer) return;
      const { topic, partition, highWatermark, lastOffset } = payload;
      this.#hand({
        topic,
        partition,
        highWatermark,
        messages: [],
        lastOffset: () => lastOffset,
        fetchedOffset: fetchedFrom,
      });
    });
  }

  #take({ batch, resolveOffset }: EachBatchPayload): void {
    this.#hand(batch as unknown as FetchedBatch);
    resolveOffset(batch.lastOffset());
  }

  #hand(batch: FetchedBatch): void {
    const fetchedFrom = BigInt(batch.fetchedOffset);
    const nextOffset = BigInt(batch.lastOffset()) + 1n;
    this.#watchdog.moved(batch.topic, batch.partition, nextOffset);
    this.#positions.set(`${batch.topic}/${batch.partition}`, nextOffset);
    this.#onBatch?.({
      topic: batch.topic,
      partition: batch.partition,
      fetchedFrom,
      nextOffset,
      highWatermark: BigInt(batch.highWatermark),
      records: batch.messages.map((message) => ({
        offset: BigInt(message.offset),
        timestampMs: Number(message.timestamp),
        key: message.key,
        value: message.value,
        headers: headersOf(message),
      })),
    });
  }
}
