import type pg from 'pg';
import {
  type Claim,
  type CopyBatch,
  type CopyFlow,
  type DerivingTransaction,
  type ErrorCode,
  type Flow,
  type Halt,
  type Intent,
  type LandingTransaction,
  type Ledger,
  type SettledIntent,
  SluiceError,
} from '../../core/index.ts';
import { classify } from './classify.ts';
import type { LedgerContext } from './context.ts';
import { copyTable } from './copy/table.ts';
import { PostgresDeriving } from './deriving-transaction.ts';
import { hasSnapshot } from './epochs.ts';
import { nextIntents, settleIntents } from './intents.ts';
import { PostgresLanding } from './landing-transaction.ts';
import { leaseLanes, releaseLanes } from './lanes.ts';
import { expandMarks, markedRoots, NEWEST, tick } from './marks.ts';
import { isoMicros, type Transaction, transactionOn } from './sql.ts';
import { TargetTables } from './target-tables.ts';

/** The ledger of one pipeline in PostgreSQL. Every failure leaves it as a SluiceError. */
export class PostgresLedger implements Ledger {
  readonly pipeline: string;
  readonly #pool: pg.Pool;
  readonly #context: LedgerContext;
  readonly #tables: TargetTables;

  constructor(pool: pg.Pool, context: LedgerContext) {
    this.pipeline = context.pipeline;
    this.#pool = pool;
    this.#context = context;
    this.#tables = new TargetTables(context);
  }

  async claim(topic: string, partition: number, worker: string): Promise<Claim> {
    const claimed = await this.#query<{ next_offset: string | null; fence: string; log_time_ms: string | null }>(
      `insert into sluice.progress (pipeline, topic, part, fence, worker) values ($1, $2, $3, 1, $4)
       on conflict (pipeline, topic, part) do update set fence = progress.fence + 1, worker = excluded.worker
       returning next_offset, fence, log_time_ms`,
      [this.pipeline, topic, partition, worker],
    );
    const row = claimed.rows[0];
    if (!row) throw new SluiceError('INTERNAL', 'claiming a partition answered no row');
    return {
      nextOffset: row.next_offset === null ? null : BigInt(row.next_offset),
      fence: BigInt(row.fence),
      logTimeMs: row.log_time_ms === null ? null : Number(row.log_time_ms),
    };
  }

  async begin(topic: string, partition: number, offset: bigint, fence: bigint): Promise<boolean> {
    const done = await this.#query(
      `update sluice.progress set next_offset = $4
       where pipeline = $1 and topic = $2 and part = $3 and fence = $5 and next_offset is null`,
      [this.pipeline, topic, partition, String(offset), String(fence)],
    );
    return done.rowCount === 1;
  }

  landing<T>(work: (tx: LandingTransaction) => Promise<T>): Promise<T> {
    return this.#transaction((db) => {
      const deriving = new PostgresDeriving(db, this.#context, this.#tables);
      return work(new PostgresLanding(db, this.#context, deriving));
    });
  }

  deriving<T>(work: (tx: DerivingTransaction) => Promise<T>): Promise<T> {
    return this.#transaction((db) => work(new PostgresDeriving(db, this.#context, this.#tables)));
  }

  hasSnapshot(): Promise<boolean> {
    return this.#guarded(() => hasSnapshot(this.#pool, this.pipeline));
  }

  markedRoots(
    flow: string,
    limit: number,
    after: bigint,
    upTo = NEWEST,
  ): Promise<{ keys: readonly string[]; last: bigint }> {
    return this.#guarded(() => markedRoots(this.#pool, this.pipeline, flow, limit, after, upTo));
  }

  expandMarks(flow: Flow, limit: number, upTo = NEWEST): Promise<number> {
    return this.#transaction((db) => expandMarks(db, this.#context, flow, limit, upTo));
  }

  tick(now: string): Promise<number> {
    return this.#transaction((db) => tick(db, this.pipeline, now));
  }

  leaseLanes(store: string, owner: string, wanted: number, seconds: number): Promise<readonly number[]> {
    return this.#guarded(() => leaseLanes(this.#pool, this.#context, store, owner, wanted, seconds));
  }

  releaseLanes(store: string, owner: string): Promise<void> {
    return this.#guarded(() => releaseLanes(this.#pool, this.#context, store, owner));
  }

  nextIntents(store: string, lanes: readonly number[], limit: number): Promise<readonly Intent[]> {
    return this.#guarded(() => nextIntents(this.#pool, this.#context, store, lanes, limit));
  }

  settleIntents(settled: readonly SettledIntent[]): Promise<void> {
    return this.#transaction((db) => settleIntents(db, this.pipeline, settled));
  }

  copyBatch(flow: CopyFlow): CopyBatch {
    return copyTable(this.#context.copies, flow).batch();
  }

  async halt(scope: string, code: ErrorCode, reason: string): Promise<void> {
    await this.#query(
      `insert into sluice.halt (pipeline, scope, code, reason) values ($1, $2, $3, $4)
       on conflict (pipeline, scope) do nothing`,
      [this.pipeline, scope, code, reason],
    );
  }

  async halts(): Promise<readonly Halt[]> {
    const found = await this.#query<{ scope: string; code: ErrorCode; reason: string; at: string }>(
      `select scope, code, reason, ${isoMicros('at')} as at from sluice.halt where pipeline = $1 order by scope`,
      [this.pipeline],
    );
    return found.rows;
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }

  #query<R extends pg.QueryResultRow>(text: string, values: unknown[]): Promise<pg.QueryResult<R>> {
    return this.#guarded(() => this.#pool.query<R>(text, values));
  }

  async #guarded<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw classify(error);
    }
  }

  async #transaction<T>(work: (db: Transaction) => Promise<T>): Promise<T> {
    return this.#guarded(async () => {
      const client = await this.#pool.connect();
      let broken: Error | undefined;
      // A connection that dies while idle in a transaction tells by an event; without a listener it ends the process.
      const onError = (error: Error): void => {
        broken = error;
      };
      client.on('error', onError);
      try {
        const result = await work(transactionOn(client));
        // a transaction with a failed statement in it is rolled back by a commit, which is no error to the server
        const { command } = await client.query('commit');
        if (command !== 'COMMIT') throw new SluiceError('TARGET_BUSY', 'the transaction was rolled back at its commit');
        return result;
      } catch (error) {
        await client.query('rollback').catch((failure: Error) => {
          broken = failure;
        });
        throw error;
      } finally {
        client.off('error', onError);
        client.release(broken);
      }
    });
  }
}
