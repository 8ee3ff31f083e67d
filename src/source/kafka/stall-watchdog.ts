export interface WatchdogOptions {
  readonly seconds: number;
  readonly ends: (topic: string) => Promise<readonly { partition: number; low: bigint; high: bigint }[]>;
  /** where the group has committed, -1 where it has not: a member that has fetched nothing yet begins there */
  readonly committed: (topic: string) => Promise<readonly { partition: number; offset: bigint }[]>;
  /** partitions that should be fetched now; paused ones are left out */
  readonly assigned: () => readonly { topic: string; partition: number }[];
  readonly onStall: () => void;
  /** after this many stalls in a row nothing helps */
  readonly onFatal: () => void;
}

const FATAL_AFTER = 4;

/**
 * Notices a client that silently stops returning records: something lies beyond the fetch position of an assigned
 * partition, and the position has not moved for a while. A client's own word that it is well is not asked for.
 */
export class StallWatchdog {
  readonly #options: WatchdogOptions;
  readonly #places = new Map<string, { offset: bigint; sinceMs: number }>();
  #timer: NodeJS.Timeout | null = null;
  #stalls = 0;
  #moved = false;
  #looking = false;
  #lastLookMs: number | null = null;

  constructor(options: WatchdogOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer = setInterval(() => void this.check(Date.now()), (this.#options.seconds * 1000) / 3);
    this.#timer.unref();
  }

  stop(): void {
    if (this.#timer) clearInterval(this.#timer);
  }

  moved(topic: string, partition: number, offset: bigint): void {
    const name = `${topic}/${partition}`;
    if (this.#places.get(name)?.offset === offset) return;
    this.#places.set(name, { offset, sinceMs: Date.now() });
    this.#moved = true;
  }

  /** Partitions were dealt out anew: others may have read on in what is ours again. */
  forget(): void {
    this.#places.clear();
  }

  /** One look at all partitions; a broker that cannot be asked is no stall of ours. */
  async check(nowMs: number): Promise<void> {
    // the look before still waits for its answer
    if (this.#looking) return;
    const asleep = this.#lastLookMs !== null && nowMs - this.#lastLookMs > this.#options.seconds * 1000;
    this.#lastLookMs = nowMs;
    // a process that slept has kept the client waiting, not the other way round
    if (asleep) for (const place of this.#places.values()) place.sinceMs = nowMs;
    this.#looking = true;
    await this.#look(nowMs).finally(() => {
      this.#looking = false;
    });
  }

  async #look(nowMs: number): Promise<void> {
    const assigned = this.#options.assigned();
    if (this.#moved) this.#stalls = 0;
    this.#moved = false;
    try {
      for (const topic of new Set(assigned.map((place) => place.topic))) {
        const partitions = assigned.filter((place) => place.topic === topic).map(({ partition }) => partition);
        const ends = await this.#options.ends(topic);
        if (partitions.some((partition) => !this.#places.has(`${topic}/${partition}`))) {
          await this.#begin(topic, partitions, ends, nowMs);
        }
        for (const { partition, high } of ends) {
          if (partitions.includes(partition) && this.#isStalled(`${topic}/${partition}`, high, nowMs)) {
            this.#stall(nowMs);
            return;
          }
        }
      }
    } catch {
      // unreachable: tried again at the next look
    }
  }

  /** Twice as long after each stall in a row: a large record on a slow line must get through some day. */
  get #patienceMs(): number {
    return this.#options.seconds * 1000 * 2 ** this.#stalls;
  }

  /** Assigned and never fetched from: the wait begins now, at the place the client begins. */
  async #begin(
    topic: string,
    partitions: readonly number[],
    ends: readonly { partition: number; low: bigint }[],
    nowMs: number,
  ): Promise<void> {
    const committed = new Map((await this.#options.committed(topic)).map((one) => [one.partition, one.offset]));
    for (const { partition, low } of ends) {
      const name = `${topic}/${partition}`;
      if (!partitions.includes(partition) || this.#places.has(name)) continue;
      const offset = committed.get(partition) ?? -1n;
      this.#places.set(name, { offset: offset < 0n ? low : offset, sinceMs: nowMs });
    }
  }

  #isStalled(name: string, high: bigint, nowMs: number): boolean {
    const place = this.#places.get(name);
    return place !== undefined && high > place.offset && nowMs - place.sinceMs > this.#patienceMs;
  }

  #stall(nowMs: number): void {
    this.#stalls += 1;
    for (const place of this.#places.values()) place.sinceMs = nowMs;
    if (this.#stalls >= FATAL_AFTER) this.#options.onFatal();
    else this.#options.onStall();
  }
}
