import { silentLog } from '../../src/core/index.ts';
import type { RawRecord } from '../../src/pipeline/ports.ts';
import { KafkajsClient } from '../../src/source/index.ts';
import type { Rig } from './rig.ts';

export interface FoundRecord {
  readonly partition: number;
  readonly record: RawRecord;
}

/** The first record of a source table whose value holds these bytes, as it lies in the topic. */
export async function findRecord(rig: Rig, table: string, holding: string): Promise<FoundRecord> {
  const topics = [`${rig.config.prefix}supabase.public.${table}`];
  const group = `finder-${Math.random().toString(36).slice(2)}`;
  const onFatal = (error: Error): void => console.error(error.message);
  const client = new KafkajsClient({ brokers: rig.config.kafka, group, topics, log: silentLog, onFatal });
  try {
    return await new Promise<FoundRecord>((resolve, reject) => {
      setTimeout(() => reject(new Error(`no record of ${table} holds ${holding}`)), 30_000).unref();
      client
        .run(({ partition, records }) => {
          const record = records.find(({ value }) => value?.includes(holding));
          if (record) resolve({ partition, record });
        })
        .catch(reject);
    });
  } finally {
    await client.close();
  }
}
