import { BrokerConnection } from './connection.ts';
import { FetchPace } from './fetch-pace.ts';
import { decodeFetch, ERRORS, encodeFetch, type FetchedPartition, type FetchLimits } from './fetch-protocol.ts';
import type { LogBatch } from './kafkajs-client.ts';
import { GroupMembership, type KafkaClientOptions, type Place } from './membership.ts';
import { openWatchdog } from './open-watchdog.ts';
import { RecordReader } from './record-batch.ts';
import type { StallWatchdog } from './stall-watchdog.ts';

/** How long the broker may think about a fetch beyond what it was told to wait. */
const PATIENCE_MS = 8_000;

/** One assignment: ends with the next. */
interface Term {
  readonly ended: AbortController;
  /** where the next fetch of each partition starts, by `topic/partition` */
  readonly positions: Map<string, Reading>;
}

interface Reading {
  readonly place: Place;
  offset: bigint;
  /** the caller has heard of this partition in this term */
  isTold: boolean;
}

/**
 * A member of a consumer group that fetches by itself: membership is kafkajs's, records are read by a Fetch of our own
 * that hands on pieces of what the broker sent (ADR 0011). The contract is that of `KafkajsClient`.
 */
export class FetchClient {
  readonly #options: KafkaClientOptions;
  readonly #limits: FetchLimits;
  readonly #membership: GroupMembership;
  readonly #watchdog: StallWatchdog;
  readonly #paused = new Set<string>();
  readonly #wakes = new Set<() => void>();
  #term: Term | null = null;
  #onBatch: ((batch: LogBatch) => void) | null = null;

  constructor(options: KafkaClientOptions) {
    this.#options = options;
    const maxBytesPerPartition = options.maxBytesPerPartition ?? 1024 * 1024;
    this.#limits = { maxWaitMs: 100, maxBytes: 4 * maxBytesPerPartition, maxBytesPerPartition };
    this.#membership = new GroupMembership(options, {
      onAssigned: (assigned) => {
        this.#watchdog.forget();
        void this.#begin(assigned);
      },
      onLeft: () => this.#end(),
    });
    this.#watchdog = openWatchdog(options, this.#membership, this.#paused);
  }

  async run(onBatch: (batch: LogBatch) => void): Promise<void> {
    this.#onBatch = onBatch;
    await this.#membership.start();
    this.#watchdog.start();
  }

  seek(topic: string, partition: number, offset: bigint): void {
    this.#watchdog.moved(topic, partition, offset);
    const position = this.#term?.positions.get(`${topic}/${partition}`);
    if (position) position.offset = offset;
  }

  pause(topic: string, partition: number): void {
    this.#paused.add(`${topic}/${partition}`);
  }

  resume(topic: string, partition: number): void {
    if (this.#paused.delete(`${topic}/${partition}`)) for (const wake of this.#wakes) wake();
  }

  generation(): number {
    return this.#membership.generation;
  }

  assigned(): readonly Place[] {
    return this.#membership.assigned;
  }

  commitAdvisory(offsets: readonly (Place & { readonly offset: bigint })[]): Promise<void> {
    return this.#membership.commitAdvisory(offsets);
  }

  offsets(topic: string): Promise<readonly { partition: number; low: bigint; high: bigint }[]> {
    return this.#membership.logs.offsets(topic);
  }

  offsetAfter(topic: string, partition: number, timestampMs: number): Promise<bigint> {
    return this.#membership.logs.offsetAfter(topic, partition, timestampMs);
  }

  restart(): Promise<void> {
    return this.#membership.restart();
  }

  async close(): Promise<void> {
    this.#watchdog.stop();
    this.#end();
    await this.#membership.close();
  }

  #end(): void {
    this.#term?.ended.abort();
    this.#term = null;
    this.#paused.clear();
    for (const wake of this.#wakes) wake();
  }

  /** Starts where the group has committed, else at the beginning of the log; the caller seeks to where it really is. */
  async #begin(assigned: readonly Place[]): Promise<void> {
    this.#end();
    const term: Term = { ended: new AbortController(), positions: new Map() };
    this.#term = term;
    const topics = [...new Set(assigned.map(({ topic }) => topic))];
    for (const place of assigned) term.positions.set(nameOf(place), { place, offset: -1n, isTold: false });
    for (let failures = 0; !term.ended.signal.aborted && topics.length > 0; failures++) {
      try {
        await this.#findStarts(term);
        await this.#fetchFromLeaders(term, topics);
      } catch (error) {
        const reason = error instanceof Error ? error.message : 'unknown';
        if (failures % 20 === 0 && !term.ended.signal.aborted)
          this.#options.log.warn(`cannot fetch: ${reason}`, { code: 'BROKER_UNAVAILABLE', attempt: failures });
        await sleep(250, term.ended.signal);
      }
    }
  }

  async #findStarts(term: Term): Promise<void> {
    const unknown = [...term.positions.values()].filter(({ offset }) => offset < 0n);
    if (unknown.length === 0) return;
    const topics = [...new Set(unknown.map(({ place }) => place.topic))];
    const starts = await this.#membership.logs.allCommitted(this.#options.group, topics);
    for (const position of unknown) {
      const name = nameOf(position.place);
      // A seek may have come meanwhile. A log that begins later than at 0 says so when it is asked.
      if (position.offset < 0n) position.offset = starts.get(name) ?? 0n;
    }
  }

  /** One connection to each broker that leads any of the partitions; ends when one of them fails or leads no more. */
  async #fetchFromLeaders(term: Term, topics: readonly string[]): Promise<void> {
    const leaders = await this.#membership.logs.leaders(topics);
    const byBroker = new Map<string, Set<string>>();
    for (const name of term.positions.keys()) {
      const leader = leaders.get(name);
      if (leader === undefined) continue;
      byBroker.set(leader, (byBroker.get(leader) ?? new Set()).add(name));
    }
    if (byBroker.size === 0) throw new Error('no partition has a leader');
    const round = new AbortController();
    const stop = (): void => round.abort();
    term.ended.signal.addEventListener('abort', stop, { once: true });
    const loops = [...byBroker].map(([address, names]) => this.#fetchFrom(address, names, term, round.signal));
    try {
      await Promise.race(loops);
    } finally {
      round.abort();
      term.ended.signal.removeEventListener('abort', stop);
      await Promise.allSettled(loops);
    }
  }

  async #fetchFrom(address: string, names: ReadonlySet<string>, term: Term, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const connection = await BrokerConnection.open(address);
    const close = (): void => connection.close();
    signal.addEventListener('abort', close, { once: true });
    const reader = new RecordReader();
    const pace = new FetchPace();
    try {
      let turn = 0;
      for (let correlation = 1; !signal.aborted; correlation = (correlation + 1) & 0x3fffffff) {
        const wanted = this.#wanted(names, term, turn++);
        if (wanted.length === 0) {
          await this.#awake(signal);
          continue;
        }
        const frame = encodeFetch(correlation, wanted, this.#limits);
        const answer = await connection.request(frame, this.#limits.maxWaitMs + PATIENCE_MS);
        const asked = new Map(wanted.map((one) => [nameOf(one), one.offset]));
        let records = 0;
        for (const fetched of decodeFetch(answer, correlation)) {
          if (this.#term !== term) return;
          records += await this.#take(fetched, asked.get(nameOf(fetched)), term, reader);
        }
        const wait = pace.after(records, performance.now());
        if (wait > 0) await sleep(wait, signal);
        // what a broker answers at once and in full would otherwise keep timers and other sockets waiting
        else await new Promise((resolve) => setImmediate(resolve));
      }
    } finally {
      signal.removeEventListener('abort', close);
      connection.close();
    }
  }

  /** In turn each partition comes first, as a broker fills its answer in the order of the request. */
  #wanted(names: ReadonlySet<string>, term: Term, turn: number): (Place & { readonly offset: bigint })[] {
    const wanted: (Place & { readonly offset: bigint })[] = [];
    for (const name of names) {
      const position = term.positions.get(name);
      if (position && !this.#paused.has(name)) wanted.push({ ...position.place, offset: position.offset });
    }
    const first = wanted.length === 0 ? 0 : turn % wanted.length;
    return [...wanted.slice(first), ...wanted.slice(0, first)];
  }

  #awake(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#wakes.delete(done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, 1_000);
      this.#wakes.add(done);
      signal.addEventListener('abort', done, { once: true });
    });
  }

  /** Answers how many records it handed on. */
  async #take(fetched: FetchedPartition, from: bigint | undefined, term: Term, reader: RecordReader): Promise<number> {
    const { topic, partition, error } = fetched;
    const position = term.positions.get(nameOf(fetched));
    if (!position || from === undefined) return 0;
    if (error === ERRORS.offsetOutOfRange) {
      await this.#backInRange(position, from);
      return 0;
    }
    if (error !== ERRORS.none) throw new Error(`${topic}/${partition}: the broker answers error ${error}`);
    // a seek came while the broker was asked
    if (position.offset !== from) return 0;
    const { records, next: read } = reader.read(fetched.records, from, fetched.aborted);
    const next = read === null || read < from ? from : read;
    // Of a partition in which nothing comes the caller hears once, for only he knows whether `from` is where he was.
    if (next === from && position.isTold) return 0;
    position.isTold = true;
    if (next > from) {
      position.offset = next;
      this.#watchdog.moved(topic, partition, next);
    }
    const { highWatermark } = fetched;
    this.#onBatch?.({ topic, partition, fetchedFrom: from, nextOffset: next, highWatermark, records });
    return records.length;
  }

  /** What was asked for is not there (any more, or yet): the log's nearest end is, and the caller sees the gap. */
  async #backInRange(position: Reading, from: bigint): Promise<void> {
    const { topic, partition } = position.place;
    const bounds = (await this.#membership.logs.offsets(topic)).find((one) => one.partition === partition);
    if (!bounds || position.offset !== from) return;
    if (from < bounds.low) position.offset = bounds.low;
    // beyond the end: the topic may have been made anew, which its reader has to judge
    else if (from > bounds.high) position.offset = bounds.low;
  }
}

const nameOf = ({ topic, partition }: Place): string => `${topic}/${partition}`;

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
  });
}
