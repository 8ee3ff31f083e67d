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
export async function rawRecords({ kafka, admin }: BrokerAccess, topic: string): Promise<RawRecord[]> {
  const open = new Map<number, bigint>();
  for (const { partition, low, high } of await admin.fetchTopicOffsets(topic))
    if (BigInt(high) > BigInt(low)) open.set(partition, BigInt(high));
  const records: RawRecord[] = [];
  if (open.size === 0) return records;
  const consumer = kafka.consumer({ groupId: `raw-${randomBytes(4).toString('hex')}` });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await new Promise<void>((resolve, reject) => {
    consumer
      .run({
        eachBatch: async ({ batch: { partition, messages, ...batch }, resolveOffset }) => {
          for (const { key, value, headers = {}, offset } of messages) {
            if (BigInt(offset) < (open.get(partition) ?? 0n)) records.push({ partition, key, value, headers });
            resolveOffset(offset);
          }
          const next = BigInt(messages.at(-1)?.offset ?? batch.highWatermark) + 1n;
          if (next >= (open.get(partition) ?? 0n)) open.delete(partition);
          if (open.size === 0) resolve();
        },
      })
      .catch(reject);
  });
  await consumer.disconnect();
  return records;
}
