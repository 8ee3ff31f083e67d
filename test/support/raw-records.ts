import { silentLog } from '../../src/core/index.ts';
import type { RawRecord, RecordBatch } from '../../src/pipeline/ports.ts';
import { KafkajsClient } from '../../src/source/index.ts';
import type { Rig } from './rig.ts';

interface FoundRecord {
  readonly partition: number;
  readonly record: RawRecord;
}

/** Reads a raw topic as a group of its own until `take` answers something. */
async function readUntil<T>(
  rig: Rig,
  table: string,
  take: (batch: RecordBatch, client: KafkajsClient) => T | undefined,
): Promise<T> {
  const topics = [topicOf(rig, table)];
  const group = `finder-${Math.random().toString(36).slice(2)}`;
  const onFatal = (error: Error): void => console.error(error.message);
  const client = new KafkajsClient({ brokers: rig.config.kafka, group, topics, log: silentLog, onFatal });
  try {
    return await new Promise<T>((resolve, reject) => {
      setTimeout(() => reject(new Error(`not found among the records of ${table}`)), 30_000).unref();
      const onBatch = (batch: RecordBatch): void => {
        const found = take(batch, client);
        if (found !== undefined) resolve(found);
      };
      client.run(onBatch).catch(reject);
    });
  } finally {
    await client.close();
  }
}

const topicOf = (rig: Rig, table: string): string => `${rig.config.prefix}supabase.public.${table}`;

/** The first record of a source table whose value holds these bytes, as it lies in the topic. */
export const findRecord = (rig: Rig, table: string, holding: string): Promise<FoundRecord> =>
  readUntil(rig, table, ({ partition, records }) => {
    const record = records.find(({ value }) => value?.includes(holding));
    return record && { partition, record };
  });

/** Up to so many records of one partition of a source table, beginning with this share of the topic's length. */
export async function someRecords(rig: Rig, table: string, from: number, count: number): Promise<FoundRecord[]> {
  const starts = new Map<number, bigint>();
  return readUntil(rig, table, ({ topic, partition, fetchedFrom, highWatermark, records }, client) => {
    if (highWatermark === 0n) return undefined;
    const start = starts.get(partition) ?? BigInt(Math.floor(Number(highWatermark) * from));
    starts.set(partition, start);
    const wanted = records.filter(({ offset }) => offset >= start).slice(0, count);
    if (wanted.length > 0) return wanted.map((record) => ({ partition, record }));
    if (fetchedFrom < start) client.seek(topic, partition, start);
    return undefined;
  });
}
