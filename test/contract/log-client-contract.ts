import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { LogClient, RecordBatch } from '../../src/pipeline/index.ts';

export interface BrokerUnderTest {
  /** a topic nobody has used before */
  makeTopic(partitions: number): Promise<string>;
  send(topic: string, records: readonly { key: string; value: string | null; partition?: number }[]): Promise<void>;
  /** sends in a transaction that is given up: the log grows by records nobody may see */
  sendAborted(topic: string, count: number): Promise<void>;
  deleteBefore(topic: string, partition: number, offset: bigint): Promise<void>;
  client(group: string, topics: readonly string[]): LogClient;
  close(): Promise<void>;
}

const until = async (what: string, truth: () => boolean, ms = 20_000): Promise<void> => {
  for (const end = Date.now() + ms; Date.now() < end; ) {
    if (truth()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`not within ${ms} ms: ${what}`);
};

/** What the pipeline needs of any Kafka client. */
export function logClientContract(name: string, open: () => Promise<BrokerUnderTest>): void {
  describe(`${name} keeps the promises of a log client`, () => {
    let broker: BrokerUnderTest;
    let started: LogClient[] = [];
    let groups = 0;
    beforeAll(async () => {
      broker = await open();
    });
    afterEach(async () => {
      await Promise.all(started.map((client) => client.close()));
      started = [];
    });
    afterAll(() => broker.close());

    const start = async (topic: string, group = `contract-${process.pid}-${++groups}-${Date.now()}`) => {
      const client = broker.client(group, [topic]);
      started.push(client);
      const batches: RecordBatch[] = [];
      await client.run((batch) => batches.push(batch));
      const values = (): string[] => batches.flatMap((b) => b.records.map((r) => r.value?.toString() ?? '(none)'));
      return { client, batches, values, group };
    };
    const numbered = (from: number, to: number) =>
      Array.from({ length: to - from }, (_, i) => ({ key: `k${from + i}`, value: `v${from + i}`, partition: 0 }));
    const names = (from: number, to: number): string[] => numbered(from, to).map(({ value }) => value);

    it('hands over all there is, in order, and says where each fetch began and the next goes on', async () => {
      const topic = await broker.makeTopic(1);
      await broker.send(topic, numbered(0, 200));
      const { client, batches, values } = await start(topic);
      await until('200 records', () => values().length >= 200);
      await broker.send(topic, numbered(200, 230));
      await until('30 more', () => values().length >= 230);
      expect(values()).toEqual(names(0, 230));
      expect(client.assigned()).toEqual([{ topic, partition: 0 }]);
      let next = 0n;
      for (const batch of batches) {
        expect(batch.fetchedFrom).toBe(next);
        for (const record of batch.records) expect(record.offset).toBe(next++);
        expect(batch.nextOffset).toBe(next);
        expect(batch.highWatermark).toBeGreaterThanOrEqual(next);
      }
    });

    it('goes where it is told to', async () => {
      const topic = await broker.makeTopic(1);
      await broker.send(topic, numbered(0, 20));
      const { client, values } = await start(topic);
      await until('20 records', () => values().length >= 20);
      client.seek(topic, 0, 15n);
      await until('5 again', () => values().length >= 25);
      expect(values().slice(20)).toEqual(names(15, 20));
    });

    it('hands over nothing of a paused partition, and goes on where it was', async () => {
      const topic = await broker.makeTopic(1);
      await broker.send(topic, numbered(0, 5));
      const { client, values } = await start(topic);
      await until('5 records', () => values().length >= 5);
      client.pause(topic, 0);
      // a fetch that is under way may still bring something
      await new Promise((resolve) => setTimeout(resolve, 500));
      await broker.send(topic, numbered(5, 10));
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      const seen = values().length;
      expect(seen).toBeLessThanOrEqual(10);
      client.resume(topic, 0);
      await until('the rest', () => values().length >= 10);
      expect(values()).toEqual(names(0, 10));
    });

    it('counts what nobody may see as read', async () => {
      const topic = await broker.makeTopic(1);
      await broker.send(topic, numbered(0, 3));
      await broker.sendAborted(topic, 4);
      const { client, batches, values } = await start(topic);
      await until('3 records', () => values().length >= 3);
      const [{ high } = { high: 0n }] = await client.offsets(topic);
      expect(high).toBeGreaterThan(7n);
      await until('the end', () => (batches.at(-1)?.nextOffset ?? 0n) >= high);
      expect(values()).toEqual(names(0, 3));
    });

    it('tells nothing, empty and headers apart', async () => {
      const topic = await broker.makeTopic(1);
      await broker.send(topic, [
        { key: 'a', value: null, partition: 0 },
        { key: 'b', value: '', partition: 0 },
      ]);
      const { batches, values } = await start(topic);
      await until('2 records', () => values().length >= 2);
      const [none, empty] = batches.flatMap((batch) => batch.records);
      expect(none?.value).toBeNull();
      expect(empty?.value).toEqual(Buffer.alloc(0));
      expect(none?.headers['sluice.test']).toBe('yes');
    });

    it('takes a record of 10 MB', async () => {
      const topic = await broker.makeTopic(1);
      await broker.send(topic, [{ key: 'big', value: 'x'.repeat(10 * 1024 * 1024), partition: 0 }, ...numbered(0, 2)]);
      const { values } = await start(topic);
      await until('all three', () => values().length >= 3);
      expect(values().map((value) => value.length)).toEqual([10 * 1024 * 1024, 2, 2]);
    });

    it('shares partitions with a second member, and notices', async () => {
      const topic = await broker.makeTopic(4);
      const first = await start(topic);
      const before = first.client.generation();
      const second = await start(topic, first.group);
      await until('both joined', () => first.client.generation() > before && second.client.generation() > 0);
      await until('records reach both', () => {
        void broker.send(
          topic,
          [0, 1, 2, 3].map((partition) => ({ key: 'k', value: 'v', partition })),
        );
        return first.batches.length > 0 && second.batches.length > 0;
      });
      const partitions = (batches: readonly RecordBatch[]) => new Set(batches.map(({ partition }) => partition));
      await second.client.close();
      first.batches.length = 0;
      await until(
        'the first has all again',
        () => {
          void broker.send(
            topic,
            [0, 1, 2, 3].map((partition) => ({ key: 'k', value: 'v', partition })),
          );
          return partitions(first.batches).size === 4;
        },
        40_000,
      );
    }, 90_000);

    it('hands over again what nobody committed, after it was started anew', async () => {
      const topic = await broker.makeTopic(1);
      await broker.send(topic, numbered(0, 5));
      const { client, values } = await start(topic);
      await until('5 records', () => values().length >= 5);
      await client.restart();
      await until('5 again', () => values().length >= 10);
      expect(values().slice(5)).toEqual(names(0, 5));
    });

    it('starts after an advisory commit, where it still may be told otherwise', async () => {
      const topic = await broker.makeTopic(1);
      await broker.send(topic, numbered(0, 5));
      const first = await start(topic);
      await until('5 records', () => first.values().length >= 5);
      await first.client.commitAdvisory([{ topic, partition: 0, offset: 3n }]);
      await first.client.close();
      const second = await start(topic, first.group);
      await until('2 records', () => second.values().length >= 2);
      expect(second.values()).toEqual(names(3, 5));
      second.client.seek(topic, 0, 0n);
      await until('all again', () => second.values().length >= 7);
    });

    it('says where the log goes on after a time', async () => {
      const topic = await broker.makeTopic(1);
      await broker.send(topic, numbered(0, 3));
      const { client, batches } = await start(topic);
      await until('3 records', () => batches.flatMap(({ records }) => records).length >= 3);
      const last = batches.flatMap(({ records }) => records).at(-1)?.timestampMs ?? 0;
      expect(await client.offsetAfter(topic, 0, last)).toBe(3n);
      expect(await client.offsetAfter(topic, 0, last - 60_000)).toBe(0n);
      await new Promise((resolve) => setTimeout(resolve, 20));
      await broker.send(topic, numbered(3, 5));
      expect(await client.offsetAfter(topic, 0, last)).toBe(3n);
    });

    it('says where the log starts when what it was to read is gone', async () => {
      const topic = await broker.makeTopic(1);
      await broker.send(topic, numbered(0, 10));
      await broker.deleteBefore(topic, 0, 6n);
      const { client, batches, values } = await start(topic);
      expect(await client.offsets(topic)).toEqual([{ partition: 0, low: 6n, high: 10n }]);
      await until('4 records', () => values().length >= 4);
      client.seek(topic, 0, 2n);
      await until('the rest again', () => values().length >= 8);
      expect(values().slice(4)).toEqual(names(6, 10));
      expect(batches.every((batch) => batch.records.every((record) => record.offset >= batch.fetchedFrom))).toBe(true);
    });
  });
}
