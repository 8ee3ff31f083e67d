import { SluiceError, silentLog } from '../core/index.ts';
import {
  captureState,
  connectorEpoch,
  connectorState,
  describeState,
  type GroupReading,
  offsetAfter,
  quietKafka,
  readConnector,
  readGroup,
} from '../source/index.ts';
import type { Config } from './config.ts';
import { connectorFolder } from './folders.ts';
import type { Probes } from './readings.ts';

export interface OpenProbes extends Probes {
  /** how the consumer group of a name is; rejects when Kafka is away */
  group(id: string): Promise<GroupReading>;
  close(): Promise<void>;
}

const isTopicMissing = (error: unknown): boolean =>
  (error as { type?: unknown } | null)?.type === 'UNKNOWN_TOPIC_OR_PARTITION' ||
  (error as { cause?: { type?: unknown } } | null)?.cause?.type === 'UNKNOWN_TOPIC_OR_PARTITION';

/** Ways of asking Kafka and Connect how they are. Nothing is connected before it is asked. */
export async function openProbes(config: Config, migration: string): Promise<OpenProbes> {
  const definition = await readConnector(connectorFolder, migration, config.prefix);
  // asked again soon in any case, so that a topic that is gone is worth few attempts
  const connection = () => quietKafka(config.kafka, 'sluice-probe', silentLog, 2).admin();
  let admin = connection();
  let connected: Promise<void> | null = null;
  /** What a question about a topic answers; null when there is no such topic. */
  async function askOf<T>(topic: string, question: (of: typeof admin) => Promise<T>): Promise<T | null> {
    connected ??= admin.connect();
    try {
      await connected;
      return await question(admin);
    } catch (cause) {
      // kafkajs goes on to ask for a topic that is gone whenever it asks for another, and fails: it is begun anew
      const given = admin;
      admin = connection();
      connected = null;
      await given.disconnect().catch(() => undefined);
      if (isTopicMissing(cause)) return null;
      throw new SluiceError('BROKER_UNAVAILABLE', `the offsets of ${topic} cannot be read`, { cause });
    }
  }
  return {
    async offsets(topic) {
      const found = (await askOf(topic, (one) => one.fetchTopicOffsets(topic))) ?? [];
      return found.map(({ partition, low, high }) => ({ partition, low: BigInt(low), high: BigInt(high) }));
    },
    offsetAfter: (topic, partition, timestampMs) =>
      askOf(topic, (one) => offsetAfter(one, topic, partition, timestampMs)),
    async group(id) {
      connected ??= admin.connect();
      await connected;
      return readGroup(admin, id);
    },
    async connector() {
      return describeState(await connectorState(definition, config.connect));
    },
    epoch: () => connectorEpoch(definition, config.connect),
    capture: () => captureState(definition, config.connect),
    async close() {
      if (connected !== null) await admin.disconnect().catch(() => undefined);
    },
  };
}
