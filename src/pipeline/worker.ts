import { copyOf, type Flow, type Migration, topicOf } from '../core/index.ts';
import { Deriver } from './deriver.ts';
import { LagStages } from './lag-stages.ts';
import type { Place } from './land.ts';
import { landerOf } from './landers.ts';
import { PartitionSession, type SessionDependencies } from './partition-session.ts';
import type { Decoder, LogClient, PipelineContext, RecordBatch, RemoteSinks } from './ports.ts';
import { Sender } from './sender.ts';
import { patiently } from './signal.ts';
import { Subscriptions } from './subscriptions.ts';

export interface WorkerOptions {
  /** flows this process derives; every process of a pipeline lands all topics */
  readonly flows: readonly Flow[];
  readonly maxRows: number;
  /** fetched bytes held in this process before partitions are paused, all together */
  readonly highBytes: number;
  readonly batchRoots: number;
  readonly deriversPerFlow: number;
  readonly sendersPerStore: number;
  readonly batchDocuments: number;
  readonly leaseSeconds: number;
  readonly waitingLimit: number;
  /** tables landed only to prove that capture is alive */
  readonly heartbeatTables: readonly string[];
}

export interface PartitionReading {
  readonly topic: string;
  readonly partition: number;
  /** records known of and not landed yet */
  readonly lag: bigint;
  /** of these, fetched already */
  readonly queued: number;
  /** nothing is fetched for now */
  readonly paused: boolean;
}

const LEAST_BYTES = 256 * 1024;

/** One process of a pipeline: lands, derives and delivers until stopped. */
export class Worker {
  readonly #context: PipelineContext;
  readonly #client: LogClient;
  readonly #options: WorkerOptions;
  readonly #decoder: Decoder;
  readonly #subscriptions: Subscriptions;
  readonly #sessionDependencies: Omit<SessionDependencies, 'lander' | 'options'>;
  readonly #tableOfTopic: ReadonlyMap<string, string>;
  readonly #sessions = new Map<string, PartitionSession>();
  readonly #derivers: readonly Deriver[];
  readonly #senders: readonly Sender[];
  readonly #stopping = new AbortController();
  readonly #loops: Promise<void>[] = [];
  #restarting: Promise<void> | null = null;
  /** flows and partitions by name */
  #halted: ReadonlySet<string> = new Set();

  constructor(
    context: PipelineContext,
    client: LogClient,
    decoder: Decoder,
    sinks: RemoteSinks,
    options: WorkerOptions,
  ) {
    this.#context = context;
    this.#client = client;
    this.#options = options;
    this.#decoder = decoder;
    const { migration } = context;
    const tables = [...migration.tables.map((table) => table.name), ...options.heartbeatTables];
    this.#tableOfTopic = new Map(tables.map((table) => [topicOf(migration.name, table), table]));
    this.#senders = [...sinks.values()].map((sink) => {
      const { sendersPerStore: parallel, batchDocuments, leaseSeconds, waitingLimit } = options;
      return new Sender(sink, context, { parallel, batchDocuments, leaseSeconds, waitingLimit });
    });
    this.#subscriptions = new Subscriptions(migration);
    const derived = options.flows.filter((flow) => !isCopied(flow, migration));
    this.#derivers = derived.map((flow) => {
      const { batchRoots, deriversPerFlow: parallel } = options;
      const afterSnapshot = migration.wholeSnapshotFirst === true;
      return new Deriver(flow, context, { batchRoots, parallel, afterSnapshot }, () => this.#wakeSenders());
    });
    const stages = new LagStages(context, options.flows);
    this.#sessionDependencies = {
      context,
      client,
      onLanded: (place, landing, startedMs) => {
        stages.landed(place, landing, startedMs);
        if (landing.applied > 0) for (const deriver of this.#derivers) deriver.bell.ring();
      },
      onFenced: () => this.#joinAgain(),
    };
  }

  get topics(): readonly string[] {
    return [...this.#tableOfTopic.keys()];
  }

  /** Resolves when all loops run. */
  async start(): Promise<void> {
    // nothing is begun before it is known what is halted
    await patiently(() => this.#readHalts(), this.#context, this.#stopping.signal);
    for (const deriver of this.#derivers) this.#loops.push(deriver.run());
    for (const sender of this.#senders) this.#loops.push(sender.run());
    this.#loops.push(this.#every(1_000, () => this.#tick()));
    this.#loops.push(this.#every(2_000, () => this.#readHalts()));
    this.#loops.push(this.#every(5_000, () => this.#commitAdvisory()));
    await this.#client.run((batch) => this.#take(batch));
  }

  /** Drains: what is under way is finished, nothing new is begun. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all([...this.#sessions.values()].map((session) => session.stop()));
    for (const deriver of this.#derivers) deriver.stop();
    for (const sender of this.#senders) sender.stop();
    await Promise.all(this.#loops);
    await this.#commitAdvisory().catch(() => undefined);
    await this.#client.close();
  }

  /** partitions this worker has and has taken records of: not those that went to another one, whose lag it does not know */
  partitions(): readonly PartitionReading[] {
    const mine = new Set(this.#client.assigned().map(({ topic, partition }) => `${topic}/${partition}`));
    const own = [...this.#sessions].flatMap(([name, session]) => (mine.has(name) ? [session] : []));
    return own.map(({ place: { topic, partition }, lag, queued, paused }) => ({
      topic,
      partition,
      lag,
      queued,
      paused,
    }));
  }

  #take(batch: RecordBatch): void {
    const name = `${batch.topic}/${batch.partition}`;
    let session = this.#sessions.get(name);
    if (!session) {
      const table = this.#tableOfTopic.get(batch.topic);
      if (table === undefined || this.#stopping.signal.aborted) return;
      const place: Place = { topic: batch.topic, partition: batch.partition, table };
      session = new PartitionSession(place, {
        ...this.#sessionDependencies,
        options: { maxRows: this.#options.maxRows, highBytes: () => this.#highBytes() },
        lander: () => landerOf(place, this.#context, this.#decoder, this.#subscriptions, this.#options.flows),
      });
      if (this.#isHalted(place)) session.halt();
      this.#sessions.set(name, session);
    }
    session.take(batch);
  }

  /** Each partition has its share, but enough for a fetch to be worth its while. */
  #highBytes(): number {
    return Math.max(LEAST_BYTES, this.#options.highBytes / Math.max(1, this.#sessions.size));
  }

  #wakeSenders(): void {
    for (const sender of this.#senders) sender.bell.ring();
  }

  #joinAgain(): void {
    this.#restarting ??= this.#client.restart().finally(() => {
      this.#restarting = null;
    });
  }

  async #tick(): Promise<void> {
    const woken = await this.#context.ledger.tick(new Date(this.#context.clock.now()).toISOString());
    if (woken === 0) return;
    for (const deriver of this.#derivers) deriver.bell.ring();
    this.#wakeSenders();
  }

  async #readHalts(): Promise<void> {
    const halts = new Set((await this.#context.ledger.halts()).map((halt) => halt.scope));
    this.#halted = halts;
    for (const deriver of this.#derivers) deriver.halted = halts.has(deriver.flow.name);
    for (const session of this.#sessions.values()) {
      if (this.#isHalted(session.place)) session.halt();
      else if (session.halted) session.resume();
    }
  }

  /** A flow that is copied stops where it lands. */
  #isHalted({ topic, partition, table }: Place): boolean {
    const copied = copyOf(this.#context.migration, table);
    return this.#halted.has(`${topic}/${partition}`) || (copied !== null && this.#halted.has(copied.name));
  }

  async #commitAdvisory(): Promise<void> {
    const offsets = [...this.#sessions.values()].flatMap((session) =>
      session.next === null
        ? []
        : [{ topic: session.place.topic, partition: session.place.partition, offset: session.next }],
    );
    if (offsets.length > 0) await this.#client.commitAdvisory(offsets);
  }

  async #every(ms: number, work: () => Promise<void>): Promise<void> {
    const { clock, log } = this.#context;
    while (!this.#stopping.signal.aborted) {
      await clock.sleep(ms, this.#stopping.signal);
      if (this.#stopping.signal.aborted) return;
      await work().catch((error: unknown) =>
        log.debug(`housekeeping: ${error instanceof Error ? error.message : 'failed'}`),
      );
    }
  }
}

const isCopied = (flow: Flow, migration: Migration): boolean =>
  'table' in flow.root && copyOf(migration, flow.root.table) === flow;
