import { randomBytes } from 'node:crypto';
import kafkajs from 'kafkajs';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { silentLog } from '../../src/core/index.ts';
import { createDeadLetterMirror, type DeadLetter } from '../../src/sinks/dead-letters/index.ts';

const prefix = `l${randomBytes(3).toString('hex')}_`;
const kafka = new kafkajs.Kafka({ brokers: [...inject('stack').kafka], logLevel: kafkajs.logLevel.NOTHING });
const admin = kafka.admin();
const topic = `${prefix}dlq.appointments`;

beforeAll(() => admin.connect());
afterAll(async () => {
  await admin.deleteTopics({ topics: [topic] }).catch(() => undefined);
  await admin.disconnect();
});

const letter: DeadLetter = {
  id: '17',
  pipeline: 'supabase',
  flow: 'appointments',
  kind: 'root',
  code: 'ROW_INVALID',
  keyHash: 'ab12cd34',
  topic: 'supabase.public.appointments',
  partition: 2,
  offset: '90071992547409931',
  at: '2026-01-01T00:00:00.000000Z',
};

it('mirrors what is parked: where and why, by a number that stays the same', async () => {
  const mirror = createDeadLetterMirror({ brokers: [...inject('stack').kafka], prefix, log: silentLog });
  await expect(mirror.mirror([letter]), 'a missing topic is an error, to be tried again').rejects.toThrow();
  await admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true });
  await mirror.mirror([letter]);
  await mirror.mirror([letter, { ...letter, id: '18', flow: 'public.appointments', kind: 'record' }]);
  await mirror.close();
  const consumer = kafka.consumer({ groupId: `${prefix}reader` });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  const seen: { key: string; value: DeadLetter; id: string }[] = [];
  await consumer.run({
    eachMessage: async ({ message }) => {
      const value = JSON.parse(String(message.value)) as DeadLetter;
      seen.push({ key: String(message.key), value, id: String(message.headers?.['sluice.id']) });
    },
  });
  await expect.poll(() => seen.length, { timeout: 20_000 }).toBe(3);
  await consumer.disconnect();
  expect(seen.map(({ id }) => id)).toEqual(['17', '17', '18']);
  expect(seen[0]).toEqual({ key: letter.keyHash, value: letter, id: '17' });
}, 60_000);
