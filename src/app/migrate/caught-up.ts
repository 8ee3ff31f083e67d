import { type Clock, SluiceError, topicOf } from '../../core/index.ts';
import type { CapturedRowReader } from '../../source/index.ts';
import type { OpenPipeline } from '../pipeline.ts';
import type { Probes } from '../readings.ts';

const WAIT_MS = 60_000;

/** Waits until all that was committed before `lsn` has been landed. Throws SOURCE_UNAVAILABLE when the time is over, a minute unless told. */
export async function untilLanded(
  {
    reader,
    probes,
    open,
    clock,
    slot,
  }: {
    readonly reader: CapturedRowReader;
    readonly probes: Probes;
    readonly open: OpenPipeline;
    readonly clock: Clock;
    readonly slot: string;
  },
  lsn: bigint,
  waitMs: number = WAIT_MS,
): Promise<void> {
  const until = clock.now() + waitMs;
  let ends: ReadonlyMap<string, bigint> | null = null;
  for (;;) {
    // the slot first: what it has passed is in Kafka, and Kafka's ends are read after that
    if (ends === null && ((await reader.confirmed(slot)) ?? -1n) >= lsn) ends = await endsOf(open, probes);
    if (ends !== null && (await isLanded(open, ends))) return;
    if (clock.now() > until)
      throw new SluiceError(
        'SOURCE_UNAVAILABLE',
        'the stream does not get to where the rows were read; is the worker running?',
      );
    await clock.sleep(200);
  }
}

async function endsOf({ migration }: OpenPipeline, probes: Probes): Promise<ReadonlyMap<string, bigint>> {
  const ends = new Map<string, bigint>();
  for (const { name } of migration.tables) {
    const topic = topicOf(migration.name, name);
    for (const { partition, high } of await probes.offsets(topic)) ends.set(`${topic}/${partition}`, high);
  }
  return ends;
}

async function isLanded({ admin }: OpenPipeline, ends: ReadonlyMap<string, bigint>): Promise<boolean> {
  const landed = new Map(
    (await admin.partitions()).map((one) => [`${one.topic}/${one.partition}`, one.nextOffset ?? 0n]),
  );
  return [...ends].every(([name, end]) => end === 0n || (landed.get(name) ?? 0n) >= end);
}
