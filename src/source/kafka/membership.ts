import { type Consumer, type EachBatchPayload, Kafka, logLevel } from 'kafkajs';
import type { Log, SluiceError } from '../../core/index.ts';
import { LogOffsets } from './log-offsets.ts';

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

export interface MembershipHooks {
  /** a new assignment; what was assigned before is so no more */
  readonly onAssigned: (assigned: readonly Place[]) => void;
  readonly onLeft: () => void;
  /** without it kafkajs fetches nothing and only keeps the membership */
  readonly consume?: { onBatch(payload: EachBatchPayload): void; watch(consumer: Consumer): void };
}

const LEAVE_MS = 5_000;
const LOOK_MS = 2_000;
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

/**
 * Membership in a consumer group by kafkajs: joining, heartbeats, assignment and advisory commits. Whoever fetches
 * hangs on to it. Joins again by itself for as long as it takes.
 */
export class GroupMembership {
  readonly #kafka: Kafka;
  readonly #options: KafkaClientOptions;
  readonly #hooks: MembershipHooks;
  /** what is known of the logs and of the group */
  readonly logs: LogOffsets;
  #consumer: Consumer | null = null;
  #assigned: readonly Place[] = [];
  #rebalancingSince: number | null = null;
  #generation = 0;
  #closed = false;
  #looking: NodeJS.Timeout | undefined;
  #restarting: Promise<void> | null = null;

  constructor(options: KafkaClientOptions, hooks: MembershipHooks) {
    this.#options = options;
    this.#hooks = hooks;
    this.#kafka = quietKafka(options.brokers, 'sluice', options.log);
    this.logs = new LogOffsets(this.#kafka);
  }

  get generation(): number {
    return this.#generation;
  }

  get assigned(): readonly Place[] {
    return this.#assigned;
  }

  /** What should bring records now: nothing while the group deals out partitions anew, unless that never ends. */
  get fetchable(): readonly Place[] {
    const since = this.#rebalancingSince;
    return since !== null && Date.now() - since < REBALANCE_MS + SESSION_MS ? [] : this.#assigned;
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
    clearTimeout(this.#looking);
    await this.#restarting?.catch(() => undefined);
    await this.#leave();
    await this.logs.close();
  }

  async commitAdvisory(offsets: readonly (Place & { readonly offset: bigint })[]): Promise<void> {
    const mine = new Set(this.#assigned.map(({ topic, partition }) => `${topic}/${partition}`));
    const commits = offsets
      .filter(({ topic, partition }) => mine.has(`${topic}/${partition}`))
      .map(({ topic, partition, offset }) => ({ topic, partition, offset: String(offset) }));
    if (commits.length === 0) return;
    await this.#consumer?.commitOffsets(commits).catch(() => undefined);
  }

  /** A consumer can crash while it still joins, which `run` does not tell: then the restart it is part of ends without it. */
  async #joinAgainAfter(crashed: Consumer): Promise<void> {
    await this.#restarting?.catch(() => undefined);
    if (this.#consumer === crashed) await this.restart();
  }

  /** A topic that is not there keeps nobody from the others; when it is made, the group is joined again with it. */
  #lookForRest(joined: readonly string[]): void {
    clearTimeout(this.#looking);
    const missing = this.#options.topics.length - joined.length;
    if (missing === 0 || this.#closed) return;
    this.#options.log.warn('topics are missing, the others go on', { count: missing });
    this.#looking = setTimeout(async () => {
      const there = await this.logs.existing(this.#options.topics).catch(() => joined);
      if (this.#closed) return;
      if (there.length > joined.length) await this.restart();
      else this.#lookForRest(joined);
    }, LOOK_MS).unref();
  }

  async #startAnew(): Promise<void> {
    await this.#leave();
    if (!this.#closed) await this.start();
  }

  async #leave(): Promise<void> {
    const consumer = this.#consumer;
    this.#consumer = null;
    this.#assigned = [];
    this.#rebalancingSince = null;
    this.#hooks.onLeft();
    // kafkajs can wait for ever for a fetch that never answers
    const patience = new Promise<void>((resolve) => setTimeout(resolve, LEAVE_MS).unref());
    if (consumer) await Promise.race([consumer.disconnect().catch(() => undefined), patience]);
  }

  async #join(): Promise<void> {
    const { group, sessionTimeoutMs, maxBytesPerPartition, log } = this.#options;
    const topics = await this.logs.existing(this.#options.topics);
    if (topics.length === 0) throw new Error('none of the topics is there');
    this.#lookForRest(topics);
    const { consume, onAssigned } = this.#hooks;
    const consumer = this.#kafka.consumer({
      groupId: group,
      sessionTimeout: sessionTimeoutMs ?? SESSION_MS,
      rebalanceTimeout: REBALANCE_MS,
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
      this.#rebalancingSince = null;
      this.#assigned = Object.entries(payload.memberAssignment).flatMap(([topic, partitions]) =>
        partitions.map((partition) => ({ topic, partition })),
      );
      if (!consume) consumer.pause(topics.map((topic) => ({ topic })));
      onAssigned(this.#assigned);
    });
    consumer.on(consumer.events.REBALANCING, () => {
      if (this.#consumer === consumer) this.#rebalancingSince ??= Date.now();
    });
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      if (this.#consumer !== consumer || this.#closed) return;
      log.warn(`the Kafka client ended: ${payload.error.name}`, { code: 'BROKER_UNAVAILABLE' });
      void this.#joinAgainAfter(consumer);
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
