import { type Clock, type Log, topicOf } from '../core/index.ts';
import { Subscriptions, sweepTable } from '../pipeline/index.ts';
import { openGaps } from './gaps.ts';
import { type LogEnds, owedBefore, readEnds } from './log-ends.ts';
import type { OpenPipeline } from './pipeline.ts';
import type { Probes } from './readings.ts';

/**
 * After an initial snapshot, ends the rows it did not show. It waits for three proofs: the epoch streams, so the
 * snapshot is over; the slot has moved past that, so Kafka has acknowledged all of it; and every partition has been
 * landed beyond what Kafka held then.
 */
export class Sweeper {
  readonly #open: OpenPipeline;
  readonly #probes: Probes;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #subscriptions: Subscriptions;
  #awaited: { readonly snapshotLsn: bigint; readonly ends: LogEnds } | null = null;

  constructor(open: OpenPipeline, probes: Probes, clock: Clock, log: Log) {
    this.#open = open;
    this.#probes = probes;
    this.#clock = clock;
    this.#log = log;
    this.#subscriptions = new Subscriptions(open.migration);
  }

  /** @param confirmedLsn what the slot says Kafka has acknowledged */
  async consider(confirmedLsn: bigint): Promise<void> {
    const { admin, ledger, migration } = this.#open;
    const due = await admin.unsweptEpoch();
    if (due === null || confirmedLsn < due.firstCommit) return;
    if (this.#awaited?.snapshotLsn !== due.snapshotLsn)
      this.#awaited = { snapshotLsn: due.snapshotLsn, ends: await readEnds(this.#probes, this.#topics()) };
    if ((await owedBefore(this.#open, this.#awaited.ends)) > 0n) return;
    const at = new Date(this.#clock.now()).toISOString().replace('Z', '000Z');
    // of a source without rows nothing was shown, and nobody can say that something was missing
    for (const { name } of due.snapshotLsn === 0n ? [] : migration.tables) {
      const count = await sweepTable(ledger, migration, this.#subscriptions, name, { ...due, at });
      if (count > 0) this.#log.warn('ended rows that the snapshot did not show', { table: name, count });
    }
    await admin.epochSwept(due.epoch, due.snapshotLsn);
    const closed = await openGaps(this.#open).close(due.epoch, `the snapshot and the sweep of epoch ${due.epoch}`);
    if (closed > 0) this.#log.info('gaps are closed', { count: closed });
  }

  #topics(): readonly string[] {
    const { name: migration, tables } = this.#open.migration;
    return tables.map(({ name }) => topicOf(migration, name));
  }
}
