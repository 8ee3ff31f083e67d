import { expect, test } from 'vitest';
import type { Chore } from '../../src/app/chore.ts';
import { observeLog } from '../../src/app/log-watch.ts';
import { type Clock, silentLog } from '../../src/core/index.ts';
import { mini } from '../support/mini-migration.ts';

const TOPIC = 'mini.public.parent';

interface Look {
  /** what is landed of the partition */
  readonly next: bigint;
  readonly time: number;
  /** timestamps of the records that the log holds, from offset 0 */
  readonly log: readonly number[];
  readonly halted?: boolean;
}

/** What is halted after a series of looks at one partition. */
async function after(looks: readonly Look[]): Promise<string[]> {
  const codes: string[] = [];
  const stopping = new AbortController();
  let at = 0;
  const look = (): Look => looks[at] as Look;
  const clock = {
    async sleep() {
      at += 1;
      if (at === looks.length) stopping.abort();
    },
  } as unknown as Clock;
  const place = { topic: TOPIC, partition: 0 };
  await observeLog({
    ...{ clock, log: silentLog, signal: stopping.signal },
    open: {
      migration: mini,
      admin: { partitions: async () => [{ ...place, nextOffset: look().next, logTimeMs: look().time }] },
      ledger: {
        halts: async () => (look().halted ? [{ scope: `${TOPIC}/0` }] : []),
        halt: async (_scope: string, code: string) => void codes.push(code),
      },
    },
    probes: {
      offsets: async (topic: string) =>
        topic === TOPIC ? [{ partition: 0, low: 0n, high: BigInt(look().log.length) }] : [],
      offsetAfter: async (_topic: string, _partition: number, ms: number) => {
        const found = look().log.findIndex((time) => time > ms);
        return BigInt(found < 0 ? look().log.length : found);
      },
    },
  } as unknown as Chore);
  return codes;
}

const OLD = [10, 20, 30];
const NEW = [40, 50, 60, 70, 80];

test('a log that grows is the one it was', async () => {
  expect(
    await after([
      { next: 3n, time: 30, log: OLD },
      { next: 5n, time: 50, log: [...OLD, 40, 50] },
      { next: 6n, time: 60, log: [...OLD, 40, 50, 60] },
    ]),
  ).toEqual([]);
});

test('a topic made anew that has outgrown what was landed is found by what is no more in it', async () => {
  // the reader has gone on in the new log at the old place already, and its newest timestamp is of the new one
  const grown = { next: 4n, time: 70, log: NEW };
  expect(await after([{ next: 3n, time: 30, log: OLD }, grown, { ...grown, next: 5n, time: 80 }])).toEqual([
    'TOPIC_RECREATED',
  ]);
});

test('it is halted once, and after that begun again without being suspected', async () => {
  const grown = { next: 5n, time: 80, log: NEW };
  expect(
    await after([
      { next: 3n, time: 30, log: OLD },
      grown,
      grown,
      { ...grown, halted: true },
      { next: 4n, time: 70, log: NEW },
      { next: 5n, time: 80, log: NEW },
      { next: 5n, time: 80, log: NEW },
    ]),
  ).toEqual(['TOPIC_RECREATED']);
});

test('one that is shorter than what was landed is found without growing', async () => {
  const short = { next: 3n, time: 30, log: [40] };
  expect(await after([{ next: 3n, time: 30, log: OLD }, short, short])).toEqual(['TOPIC_RECREATED']);
});
