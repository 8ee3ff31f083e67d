import { type Flow, type LockedRoot, opaqueKey, type RootVerdict, SluiceError } from '../core/index.ts';
import { Breaker } from './breaker.ts';
import { type DerivedBatch, deriveLocked } from './derive.ts';
import type { PipelineContext } from './ports.ts';
import { Backoff, Bell } from './signal.ts';
import { tellNote, withTime } from './tell-note.ts';
import { parkedVerdict } from './verdicts.ts';

export interface DeriverOptions {
  /** roots derived in one transaction */
  readonly batchRoots: number;
  /** transactions of one flow under way at once */
  readonly parallel: number;
  /** wait until a snapshot has been landed whole */
  readonly afterSnapshot?: boolean;
  /** false: where most roots fail alike BREAKER_OPEN is thrown, and the flow is left to its workers; default true */
  readonly halts?: boolean;
}

/**
 * Derives the marked roots of one flow until stopped. Any number of derivers, in any number of processes, may work on
 * the same flow: a root is locked by one of them and left alone by the others.
 */
export class Deriver {
  readonly flow: Flow;
  readonly bell = new Bell();
  readonly #context: PipelineContext;
  readonly #options: DeriverOptions;
  readonly #breaker = new Breaker();
  readonly #stopping = new AbortController();
  readonly #onWritten: () => void;
  #halted = false;

  constructor(flow: Flow, context: PipelineContext, options: DeriverOptions, onWritten: () => void) {
    this.flow = flow;
    this.#context = context;
    this.#options = options;
    this.#onWritten = onWritten;
  }

  async run(): Promise<void> {
    const backoff = new Backoff(this.#context.clock, 100, 10_000);
    let after = 0n;
    let isHeld = this.#options.afterSnapshot === true;
    while (!this.#stopping.signal.aborted) {
      try {
        if (isHeld) {
          isHeld = !(await this.#context.ledger.hasSnapshot());
          if (isHeld) await this.#context.clock.sleep(500, this.#stopping.signal);
          continue;
        }
        if (this.#halted) {
          await this.bell.wait(1_000);
          continue;
        }
        const round = await this.round(after);
        after = round.after;
        backoff.reset();
        if (round.done === 0) await this.bell.wait(250);
      } catch (error) {
        await this.#recover(error, backoff);
      }
    }
  }

  stop(): void {
    this.#stopping.abort();
    this.bell.ring();
  }

  set halted(halted: boolean) {
    if (this.#halted && !halted) this.#breaker.clear();
    this.#halted = halted;
    if (!halted) this.bell.ring();
  }

  /**
   * One pass over the oldest marks. Answers how much was done and from which mark to look on.
   *
   * @param upTo roots without a mark as old as this are left alone; all are taken unless told
   */
  async round(after: bigint, upTo?: bigint): Promise<{ done: number; after: bigint }> {
    const { ledger } = this.#context;
    const expanded = await ledger.expandMarks(this.flow, 500, upTo);
    const { batchRoots, parallel } = this.#options;
    const marked = await ledger.markedRoots(this.flow.name, batchRoots * parallel, after, upTo);
    const batches: string[][] = [];
    for (let i = 0; i < marked.keys.length; i += batchRoots) batches.push([...marked.keys.slice(i, i + batchRoots)]);
    // all are waited for, so that no transaction is left running behind an error
    const results = await Promise.allSettled(batches.map((keys) => this.deriveKeys(keys)));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
    const derived = results.reduce((sum, result) => sum + (result.status === 'fulfilled' ? result.value : 0), 0);
    // Where all the oldest roots are in other hands, look past them; otherwise begin with the oldest again.
    return { done: derived + expanded, after: derived === 0 && marked.keys.length > 0 ? marked.last : 0n };
  }

  /** Derives these roots in one transaction, or one by one when one of them spoils it. */
  async deriveKeys(keys: readonly string[]): Promise<number> {
    let locked: readonly LockedRoot[] = [];
    let batch: DerivedBatch | null;
    const started = this.#context.clock.now();
    try {
      batch = await this.#context.ledger.deriving(async (tx) => {
        locked = await tx.lock(this.flow, keys);
        return locked.length === 0 ? null : deriveLocked(tx, this.flow, locked, { switches: this.#context.switches });
      });
    } catch (error) {
      if (!(error instanceof SluiceError) || error.disposition !== 'park') {
        this.#failed(locked.length);
        throw error;
      }
      if (locked.length > 1) {
        let done = 0;
        for (const root of locked) done += await this.deriveKeys([root.key]);
        return done;
      }
      const root = locked[0];
      if (root) await this.#park(root, error);
      return locked.length;
    }
    // behind the commit: what goes wrong from here on is no failed write
    if (!batch) return 0;
    await this.#took(batch, started);
    return batch.roots;
  }

  /**
   * An attempt to write whose transaction failed and is made again, or halts the flow. Roots in other hands are passed
   * over and are none; what fails while we stop may have been broken off by that.
   */
  #failed(locked: number): void {
    if (this.#stopping.signal.aborted) return;
    const { meter, ledger } = this.#context;
    const labels = { pipeline: ledger.pipeline, flow: this.flow.name, result: 'failed' };
    // a transaction that could not even lock its roots was one attempt at least
    meter.count('sluice_roots_total', labels, Math.max(1, locked));
  }

  /** Only the marks seen by the failed attempt go: a change that came since deserves an attempt of its own. */
  async #park(root: LockedRoot, error: SluiceError): Promise<void> {
    const verdict = parkedVerdict(root.key, error);
    const parking = this.#context.ledger.deriving(async (tx) => {
      await tx.lock(this.flow, [root.key]);
      await tx.settle(this.flow, [verdict]);
      await tx.deleteMarks(root.markIds);
    });
    await parking.catch((failure: unknown) => {
      this.#failed(1);
      throw failure;
    });
    this.#tell([verdict], null);
    await this.#judge([verdict]);
  }

  async #took(batch: DerivedBatch, startedMs: number): Promise<void> {
    const { meter, ledger, clock } = this.#context;
    const labels = { pipeline: ledger.pipeline, flow: this.flow.name };
    meter.count('sluice_roots_total', { ...labels, result: 'derived' }, batch.sourceTimes.length);
    meter.count('sluice_documents_written_total', labels, batch.written);
    meter.observe('sluice_derive_seconds', labels, (clock.now() - startedMs) / 1000);
    for (const time of batch.sourceTimes) {
      const seconds = Math.max(0, (clock.now() - Date.parse(time)) / 1000);
      meter.observe('sluice_e2e_latency_seconds', { ...labels, target: 'postgres' }, seconds);
    }
    const took = (clock.now() - startedMs) / 1000;
    for (const waited of batch.waitedSeconds)
      meter.observe('sluice_stage_duration_seconds', { ...labels, stage: 'derive' }, waited + took);
    if (batch.written > 0) this.#onWritten();
    this.#tell(batch.verdicts, (clock.now() - startedMs) / Math.max(1, batch.roots));
    await this.#judge(batch.verdicts);
  }

  /** @param ms what one root has taken of the transaction; null when there was none */
  #tell(verdicts: readonly RootVerdict[], ms: number | null): void {
    const { ledger, log, meter, migration } = this.#context;
    if (!migration.notes) return;
    const labels = { pipeline: ledger.pipeline, flow: this.flow.name };
    for (const { root, notes = [] } of verdicts) {
      if (ms !== null) meter.observe('sluice_record_seconds', labels, ms / 1000);
      for (const note of notes)
        tellNote(log, meter, migration.notes, ms === null ? note : withTime(note, ms / 1000), { labels, root });
    }
  }

  async #judge(verdicts: readonly RootVerdict[]): Promise<void> {
    const { ledger, meter, log } = this.#context;
    for (const verdict of verdicts) {
      if (verdict.state !== 'derived') {
        const labels = { pipeline: ledger.pipeline, flow: this.flow.name };
        meter.count('sluice_roots_total', { ...labels, result: verdict.state });
        if (verdict.code !== null) {
          meter.count('sluice_dlq_records_total', { pipeline: ledger.pipeline, reason: verdict.code });
          const correlationId = opaqueKey(verdict.root);
          log.warn('root parked', { flow: this.flow.name, code: verdict.code, correlationId });
        }
      }
      const code = this.#breaker.take(verdict.state === 'parked' ? verdict.code : null);
      if (code === null || this.#halted) continue;
      if (this.#options.halts === false)
        throw new SluiceError(
          'BREAKER_OPEN',
          `most roots of ${this.flow.name} fail with ${code}: nothing more of it is derived here, its workers are not halted`,
        );
      this.#halted = true;
      log.error('breaker open: the flow stops', { flow: this.flow.name, code });
      await ledger.halt(this.flow.name, 'BREAKER_OPEN', `most roots of ${this.flow.name} fail with ${code}`);
    }
  }

  async #recover(error: unknown, backoff: Backoff): Promise<void> {
    const { ledger, log } = this.#context;
    const fault =
      error instanceof SluiceError ? error : new SluiceError('INTERNAL', 'deriving failed', { cause: error });
    if (fault.disposition === 'halt') {
      this.#halted = true;
      log.error(`flow halted: ${fault.message}`, { flow: this.flow.name, code: fault.code }, fault.cause);
      await ledger.halt(this.flow.name, fault.code, fault.message).catch(() => undefined);
      return;
    }
    log.warn(fault.message, { flow: this.flow.name, code: fault.code, attempt: backoff.attempt });
    await backoff.pause(this.#stopping.signal);
  }
}
