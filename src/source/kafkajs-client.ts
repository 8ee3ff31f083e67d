import { type Consumer, Kafka, type KafkaMessage, logLevel } from 'kafkajs';
import { type Log, SluiceError } from '../core/index.ts';
import { LogOffsets } from './log-offsets.ts';
import { StallWatchdog } from './stall-watchdog.ts';

export interface LogRecord {
  readonly offset: bigint;
  readonly timestampMs: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, string>>;
}

export interface LogBatch {
  readonly topic: string;
  readonly partition: number;
  readonly fetchedFrom: bigint;
  readonly nextOffset: bigint;
  readonly highWatermark: bigint;
  readonly records: readonly LogRecord[];
}

export interface KafkaClientOptions {
  readonly brokers: readonly string[];
  readonly group: string;
  readonly topics: readonly string[];
  readonly log: Log;
  /** restarted this often without one more record, the client gives up and says so */
  readonly onFatal: (error: SluiceError) => void;
  readonly stallSeconds?: number;
  readonly sessionTimeoutMs?: number;
  readonly maxBytesPerPartition?: number;
}

const LEAVE_MS = 5_000;
/** A member that died is missed after this long. One that only slept is fenced by the ledger, so short is safe. */
const SESSION_MS = 10_000;
/** A group waits this long for its slowest member, and each member that died while joining costs this and a session. */
const REBALANCE_MS = 10_000;

/** kafkajs speaks a lot and quotes payload sizes and addresses; only its level and message are passed on, as debug. */
export function quietKafka(brokers: readonly string[], clientId: string, log: Log, retries = 8): Kafka {
  return new Kafka({
    clientId,
    brokers: [...brokers],
    logLevel: logLevel.WARN,
    logCreator: () => (entry) => log.debug(`kafka client: ${entry.log.message}`),
    retry: { initialRetryTime: 100, maxRetryTime: 5_000, retries },
    connectionTimeout: 5_000,
  });
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
interface FetchedBatch {
  readonly topic: string;
  readonly partition: number;
  readonly highWatermark: string;
  readonly messages: readonly KafkaMessage[];
  readonly fetchedOffset: string | number | bigint;
  lastOffset(): string;
}

/**
 * A member of a consumer group on kafkajs. What it hands over is what a fetch brought, with the offset the fetch asked
 * for; where to go on is the caller's to know and to say by `seek`. Commits are advisory, rebalances only noticed.
 */
export class KafkajsClient {
  readonly #kafka: Kafka;
  readonly #options: KafkaClientOptions;
  readonly #watchdog: StallWatchdog;
  readonly #offsets: LogOffsets;
  readonly #paused = new Set<string>();
  /** where the next fetch of a partition starts, as far as known */
  readonly #positions = new Map<string, bigint>();
  #consumer: Consumer | null = null;
  #assigned: readonly { topic: string; partition: number }[] = [];
  #rebalancingSince: number | null = null;
  #generation = 0;
  #onBatch: ((batch: LogBatch) => void) | null = null;
  #closed = false;
  #restarting: Promise<void> | null = null;

  constructor(options: KafkaClientOptions) {
    this.#options = options;
    this.#kafka = quietKafka(options.brokers, 'sluice', options.log);
    this.#offsets = new LogOffsets(this.#kafka);
    this.#watchdog = new StallWatchdog({
      seconds: options.stallSeconds ?? 10,
      ends: (topic) => this.offsets(topic),
      committed: (topic) => this.#offsets.committed(options.group, topic),
      assigned: () => this.#fetchable(),
      onStall: () => {
        options.log.warn('the client fetches nothing though there is something to fetch: it is started anew');
        void this.restart();
      },
      onFatal: () => options.onFatal(new SluiceError('BROKER_UNAVAILABLE', 'the Kafka client does not recover')),
    });
  }

  async run(onBatch: (batch: LogBatch) => void): Promise<void> {
    this.#onBatch = onBatch;
    await this.#start();
    this.#watchdog.start();
  }

  seek(topic: string, partition: number, offset: bigint): void {
    this.#watchdog.moved(topic, partition, offset);
    this.#positions.set(`${topic}/${partition}`, offset);
    try {
      this.#consumer?.seek({ topic, partition, offset: String(offset) });
    } catch {
      // not running: whoever starts anew begins with a seek of its own
    }
  }

  pause(topic: string, partition: number): void {
    this.#paused.add(`${topic}/${partition}`);
    this.#consumer?.pause([{ topic, partitions: [partition] }]);
  }

  resume(topic: string, partition: number): void {
    this.#paused.delete(`${topic}/${partition}`);
    this.#consumer?.resume([{ topic, partitions: [partition] }]);
  }

  generation(): number {
    return this.#generation;
  }

  async commitAdvisory(offsets: readonly { topic: string; partition: number; offset: bigint }[]): Promise<void> {
    const mine = new Set(this.#assigned.map(({ topic, partition }) => `${topic}/${partition}`));
    const commits = offsets
      .filter(({ topic, partition }) => mine.has(`${topic}/${partition}`))
      .map(({ topic, partition, offset }) => ({ topic, partition, offset: String(offset) }));
    if (commits.length === 0) return;
    await this.#consumer?.commitOffsets(commits).catch(() => undefined);
  }

  offsets(topic: string): Promise<readonly { partition: number; low: bigint; high: bigint }[]> {
    return this.#offsets.offsets(topic);
  }

  offsetAfter(topic: string, partition: number, timestampMs: number): Promise<bigint> {
    return this.#offsets.offsetAfter(topic, partition, timestampMs);
  }

  restart(): Promise<void> {
    this.#restarting ??= this.#startAnew().finally(() => {
      this.#restarting = null;
    });
    return this.#restarting;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#watchdog.stop();
    await this.#restarting?.catch(() => undefined);
    await this.#leave();
    await this.#offsets.close();
  }

  /** What should bring records now: nothing while the group deals out partitions anew, unless that never ends. */
  #fetchable(): readonly { topic: string; partition: number }[] {
    if (this.#rebalancingSince !== null && Date.now() - this.#rebalancingSince < REBALANCE_MS + SESSION_MS) return [];
    return this.#assigned.filter(({ topic, partition }) => !this.#paused.has(`${topic}/${partition}`));
  }

  async #startAnew(): Promise<void> {
    await this.#leave();
    if (!this.#closed) await this.#start();
  }

  async #leave(): Promise<void> {
    const consumer = this.#consumer;
    this.#consumer = null;
    this.#assigned = [];
    this.#rebalancingSince = null;
    this.#paused.clear();
    this.#positions.clear();
    // kafkajs can wait for ever for a fetch that never answers
    const patience = new Promise<void>((resolve) => setTimeout(resolve, LEAVE_MS).unref());
    if (consumer) await Promise.race([consumer.disconnect().catch(() => undefined), patience]);
  }

  /** Joins, trying for ever: brokers come back, and topics are made by somebody else. */
  async #start(): Promise<void> {
    for (let attempt = 0; !this.#closed; attempt++) {
      try {
        await this.#join();
        return;
      } catch (error) {
        const reason = error instanceof Error ? error.message : 'unknown';
        if (attempt % 5 === 0)
          this.#options.log.warn(`cannot join yet: ${reason}`, { code: 'BROKER_UNAVAILABLE', attempt });
        await this.#leave();
        await new Promise((resolve) => setTimeout(resolve, Math.min(5_000, 250 * 2 ** Math.min(attempt, 5))));
      }
    }
  }

  async #join(): Promise<void> {
    const consumer = this.#kafka.consumer({
      groupId: this.#options.group,
      sessionTimeout: this.#options.sessionTimeoutMs ?? SESSION_MS,
      rebalanceTimeout: REBALANCE_MS,
      heartbeatInterval: 2_000,
      maxWaitTimeInMs: 100,
      minBytes: 1,
      maxBytesPerPartition: this.#options.maxBytesPerPartition ?? 1024 * 1024,
      allowAutoTopicCreation: false,
      // kafkajs decides here whether it starts a crashed consumer again by itself; we do it, for it gives up on some
      retry: { initialRetryTime: 100, maxRetryTime: 5_000, retries: 8, restartOnFailure: async () => false },
    });
    this.#consumer = consumer;
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      if (this.#consumer !== consumer) return;
      this.#generation += 1;
      this.#rebalancingSince = null;
      this.#watchdog.forget();
      this.#assigned = Object.entries(payload.memberAssignment).flatMap(([topic, partitions]) =>
        partitions.map((partition) => ({ topic, partition })),
      );
      this.#paused.clear();
    });
    consumer.on(consumer.events.REBALANCING, () => {
      if (this.#consumer === consumer) this.#rebalancingSince ??= Date.now();
    });
    consumer.on(consumer.events.START_BATCH_PROCESS, ({ payload }) => {
      // Control records and aborted messages only: kafkajs steps over them and calls nobody. They count as read.
      const fetchedFrom = this.#positions.get(`${payload.topic}/${payload.partition}`);
      if (payload.batchSize > 0 || fetchedFrom === undefined || this.#consumer !== consumer) return;
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
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      if (this.#consumer !== consumer || this.#closed) return;
      this.#options.log.warn(`the Kafka client ended: ${payload.error.name}`, { code: 'BROKER_UNAVAILABLE' });
      void this.restart();
    });
    await consumer.connect();
    await consumer.subscribe({ topics: [...this.#options.topics], fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: 8,
      eachBatch: async ({ batch, resolveOffset, isStale, isRunning }) => {
        if (this.#consumer !== consumer || !isRunning() || isStale()) return;
        this.#hand(batch as unknown as FetchedBatch);
        resolveOffset(batch.lastOffset());
      },
    });
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
