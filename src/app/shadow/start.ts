import { SluiceError } from '../../core/index.ts';
import type { PartitionOffsets } from '../../pipeline/index.ts';

/** Where a replay begins: at the start of the log, at a time, or at offsets (`all`: the same one in every partition). */
export type ReplayStart =
  | { readonly kind: 'beginning' }
  | { readonly kind: 'time'; readonly ms: number }
  | { readonly kind: 'offsets'; readonly of: ReadonlyMap<string, bigint>; readonly all: bigint | null };

/** Throws CONFIG_INVALID for an offset that Kafka no longer holds. */
export async function startOf(
  start: ReplayStart,
  topic: string,
  { partition, low, high }: PartitionOffsets,
  offsetAfter: (ms: number) => Promise<bigint>,
): Promise<bigint> {
  if (start.kind === 'beginning') return low;
  if (start.kind === 'time') return offsetAfter(start.ms - 1);
  const asked = start.of.get(`${topic}/${partition}`) ?? start.all;
  // a partition that was not named is not replayed
  if (asked === null) return high;
  if (asked < low)
    throw new SluiceError('CONFIG_INVALID', `${topic}/${partition} begins at ${low}: offset ${asked} is gone`);
  return asked < high ? asked : high;
}

/** `12` for every partition, or `topic/partition=12`, any number of them; topics with or without the migration's name. */
export function offsetsOf(texts: readonly string[], migration: string): ReplayStart {
  const of = new Map<string, bigint>();
  let all: bigint | null = null;
  for (const text of texts) {
    const match = /^(?:(.+)\/(\d+)=)?(\d+)$/.exec(text);
    if (!match) throw new SluiceError('CONFIG_INVALID', `${text} is neither an offset nor topic/partition=offset`);
    const [, topic, partition, offset = ''] = match;
    if (topic === undefined) all = BigInt(offset);
    else of.set(`${topic.startsWith(`${migration}.`) ? topic : `${migration}.${topic}`}/${partition}`, BigInt(offset));
  }
  return { kind: 'offsets', of, all };
}

/** Throws CONFIG_INVALID for what is no time. */
export function timeOf(text: string): ReplayStart {
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) throw new SluiceError('CONFIG_INVALID', `${text} is no time, e.g. 2026-11-22T01:00:00Z`);
  return { kind: 'time', ms };
}

/** How long to wait so that no more than `rate` records a second go by; 0 when there is no rate. */
export const paceMs = (done: number, elapsedMs: number, rate: number | null): number =>
  rate === null ? 0 : Math.max(0, (done / rate) * 1000 - elapsedMs);
