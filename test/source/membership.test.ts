import { Kafka } from 'kafkajs';
import { afterEach, expect, it, vi } from 'vitest';
import { silentLog } from '../../src/core/index.ts';
import { LogOffsets } from '../../src/source/kafka/log-offsets.ts';
import { GroupMembership } from '../../src/source/kafka/membership.ts';

afterEach(() => vi.restoreAllMocks());

const subscribed: string[][] = [];

type Handler = (event: { payload: unknown }) => void;

/** A consumer as kafkajs gives one: what ends it while it joins is told by an event alone, and `run` resolves. */
function consumerThat(ends: 'crashes' | 'joins') {
  const handlers = new Map<string, Handler>();
  return {
    events: { GROUP_JOIN: 'join', REBALANCING: 'rebalancing', CRASH: 'crash' },
    on: (name: string, handler: Handler) => void handlers.set(name, handler),
    connect: async () => undefined,
    disconnect: async () => undefined,
    subscribe: async ({ topics }: { topics: string[] }) => void subscribed.push(topics),
    pause: () => undefined,
    async run() {
      if (ends === 'joins') handlers.get('join')?.({ payload: { memberAssignment: { t: [0] } } });
      else handlers.get('crash')?.({ payload: { error: new Error('the coordinator moved') } });
    },
  };
}

it('joins again when a client ends while it joins again', async () => {
  vi.spyOn(LogOffsets.prototype, 'existing').mockImplementation(async (topics) => [...topics]);
  const made = ['joins', 'crashes', 'crashes', 'joins'] as const;
  let nth = 0;
  vi.spyOn(Kafka.prototype, 'consumer').mockImplementation(() => consumerThat(made[nth++] ?? 'joins') as never);
  const assigned = vi.fn();
  const options = { brokers: ['127.0.0.1:1'], group: 'g', topics: ['t'], log: silentLog, onFatal: () => undefined };
  const membership = new GroupMembership(options, { onAssigned: assigned, onLeft: () => undefined });
  await membership.start();
  await membership.restart();
  await expect.poll(() => assigned.mock.calls.length).toBe(2);
  expect(nth).toBe(4);
  expect(membership.fetchable).toEqual([{ topic: 't', partition: 0 }]);
  expect(membership.assigned).toEqual([{ topic: 't', partition: 0 }]);
  await membership.close();
  expect(membership.assigned).toEqual([]);
});

it('a topic that is gone keeps nobody from the others, and is joined when it is made', async () => {
  let there = ['t'];
  vi.spyOn(LogOffsets.prototype, 'existing').mockImplementation(async () => there);
  vi.spyOn(Kafka.prototype, 'consumer').mockImplementation(() => consumerThat('joins') as never);
  subscribed.length = 0;
  const options = {
    brokers: ['127.0.0.1:1'],
    group: 'g',
    topics: ['t', 'u'],
    log: silentLog,
    onFatal: () => undefined,
  };
  const membership = new GroupMembership(options, { onAssigned: () => undefined, onLeft: () => undefined });
  await membership.start();
  expect(subscribed).toEqual([['t']]);
  there = ['t', 'u'];
  await expect.poll(() => subscribed, { timeout: 8_000 }).toEqual([['t'], ['t', 'u']]);
  await membership.close();
});
