import type { PartitionFigures } from '../sinks/postgres/index.ts';
import { type LogEnds, owedOf } from './log-ends.ts';

/**
 * For how long partitions can have owed what they owe: nobody says when the first record that is not landed came, but it
 * came after a look at which nothing was owed.
 */
export class OwedFor {
  /** when a partition was last seen to owe nothing, or first seen owing where nothing was ever landed of it */
  readonly #since = new Map<string, number>();

  /**
   * Seconds by `topic/partition`, of those it is known of.
   *
   * @param atMs when the ends were asked for: what came after is not among them
   */
  see(ends: LogEnds | null, partitions: readonly PartitionFigures[], atMs: number): ReadonlyMap<string, number> {
    const landed = new Map(partitions.map((one) => [`${one.topic}/${one.partition}`, one]));
    for (const [name, end] of ends ?? []) {
      const partition = landed.get(name);
      const isClear = owedOf(end, partition?.nextOffset ?? null) === 0n;
      if (isClear || (!this.#since.has(name) && (partition?.sourceAgeSeconds ?? null) === null))
        this.#since.set(name, atMs);
    }
    return new Map([...this.#since].map(([name, since]) => [name, (atMs - since) / 1000]));
  }
}
