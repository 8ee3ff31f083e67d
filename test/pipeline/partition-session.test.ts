import { expect, it } from 'vitest';
import { type Ledger, type SluiceError, silentLog, silentMeter } from '../../src/core/index.ts';
import { NOTHING } from '../../src/pipeline/lander.ts';
import { PartitionSession } from '../../src/pipeline/partition-session.ts';
import type { LogClient, RecordBatch } from '../../src/pipeline/ports.ts';
import { mini } from '../support/mini-migration.ts';

const place = { topic: 'mini.t', partition: 0, table: 't' };

/** A log whose client brings something only after a seek to where something is. */
function rig(progress: { offset: bigint | null }, log: { high: bigint }) {
  const halts: string[] = [];
  const landed: bigint[] = [];
  const ledger = {
    pipeline: 'mini',
    claim: async () => ({ fence: 1n, nextOffset: progress.offset, logTimeMs: null }),
    async begin(_topic: string, _partition: number, from: bigint) {
      progress.offset = from;
    },
    async halt(_scope: string, code: string) {
      halts.push(code);
    },
  } as unknown as Ledger;
  const batch = (from: bigint): RecordBatch => ({
    ...{ topic: place.topic, partition: 0, fetchedFrom: from, nextOffset: log.high, highWatermark: log.high },
    records: Array.from({ length: Number(log.high - from) }, (_, i) => ({
      ...{ offset: from + BigInt(i), timestampMs: 0, key: null, value: null, headers: {} },
    })),
  });
  const client = {
    generation: () => 1,
    offsets: async () => [{ partition: 0, low: 0n, high: log.high }],
    pause: () => undefined,
    resume: () => undefined,
    seek: (_topic: string, _partition: number, offset: bigint) =>
      setImmediate(() => offset < log.high && session.take(batch(offset))),
  } as unknown as LogClient;
  const clock = { now: () => 0, sleep: async () => undefined };
  const session = new PartitionSession(place, {
    context: { migration: mini, ledger, log: silentLog, meter: silentMeter, clock, worker: 'w' },
    client,
    lander: () => ({
      async land(records, to) {
        landed.push(...records.map(({ offset }) => offset));
        progress.offset = to;
        return { ...NOTHING, to, applied: records.length, parked: [], stop: null as SluiceError | null };
      },
    }),
    options: { maxRows: 100, highBytes: () => 1_000_000 },
    onLanded: () => undefined,
    onFenced: () => undefined,
  });
  return { session, batch, halts, landed };
}

const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

it('goes on from where the ledger says after a halt, though the new log ends where it stood in the old one', async () => {
  const progress: { offset: bigint | null } = { offset: 5n };
  const log = { high: 3n };
  const { session, batch, halts, landed } = rig(progress, log);
  session.take(batch(0n));
  await settle();
  expect(halts).toEqual(['TOPIC_RECREATED']);

  // `sluice resume` forgets progress in a log that is gone; by now the new one is as long as the old was
  progress.offset = null;
  log.high = 5n;
  session.resume();
  await settle();
  expect(landed).toEqual([0n, 1n, 2n, 3n, 4n]);
});
