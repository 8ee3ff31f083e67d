import kafkajs from 'kafkajs';
import type { StackAddresses } from '../../src/stack/index.ts';

/** What an operator may do to the broker behind the pipeline's back. */
export interface BrokerAccess {
  readonly admin: kafkajs.Admin;
  readonly producer: kafkajs.Producer;
  readonly kafka: kafkajs.Kafka;
  close(): Promise<void>;
}

export async function openBroker(stack: StackAddresses): Promise<BrokerAccess> {
  const kafka = new kafkajs.Kafka({ brokers: [...stack.kafka], logLevel: kafkajs.logLevel.NOTHING });
  const admin = kafka.admin();
  const producer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
  await Promise.all([admin.connect(), producer.connect()]);
  return {
    admin,
    producer,
    kafka,
    async close() {
      await Promise.all([admin.disconnect(), producer.disconnect()]);
    },
  };
}
