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

/** Writes records straight into a raw topic, as no connector would. */
export async function produce(
  stack: StackAddresses,
  rig: Rig,
  table: string,
  products: readonly Required<RawProduct>[],
): Promise<void> {
  const kafka = new kafkajs.Kafka({ brokers: [...stack.kafka], logLevel: kafkajs.logLevel.NOTHING });
  const producer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
  await producer.connect();
  const topic = `${rig.config.prefix}supabase.public.${table}`;
  const messages = products.map((product) => ({ ...product, headers: { ...product.headers } }));
  await producer.send({ topic, messages });
  await producer.disconnect();
}

/** One such record: unless told, with a value nobody can read. */
export async function poison(stack: StackAddresses, rig: Rig, table: string, product: RawProduct = {}): Promise<void> {
  const {
    key = Buffer.from(JSON.stringify({ id: randomUUID() })),
    value = Buffer.from('not a change of Secretname'),
    partition = 0,
    headers = { 'sluice.epoch': '1' },
  } = product;
  await produce(stack, rig, table, [{ key, value, partition, headers }]);
}
