import type { OpenPipeline } from './pipeline.ts';

/** Where a partition's log begins and ends, as offsets: the first it still has, and the one after its last. */
export interface LogEnd {
  readonly low: bigint;
  readonly high: bigint;
}

export interface LogProbe {
  /** where a topic's partitions begin and end, none when there is no such topic; rejects when Kafka is away */
  offsets(topic: string): Promise<readonly (LogEnd & { readonly partition: number })[]>;
}

/** By `topic/partition`; none of a topic that is not there. Rejects when Kafka is away. */
export type LogEnds = ReadonlyMap<string, LogEnd>;

/**
 * Records of a partition that are not landed. A partition nobody has claimed is not in the ledger, for it is claimed with
 * its first record: all that it holds is owed, and nothing of what has expired in it.
 *
 * @param next the first offset that is not landed
 */
export function owedOf({ low, high }: LogEnd, next: bigint | null): bigint {
  const from = next === null || next < low ? low : next;
  return high > from ? high - from : 0n;
}

export async function readEnds(probes: LogProbe, topics: readonly string[]): Promise<LogEnds> {
  const ends = new Map<string, LogEnd>();
  const all = await Promise.all(topics.map(async (topic) => ({ topic, offsets: await probes.offsets(topic) })));
  for (const { topic, offsets } of all)
    for (const { partition, low, high } of offsets) ends.set(`${topic}/${partition}`, { low, high });
  return ends;
}

/** Records before these ends that are not landed. */
export async function owedBefore({ admin }: OpenPipeline, ends: LogEnds): Promise<bigint> {
  const landed = new Map((await admin.partitions()).map((one) => [`${one.topic}/${one.partition}`, one.nextOffset]));
  return [...ends].reduce((sum, [name, end]) => sum + owedOf(end, landed.get(name) ?? null), 0n);
}
