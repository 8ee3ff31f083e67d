import { type Consumer, type EachBatchPayload, Kafka, logLevel } from 'kafkajs';
import { type Log, SluiceError } from '../../core/index.ts';

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

export interface Place {
  readonly topic: string;
  readonly partition: number;
}

export interface LogOffsets {
  readonly partition: number;
  readonly low: bigint;
  readonly high: bigint;
}

export interface MembershipHooks {
  /** a new assignment; what was assigned before is so no more */
  readonly onAssigned: (assigned: readonly Place[]) => void;
  readonly onLeft: () => void;
  /** without it kafkajs fetches nothing and only keeps the membership */
  readonly consume?: { onBatch(payload: EachBatchPayload): void; watch(consumer: Consumer): void };
}

/** kafkajs speaks a lot and quotes payload sizes and addresses; only its level and message are passed on, as debug. */
export function quietKafka(brokers: readonly string[], clientId: string, log: Log): Kafka {
  return new Kafka({
    clientId,
    brokers: [...brokers],
    logLevel: logLevel.WARN,
    logCreator: () => (entry) => log.debug(`kafka client: ${entry.log.message}`),
    retry: { initialRetryTime: 100, maxRetryTime: 5_000, retries: 8 },
    connectionTimeout: 5_000,
  });
}

/**
 * Membership in a consumer group by kafkajs: joining, heartbeats, assignment and advisory commits. Whoever fetches
 * hangs on to it. Joins again by itself for as long as it takes.
 */
export class GroupMembership {
  readonly #kafka: Kafka;
  readonly #options: KafkaClientOptions;
  readonly #hooks: MembershipHooks;
  readonly #admin: ReturnType<Kafka['admin']>;
  #adminReady: Promise<void> | null = null;
  #consumer: Consumer | null = null;
  #assigned: readonly Place[] = [];
  #generation = 0;
  #closed = false;
  #restarting: Promise<void> | null = null;

  constructor(options: KafkaClientOptions, hooks: MembershipHooks) {
    this.#options = options;
    this.#hooks = hooks;
    this.#kafka = quietKafka(options.brokers, 'sluice', options.log);
    this.#admin = this.#kafka.admin();
  }

  get generation(): number {
    return this.#generation;
  }

  get assigned(): readonly Place[] {
    return this.#assigned;
  }

  get consumer(): Consumer | null {
    return this.#consumer;
  }

  /** Joins, trying for ever: brokers come back, and topics are made by somebody else. */
  async start(): Promise<void> {
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

  restart(): Promise<void> {
    this.#restarting ??= this.#startAnew().finally(() => {
      this.#restarting = null;
    });
    return this.#restarting;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#restarting?.catch(() => undefined);
    await this.#leave();
    if (this.#adminReady !== null) await this.#adminReady.then(() => this.#admin.disconnect()).catch(() => undefined);
  }

  async commitAdvisory(offsets: readonly (Place & { readonly offset: bigint })[]): Promise<void> {
    const mine = new Set(this.#assigned.map(({ topic, partition }) => `${topic}/${partition}`));
    const commits = offsets
      .filter(({ topic, partition }) => mine.has(`${topic}/${partition}`))
      .map(({ topic, partition, offset }) => ({ topic, partition, offset: String(offset) }));
    if (commits.length === 0) return;
    await this.#consumer?.commitOffsets(commits).catch(() => undefined);
  }

  /** Where the log of each partition starts and ends. */
  async offsets(topic: string): Promise<readonly LogOffsets[]> {
    const found = await this.#asked(`the offsets of ${topic}`, (admin) => admin.fetchTopicOffsets(topic));
    return found.map(({ partition, low, high }) => ({ partition, low: BigInt(low), high: BigInt(high) }));
  }

  /** What the group has committed, by `topic/partition`. */
  async committed(topics: readonly string[]): Promise<ReadonlyMap<string, bigint>> {
    const found = await this.#asked('committed offsets', (admin) =>
      admin.fetchOffsets({ groupId: this.#options.group, topics: [...topics] }),
    );
    const offsets = found.flatMap(({ topic, partitions }) =>
      partitions.map(({ partition, offset }) => [`${topic}/${partition}`, BigInt(offset)] as const),
    );
    return new Map(offsets.filter(([, offset]) => offset >= 0n));
  }

  /** Address of the leader of each partition, by `topic/partition`. */
  async leaders(topics: readonly string[]): Promise<ReadonlyMap<string, string>> {
    return this.#asked('the leaders of partitions', async (admin) => {
      const { brokers } = await admin.describeCluster();
      const addresses = new Map(brokers.map(({ nodeId, host, port }) => [nodeId, `${host}:${port}`]));
      const leaders = new Map<string, string>();
      for (const { name, partitions } of (await admin.fetchTopicMetadata({ topics: [...topics] })).topics) {
        for (const { partitionId, leader } of partitions) {
          const address = addresses.get(leader);
          if (address !== undefined) leaders.set(`${name}/${partitionId}`, address);
        }
      }
      return leaders;
    });
  }

  async #asked<T>(what: string, ask: (admin: ReturnType<Kafka['admin']>) => Promise<T>): Promise<T> {
    this.#adminReady ??= this.#admin.connect();
    try {
      await this.#adminReady;
      return await ask(this.#admin);
    } catch (cause) {
      this.#adminReady = null;
      throw new SluiceError('BROKER_UNAVAILABLE', `${what} cannot be read`, { cause });
    }
  }

  async #startAnew(): Promise<void> {
    await this.#leave();
    if (!this.#closed) await this.start();
  }

  async #leave(): Promise<void> {
    const consumer = this.#consumer;
    this.#consumer = null;
    this.#assigned = [];
    this.#hooks.onLeft();
    // kafkajs can wait for ever for a fetch that never answers
    const patience = new Promise<void>((resolve) => setTimeout(resolve, 5_000).unref());
    if (consumer) await Promise.race([consumer.disconnect().catch(() => undefined), patience]);
  }

  async #join(): Promise<void> {
    const { group, topics, sessionTimeoutMs, maxBytesPerPartition, log } = this.#options;
    const { consume, onAssigned } = this.#hooks;
    const consumer = this.#kafka.consumer({
      groupId: group,
      sessionTimeout: sessionTimeoutMs ?? 15_000,
      rebalanceTimeout: 20_000,
      heartbeatInterval: 2_000,
      maxWaitTimeInMs: consume ? 100 : 500,
      minBytes: 1,
      maxBytesPerPartition: maxBytesPerPartition ?? 1024 * 1024,
      allowAutoTopicCreation: false,
      // kafkajs decides here whether it starts a crashed consumer again by itself; we do it, for it gives up on some
      retry: { initialRetryTime: 100, maxRetryTime: 5_000, retries: 8, restartOnFailure: async () => false },
    });
    this.#consumer = consumer;
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      if (this.#consumer !== consumer) return;
      this.#generation += 1;
      this.#assigned = Object.entries(payload.memberAssignment).flatMap(([topic, partitions]) =>
        partitions.map((partition) => ({ topic, partition })),
      );
      if (!consume) consumer.pause(topics.map((topic) => ({ topic })));
      onAssigned(this.#assigned);
    });
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      if (this.#consumer !== consumer || this.#closed) return;
      log.warn(`the Kafka client ended: ${payload.error.name}`, { code: 'BROKER_UNAVAILABLE' });
      void this.restart();
    });
    consume?.watch(consumer);
    await consumer.connect();
    await consumer.subscribe({ topics: [...topics], fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: 8,
      eachBatch: async (payload) => {
        if (this.#consumer !== consumer || !payload.isRunning() || payload.isStale()) return;
        consume?.onBatch(payload);
      },
    });
  }
}
