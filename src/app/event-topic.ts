import {
  type Admin,
  type Consumer,
  type EachBatchPayload,
  type ITopicConfig,
  Kafka,
  type KafkaMessage,
  logLevel,
} from 'kafkajs';
import { type Log, SluiceError } from '../core/index.ts';
import { untilTopicsThere } from '../source/index.ts';
import { systemClock } from './clock.ts';

export interface TopicMessage {
  readonly id: string;
  readonly body: string;
}

interface TopicOptions {
  readonly brokers: readonly string[];
  readonly topic: string;
  readonly log: Log;
}

const kafkaOf = ({ brokers, log }: Omit<TopicOptions, 'topic'>): Kafka =>
  new Kafka({
    clientId: 'sluice-events',
    brokers: [...brokers],
    logLevel: logLevel.WARN,
    logCreator: () => (entry) => log.debug(`kafka client: ${entry.log.message}`),
    retry: { retries: 3 },
  });

const unavailable = (cause: unknown): SluiceError =>
  new SluiceError('BROKER_UNAVAILABLE', 'Kafka cannot be used', { cause });

const missing = (): SluiceError => new SluiceError('CONFIG_INVALID', '--topic: there is no such topic');

async function makeTopic(admin: Admin, topic: ITopicConfig): Promise<void> {
  await admin.createTopics({ topics: [topic], waitForLeaders: false });
  await untilTopicsThere(admin, [topic.topic]);
}

/** Throws CONFIG_INVALID for a topic that is not there, unless it is to be made, with as many partitions as is usual. */
export async function requireTopic(options: TopicOptions, orMake: boolean): Promise<void> {
  const admin = kafkaOf(options).admin();
  try {
    await admin.connect();
    if ((await admin.listTopics()).includes(options.topic)) return;
    if (!orMake) throw missing();
    await makeTopic(admin, { topic: options.topic });
  } catch (error) {
    throw error instanceof SluiceError ? error : unavailable(error);
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}

/** What goes to one topic. A message without a value takes its key out of a compacted topic. */
export interface TopicMessages {
  readonly topic: string;
  readonly messages: readonly {
    readonly key: string;
    readonly value: string | null;
    readonly headers?: Readonly<Record<string, string>>;
  }[];
}

/** Sends messages to topics, which must be there; those of one topic and key stay in order. */
export async function openTopicsOut(options: Omit<TopicOptions, 'topic'>) {
  const producer = kafkaOf(options).producer({
    allowAutoTopicCreation: false,
    idempotent: true,
    maxInFlightRequests: 1,
  });
  await producer.connect().catch((error: unknown) => {
    throw unavailable(error);
  });
  return {
    async send(batches: readonly TopicMessages[]): Promise<void> {
      const topicMessages = batches.map(({ topic, messages }) => ({
        topic,
        messages: messages.map(({ headers, ...message }) =>
          headers ? { ...message, headers: { ...headers } } : message,
        ),
      }));
      await producer.sendBatch({ topicMessages }).catch((error: unknown) => {
        throw unavailable(error);
      });
    },
    close: () => producer.disconnect().catch(() => undefined),
  };
}

/** The same for one topic. */
export async function openTopicOut({ topic, ...options }: TopicOptions) {
  const out = await openTopicsOut(options);
  return { send: (messages: TopicMessages['messages']) => out.send([{ topic, messages }]), close: out.close };
}

export interface TopicReading extends TopicOptions {
  readonly group: string;
  /** where messages go that nobody can do anything with */
  readonly deadLetters: string;
  /** Answers the ids of messages that failed. What it throws ends the reading, and the batch comes again. */
  readonly onMessages: (messages: readonly TopicMessage[]) => Promise<readonly string[]>;
  readonly signal: AbortSignal;
  /** ends when everything that was there at the beginning is done */
  readonly once: boolean;
}

const AT_A_TIME = 10;

/** what a member is told when the group is shared out anew: the client joins again, and the batch comes to somebody */
const REJOINS = new Set(['REBALANCE_IN_PROGRESS', 'ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID']);

/**
 * Reads a topic as a member of a group, ten messages at a time. A message is done when it was handled, or is in the
 * topic of dead letters; then only is its offset committed, so that after a crash it may come again and is never lost.
 */
export async function readTopic(reading: TopicReading): Promise<void> {
  const kafka = kafkaOf(reading);
  const ends = await prepare(kafka, reading);
  if (reading.once && ends.size === 0) return;
  const dead = await openTopicOut({ ...reading, topic: reading.deadLetters });
  const consumer = kafka.consumer({
    groupId: reading.group,
    allowAutoTopicCreation: false,
    retry: { retries: 3, restartOnFailure: async () => false },
  });
  // a consumer that is let go of while it is still coming up stays for ever
  let isUp: Promise<void> = Promise.resolve();
  try {
    await new Promise<void>((resolve, reject) => {
      const finish = (): void => resolve();
      reading.signal.addEventListener('abort', finish, { once: true });
      consumer.on(consumer.events.CRASH, ({ payload }) => reject(unavailable(payload.error)));
      let isOver = false;
      const take = async (payload: EachBatchPayload): Promise<void> => {
        if (isOver) return;
        try {
          if (!(await takeBatch(reading, consumer, dead, payload))) return;
        } catch (error) {
          if (REJOINS.has(String((error as { type?: unknown }).type))) throw error;
          // what the client takes for a passing fault it begins anew after, and never lets go of this consumer
          isOver = true;
          reject(error);
          return;
        }
        const { partition } = payload.batch;
        if (reading.once && BigInt(payload.batch.lastOffset()) + 1n >= (ends.get(partition) ?? 0n))
          ends.delete(partition);
        if (reading.once && ends.size === 0) finish();
      };
      isUp = consumer
        .connect()
        .then(() => consumer.subscribe({ topic: reading.topic, fromBeginning: true }))
        .then(() => consumer.run({ autoCommit: false, eachBatchAutoResolve: false, eachBatch: take }))
        .catch((error: unknown) => reject(unavailable(error)));
    });
  } finally {
    await isUp;
    await consumer.disconnect().catch(() => undefined);
    await dead.close();
  }
}

/** Answers whether it came to the batch's end. */
async function takeBatch(
  { onMessages, signal, topic }: TopicReading,
  consumer: Consumer,
  dead: Awaited<ReturnType<typeof openTopicOut>>,
  { batch, resolveOffset, heartbeat, isRunning, isStale }: EachBatchPayload,
): Promise<boolean> {
  const { partition, messages } = batch;
  for (let start = 0; start < messages.length; start += AT_A_TIME) {
    if (signal.aborted || !isRunning() || isStale()) return false;
    const some = messages.slice(start, start + AT_A_TIME);
    const failed = new Set(await onMessages(some.map((message) => ({ id: message.offset, body: bodyOf(message) }))));
    const letters = some.filter(({ offset }) => failed.has(offset));
    if (letters.length > 0)
      await dead.send(letters.map((message) => ({ key: `${partition}/${message.offset}`, value: bodyOf(message) })));
    const last = some.at(-1)?.offset ?? batch.lastOffset();
    resolveOffset(last);
    await consumer.commitOffsets([{ topic, partition, offset: String(BigInt(last) + 1n) }]);
    await heartbeat();
  }
  return true;
}

const bodyOf = ({ value }: KafkaMessage): string => value?.toString() ?? '';

/** The topic of dead letters is made where it is missing. Answers where the partitions that hold something unread end. */
async function prepare(kafka: Kafka, { topic, deadLetters, group }: TopicReading): Promise<Map<number, bigint>> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    const there = await admin.listTopics();
    if (!there.includes(topic)) throw missing();
    if (!there.includes(deadLetters)) await makeTopic(admin, { topic: deadLetters, numPartitions: 1 });
    const committed = await committedOf(admin, group, topic);
    const done = new Map(
      committed.flatMap(({ partitions }) => partitions.map((one) => [one.partition, BigInt(one.offset)] as const)),
    );
    const offsets = await admin.fetchTopicOffsets(topic);
    const open = offsets.filter(({ partition, high, low }) => {
      const from = done.get(partition) ?? -1n;
      return BigInt(high) > (from >= 0n ? from : BigInt(low));
    });
    return new Map(open.map(({ partition, high }) => [partition, BigInt(high)]));
  } catch (error) {
    throw error instanceof SluiceError ? error : unavailable(error);
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}

/** A broker that never had a group makes room for the first one, and meanwhile refuses. */
async function committedOf(admin: Admin, groupId: string, topic: string) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await admin.fetchOffsets({ groupId, topics: [topic] });
    } catch (error) {
      if (attempt >= 10) throw error;
      await systemClock.sleep(500);
    }
  }
}
