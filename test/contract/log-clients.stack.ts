import { randomBytes } from 'node:crypto';
import kafkajs from 'kafkajs';
import { inject } from 'vitest';
import { silentLog } from '../../src/core/index.ts';
import { FetchClient, KafkajsClient } from '../../src/source/index.ts';
import { type BrokerUnderTest, logClientContract } from './log-client-contract.ts';

const MAX_BYTES = 20 * 1024 * 1024;

async function open(Client: typeof KafkajsClient | typeof FetchClient): Promise<BrokerUnderTest> {
  const brokers = [...inject('stack').kafka];
  const kafka = new kafkajs.Kafka({ brokers, logLevel: kafkajs.logLevel.NOTHING });
  const admin = kafka.admin();
  const producer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
  const doubtful = kafka.producer({
    transactionalId: `contract-${randomBytes(4).toString('hex')}`,
    idempotent: true,
    maxInFlightRequests: 1,
    createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
  });
  await Promise.all([admin.connect(), producer.connect(), doubtful.connect()]);
  const topics: string[] = [];
  return {
    async makeTopic(numPartitions) {
      const topic = `contract-${randomBytes(4).toString('hex')}`;
      const configEntries = [{ name: 'max.message.bytes', value: String(MAX_BYTES) }];
      await admin.createTopics({ topics: [{ topic, numPartitions, configEntries }], waitForLeaders: true });
      topics.push(topic);
      return topic;
    },
    async send(topic, records) {
      const headers = { 'sluice.test': 'yes' };
      await producer.send({ topic, messages: records.map((record) => ({ ...record, headers })) });
    },
    async sendAborted(topic, count) {
      const transaction = await doubtful.transaction();
      const messages = Array.from({ length: count }, (_, i) => ({ key: 'x', value: `aborted ${i}`, partition: 0 }));
      await transaction.send({ topic, messages });
      await transaction.abort();
    },
    async deleteBefore(topic, partition, offset) {
      // kafkajs finds a partition's leader only after it was asked for its offsets
      await admin.fetchTopicOffsets(topic);
      await admin.deleteTopicRecords({ topic, partitions: [{ partition, offset: String(offset) }] });
    },
    client: (group, names) => new Client({ brokers, group, topics: names, log: silentLog, onFatal: () => undefined }),
    async close() {
      await admin.deleteTopics({ topics }).catch(() => undefined);
      await Promise.all([admin.disconnect(), producer.disconnect(), doubtful.disconnect()]);
    },
  };
}

logClientContract('kafkajs', () => open(KafkajsClient));
logClientContract('our own fetch', () => open(FetchClient));
