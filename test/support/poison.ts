import { randomUUID } from 'node:crypto';
import kafkajs from 'kafkajs';
import type { StackAddresses } from '../../src/stack/index.ts';
import type { Rig } from './rig.ts';

export interface RawProduct {
  readonly key?: Buffer | null;
  readonly value?: Buffer | null;
  readonly partition?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Writes a record straight into a raw topic, as no connector would: unless told, with a value nobody can read. */
export async function poison(stack: StackAddresses, rig: Rig, table: string, product: RawProduct = {}): Promise<void> {
  const kafka = new kafkajs.Kafka({ brokers: [...stack.kafka], logLevel: kafkajs.logLevel.NOTHING });
  const producer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
  await producer.connect();
  const {
    key = Buffer.from(JSON.stringify({ id: randomUUID() })),
    value = Buffer.from('not a change of Secretname'),
    partition = 0,
    headers = { 'sluice.epoch': '1' },
  } = product;
  const topic = `${rig.config.prefix}supabase.public.${table}`;
  await producer.send({ topic, messages: [{ key, value, partition, headers: { ...headers } }] });
  await producer.disconnect();
}
