import { randomBytes } from 'node:crypto';
import type { KafkaMessage } from 'kafkajs';
import type { BrokerAccess } from './broker.ts';

export interface RawRecord {
  readonly partition: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: NonNullable<KafkaMessage['headers']>;
}

/** All records of a topic from its beginning to its end now, as the broker holds them. */
export const rawRecords = async (broker: BrokerAccess, topic: string): Promise<RawRecord[]> =>
  (await rawRecordsOf(broker, [topic])).get(topic) ?? [];

/** The same of several topics, by one consumer. */
export async function rawRecordsOf(
  { kafka, admin }: BrokerAccess,
  topics: readonly string[],
): Promise<Map<string, RawRecord[]>> {
  const open = new Map<string, bigint>();
  for (const topic of topics)
    for (const { partition, low, high } of await admin.fetchTopicOffsets(topic))
      if (BigInt(high) > BigInt(low)) open.set(`${topic}/${partition}`, BigInt(high));
  const records = new Map(topics.map((topic) => [topic, [] as RawRecord[]]));
  if (open.size === 0) return records;
  const consumer = kafka.consumer({ groupId: `raw-${randomBytes(4).toString('hex')}` });
  await consumer.connect();
  await consumer.subscribe({ topics: [...topics], fromBeginning: true });
  await new Promise<void>((resolve, reject) => {
    consumer
      .run({
        eachBatch: async ({ batch: { topic, partition, messages, ...batch }, resolveOffset }) => {
          const name = `${topic}/${partition}`;
          for (const { key, value, headers = {}, offset } of messages) {
            if (BigInt(offset) < (open.get(name) ?? 0n)) records.get(topic)?.push({ partition, key, value, headers });
            resolveOffset(offset);
          }
          const next = BigInt(messages.at(-1)?.offset ?? batch.highWatermark) + 1n;
          if (next >= (open.get(name) ?? 0n)) open.delete(name);
          if (open.size === 0) resolve();
        },
      })
      .catch(reject);
  });
  await consumer.disconnect();
  return records;
}
