import { expect, test } from 'vitest';
import { type Clock, type Ledger, silentLog, silentMeter, topicOf } from '../../src/core/index.ts';
import type { Decoder, LogClient, RecordBatch } from '../../src/pipeline/index.ts';
import { Worker } from '../../src/pipeline/worker.ts';
import { mini } from '../support/mini-migration.ts';

test('a worker speaks of the partitions it has, not of those that went to another one', async () => {
  const topic = topicOf('mini', 'public.parent');
  let assigned = [0, 1];
  let hand: (batch: RecordBatch) => void = () => undefined;
  const client = {
    run: async (onBatch: typeof hand) => {
      hand = onBatch;
    },
    assigned: () => assigned.map((partition) => ({ topic, partition })),
    generation: () => 1,
    offsets: async () => [0, 1].map((partition) => ({ partition, low: 0n, high: 0n })),
    pause: () => undefined,
    seek: () => undefined,
    commitAdvisory: async () => undefined,
    close: async () => undefined,
  } as unknown as LogClient;
  const clock: Clock = {
    now: () => 0,
    sleep: (_ms, signal) =>
      new Promise((done) => (signal?.aborted ? done() : signal?.addEventListener('abort', () => done()))),
  };
  const ledger = {
    pipeline: 'mini',
    halts: async () => [],
    claim: async () => ({ fence: 1n, nextOffset: 0n, logTimeMs: null }),
  } as unknown as Ledger;
  const context = { migration: mini, ledger, log: silentLog, meter: silentMeter, clock, worker: 'w' };
  const worker = new Worker(context, client, {} as Decoder, new Map(), {
    ...{ flows: [], maxRows: 10, highBytes: 1_000_000, batchRoots: 1, deriversPerFlow: 1, sendersPerStore: 1 },
    ...{ batchDocuments: 1, leaseSeconds: 1, waitingLimit: 1, heartbeatTables: [] },
  });
  await worker.start();
  const empty = { fetchedFrom: 0n, nextOffset: 0n, highWatermark: 0n, records: [] };
  for (const partition of assigned) hand({ topic, partition, ...empty });
  const known = (): number[] => worker.partitions().map(({ partition }) => partition);
  expect(known()).toEqual([0, 1]);
  assigned = [1];
  expect(known()).toEqual([1]);
  assigned = [];
  expect(known()).toEqual([]);
  await worker.stop();
});
