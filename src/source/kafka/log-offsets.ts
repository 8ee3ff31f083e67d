import type { Admin, Kafka } from 'kafkajs';
import { SluiceError } from '../../core/index.ts';

/** An answer that takes longer is given up together with its connection, which may be dead without having said so. */
const ANSWER_MS = 6_000;

/** What is known of logs, groups and leaders, asked over a connection of its own that is made anew when it fails. */
export class LogOffsets {
  readonly #kafka: Kafka;
  #admin: { readonly client: Admin; readonly ready: Promise<void> } | null = null;

  constructor(kafka: Kafka) {
    this.#kafka = kafka;
  }

  async offsets(topic: string): Promise<readonly { partition: number; low: bigint; high: bigint }[]> {
    const found = await this.#ask(topic, (admin) => admin.fetchTopicOffsets(topic));
    return found.map(({ partition, low, high }) => ({ partition, low: BigInt(low), high: BigInt(high) }));
  }

  /** the first record with a later timestamp; the end of the log when there is none */
  offsetAfter(topic: string, partition: number, timestampMs: number): Promise<bigint> {
    return this.#ask(topic, (admin) => offsetAfter(admin, topic, partition, timestampMs));
  }

  /** what a group has committed, -1 where it has not */
  async committed(group: string, topic: string): Promise<readonly { partition: number; offset: bigint }[]> {
    const found = await this.#ask(topic, (admin) => admin.fetchOffsets({ groupId: group, topics: [topic] }));
    const partitions = found.find((one) => one.topic === topic)?.partitions ?? [];
    return partitions.map(({ partition, offset }) => ({ partition, offset: BigInt(offset) }));
  }

  /** The same of many topics at once, by `topic/partition`; only what has been committed. */
  async allCommitted(group: string, topics: readonly string[]): Promise<ReadonlyMap<string, bigint>> {
    const found = await this.#ask(topics.join(', '), async (admin) =>
      admin.fetchOffsets({ groupId: group, topics: await among(admin, topics) }),
    );
    const offsets = found.flatMap(({ topic, partitions }) =>
      partitions.map(({ partition, offset }) => [`${topic}/${partition}`, BigInt(offset)] as const),
    );
    return new Map(offsets.filter(([, offset]) => offset >= 0n));
  }

  /** Address of the leader of each partition, by `topic/partition`. */
  leaders(topics: readonly string[]): Promise<ReadonlyMap<string, string>> {
    return this.#ask(topics.join(', '), async (admin) => {
      const { brokers } = await admin.describeCluster();
      const addresses = new Map(brokers.map(({ nodeId, host, port }) => [nodeId, `${host}:${port}`]));
      const leaders = new Map<string, string>();
      for (const { name, partitions } of (await admin.fetchTopicMetadata({ topics: await among(admin, topics) }))
        .topics) {
        for (const { partitionId, leader } of partitions) {
          const address = addresses.get(leader);
          if (address !== undefined) leaders.set(`${name}/${partitionId}`, address);
        }
      }
      return leaders;
    });
  }

  /** Those of the topics that there are: a question about one that is gone fails for all of them. */
  existing(topics: readonly string[]): Promise<string[]> {
    return this.#ask(topics.join(', '), (admin) => among(admin, topics));
  }

  async close(): Promise<void> {
    const admin = this.#admin;
    this.#admin = null;
    if (admin) await admin.ready.then(() => admin.client.disconnect()).catch(() => undefined);
  }

  async #ask<T>(topic: string, question: (admin: Admin) => Promise<T>): Promise<T> {
    if (this.#admin === null) {
      const client = this.#kafka.admin();
      this.#admin = { client, ready: client.connect() };
    }
    const admin = this.#admin;
    const asked = admin.ready.then(() => question(admin.client));
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error('no answer')), ANSWER_MS);
    });
    try {
      return await Promise.race([asked, patience]);
    } catch (cause) {
      if (this.#admin === admin) this.#admin = null;
      void admin.client.disconnect().catch(() => undefined);
      throw new SluiceError('BROKER_UNAVAILABLE', `the offsets of ${topic} cannot be read`, { cause });
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Of one partition the first record with a later timestamp; the end of its log when there is none. */
export async function offsetAfter(
  admin: Admin,
  topic: string,
  partition: number,
  timestampMs: number,
): Promise<bigint> {
  const found = await admin.fetchTopicOffsetsByTimestamp(topic, timestampMs + 1);
  return BigInt(found.find((one) => one.partition === partition)?.offset ?? 0);
}

async function among(admin: Admin, topics: readonly string[]): Promise<string[]> {
  const there = new Set(await admin.listTopics());
  return topics.filter((topic) => there.has(topic));
}
