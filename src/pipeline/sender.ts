import { type Intent, opaqueKey, type SettledIntent, type Sink, SluiceError } from '../core/index.ts';
import type { PipelineContext } from './ports.ts';
import { Backoff, Bell } from './signal.ts';

export interface SenderOptions {
  /** batches under way at once, each of other order keys */
  readonly parallel: number;
  readonly batchDocuments: number;
  readonly leaseSeconds: number;
  /** refused this often for a missing reference, a document is parked */
  readonly waitingLimit: number;
}

interface Round {
  readonly sent: number;
  /** how long the store wants to be left alone */
  readonly pauseMs: number;
  readonly isAskedForLess: boolean;
}

const IDLE: Round = { sent: 0, pauseMs: 0, isAskedForLess: false };

/**
 * Sends the documents of one remote store. Lanes are leased so that one patient's documents go out one after the
 * other; what keeps an old write from harm is the guard at the server, never the lease.
 */
export class Sender {
  readonly bell = new Bell();
  readonly #sink: Sink;
  readonly #context: PipelineContext;
  readonly #options: SenderOptions;
  readonly #stopping = new AbortController();
  #lanes: readonly number[] = [];
  #leasedUntilMs = 0;
  #allowed: number;
  #turn = 0;
  #ready = false;

  constructor(sink: Sink, context: PipelineContext, options: SenderOptions) {
    this.#sink = sink;
    this.#context = context;
    this.#options = options;
    this.#allowed = options.parallel;
  }

  /** whether the server was reached and honours the guards */
  get ready(): boolean {
    return this.#ready;
  }

  async run(): Promise<void> {
    const backoff = new Backoff(this.#context.clock, 250, 10_000);
    this.#reportReady(0);
    while (!this.#stopping.signal.aborted) {
      try {
        if (!this.#ready) {
          await this.#sink.probe();
          this.#ready = true;
          this.#reportReady(1);
          this.#context.log.info('target ready', { target: this.#sink.name });
        }
        await this.#lease();
        const { sent, pauseMs } = await this.#round();
        backoff.reset();
        // refusing costs a busy server, too: it hears nothing until the time it has named
        if (pauseMs > 0) await this.#context.clock.sleep(pauseMs, this.#stopping.signal);
        else if (sent === 0) await this.bell.wait(300);
      } catch (error) {
        await this.#recover(error, backoff);
      }
    }
    await this.#context.ledger.releaseLanes(this.#sink.name, this.#context.worker).catch(() => undefined);
  }

  stop(): void {
    this.#stopping.abort();
    this.bell.ring();
  }

  #reportReady(value: 0 | 1): void {
    const { meter, ledger } = this.#context;
    meter.gauge('sluice_target_ready', { pipeline: ledger.pipeline, target: this.#sink.name }, value);
  }

  async #lease(): Promise<void> {
    const { clock, ledger, worker } = this.#context;
    const { leaseSeconds } = this.#options;
    if (clock.now() < this.#leasedUntilMs - (leaseSeconds * 1000) / 2) return;
    this.#lanes = await ledger.leaseLanes(this.#sink.name, worker, 1_000_000, leaseSeconds);
    this.#leasedUntilMs = clock.now() + leaseSeconds * 1000;
  }

  async #round(): Promise<Round> {
    const { parallel, batchDocuments } = this.#options;
    const groups = Array.from({ length: parallel }, (_, i) => this.#lanes.filter((lane) => lane % parallel === i));
    // under less load the groups take turns, or some of them would never be served
    const served = groups.map((_, i) => groups[(i + this.#turn) % parallel] ?? []).slice(0, this.#allowed);
    this.#turn = (this.#turn + this.#allowed) % parallel;
    const rounds = await Promise.allSettled(
      served.map(async (lanes) => {
        if (lanes.length === 0) return IDLE;
        return this.#send(await this.#context.ledger.nextIntents(this.#sink.name, lanes, batchDocuments));
      }),
    );
    const failed = rounds.find((round) => round.status === 'rejected');
    if (failed) throw failed.reason;
    const done = rounds.map((round) => (round.status === 'fulfilled' ? round.value : IDLE));
    const sent = done.reduce((sum, round) => sum + round.sent, 0);
    const pauseMs = Math.max(0, ...done.map((round) => round.pauseMs));
    const isAskedForLess = done.some((round) => round.isAskedForLess);
    if (isAskedForLess) this.#allowed = Math.max(1, Math.floor(this.#allowed / 2));
    else if (sent > 0 && this.#allowed < parallel) this.#allowed += 1;
    return { sent, pauseMs, isAskedForLess };
  }

  async #send(intents: readonly Intent[]): Promise<Round> {
    if (intents.length === 0) return IDLE;
    const { clock, ledger } = this.#context;
    const started = clock.now();
    const outcomes = await this.#sink.deliver(intents, this.#stopping.signal).catch((error: unknown) => {
      this.#countThrown(intents);
      throw error;
    });
    const settled = intents.map((intent, i): SettledIntent => {
      const outcome = outcomes[i] ?? { kind: 'retry', code: 'INTERNAL', afterMs: 1_000, slowDown: false };
      if (outcome.kind !== 'waiting' || intent.attempts < this.#options.waitingLimit) return { intent, outcome };
      return { intent, outcome: { kind: 'park', code: 'PARENT_MISSING', detail: { attempts: intent.attempts } } };
    });
    await ledger.settleIntents(settled);
    this.#count(settled, clock.now() - started);
    const pauses = outcomes.flatMap((outcome) => (outcome.kind === 'retry' && outcome.slowDown ? outcome.afterMs : []));
    return { sent: intents.length, pauseMs: Math.max(0, ...pauses), isAskedForLess: pauses.length > 0 };
  }

  /** Nothing is put aside by it: whatever stopped them, all of these stay queued and are sent again. */
  #countThrown(intents: readonly Intent[]): void {
    if (this.#stopping.signal.aborted) return;
    const { meter, ledger } = this.#context;
    for (const { flow, target } of intents)
      meter.count('sluice_target_writes_total', { pipeline: ledger.pipeline, flow, target, outcome: 'retry' });
  }

  #count(settled: readonly SettledIntent[], ms: number): void {
    const { meter, ledger, clock } = this.#context;
    const pipeline = ledger.pipeline;
    meter.observe('sluice_target_write_duration_seconds', { pipeline, target: this.#sink.name }, ms / 1000);
    for (const { intent, outcome } of settled) {
      // who is told to stop leaves the rest of its batch to be sent again: nothing has failed
      if (outcome.kind === 'retry' && this.#stopping.signal.aborted) continue;
      const labels = { pipeline, flow: intent.flow, target: intent.target };
      meter.count('sluice_target_writes_total', { ...labels, outcome: outcome.kind });
      if (outcome.kind === 'park') {
        meter.count('sluice_dlq_records_total', { pipeline, reason: outcome.code });
        const { flow, target, root } = intent;
        const correlationId = opaqueKey(root);
        this.#context.log.warn('document parked', { flow, target, code: outcome.code, correlationId });
      }
      if (outcome.kind !== 'applied') continue;
      const seconds = Math.max(0, (clock.now() - Date.parse(intent.sourceTime)) / 1000);
      meter.observe('sluice_e2e_latency_seconds', labels, seconds);
      const stage = { pipeline, flow: intent.flow, stage: 'deliver' };
      meter.observe('sluice_stage_duration_seconds', stage, intent.waitedSeconds + ms / 1000);
    }
  }

  async #recover(error: unknown, backoff: Backoff): Promise<void> {
    const { log, ledger } = this.#context;
    const fault =
      error instanceof SluiceError ? error : new SluiceError('INTERNAL', 'sending failed', { cause: error });
    const fields = { target: this.#sink.name, code: fault.code, attempt: backoff.attempt };
    if (fault.disposition === 'halt') {
      log.error(`target halted: ${fault.message}`, fields, fault.cause);
      await ledger.halt(this.#sink.name, fault.code, fault.message).catch(() => undefined);
      await this.#context.clock.sleep(5_000, this.#stopping.signal);
      return;
    }
    if (backoff.attempt === 0 || backoff.attempt % 10 === 9) log.warn(fault.message, fields);
    await backoff.pause(this.#stopping.signal);
  }
}
