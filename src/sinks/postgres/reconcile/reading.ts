import type pg from 'pg';
import { type Flow, isAtRoot, jointsOf, type LandedState, type Migration } from '../../../core/index.ts';
import { texts } from '../arrays.ts';
import { classify } from '../classify.ts';
import { type LedgerContext, ledgerContext } from '../context.ts';
import { type LandedRecord, landedColumns, landedState } from '../landed-rows.ts';
import { linkColumn } from '../landed-tables.ts';
import { isoMicros } from '../sql.ts';
import { rootsAbove } from './climb.ts';
import { PostgresMoment } from './moment.ts';

/** What reconciliation reads of the ledger. It writes nothing. */
export class LedgerReading {
  readonly #pool: pg.Pool;
  readonly #context: LedgerContext;

  constructor(
    pool: pg.Pool,
    options: { readonly migration: Migration; readonly pipeline: string; readonly schemaSuffix: string },
  ) {
    this.#pool = pool;
    this.#context = ledgerContext(options.pipeline, options.migration, options.schemaSuffix);
  }

  /** All that `work` reads is of one moment. */
  async moment<T>(work: (moment: PostgresMoment) => Promise<T>): Promise<T> {
    return this.#guarded(async () => {
      const client = await this.#pool.connect();
      let broken = true;
      try {
        await client.query('begin isolation level repeatable read read only');
        const answer = await work(new PostgresMoment(client, this.#context));
        await client.query('commit');
        broken = false;
        return answer;
      } finally {
        client.release(broken);
      }
    });
  }

  /**
   * Keys of the roots a flow could have, after one, in their order. A group whose last row has left it still owns what was
   * made of it.
   */
  async roots(flow: Flow, after: string, limit: number): Promise<readonly string[]> {
    const sources =
      'table' in flow.root
        ? [`select key as v from ${this.#context.table(flow.root.table).sql} where key > $1 order by 1 limit $2`]
        : [
            ...flow.parts
              .filter((part) => jointsOf(part).some(isAtRoot))
              .map(({ table, link }) => {
                const [of, column] = [this.#context.table(table).sql, link === 'key' ? 'key' : linkColumn(link)];
                return `select distinct ${column} as v from ${of} where ${column} > $1 order by 1 limit $2`;
              }),
            `select distinct root as v from sluice.document where pipeline = $3 and flow = $4 and root > $1 order by 1 limit $2`,
          ];
    const found = await this.#query<{ v: string }>(
      `select v from (${sources.map((source) => `(${source})`).join(' union ')}) r order by 1 limit $2`,
      [after, limit, ...('table' in flow.root ? [] : [this.#context.pipeline, flow.name])],
    );
    return found.map(({ v }) => v);
  }

  async landed(table: string, keys: readonly string[]): Promise<ReadonlyMap<string, LandedState>> {
    const of = this.#context.table(table);
    const found = await this.#query<LandedRecord>(
      `select ${landedColumns(of)} from ${of.sql} where key = any($1::text[])`,
      [texts(keys)],
    );
    return new Map(found.map((row) => [row.key, landedState(of, row)]));
  }

  /** How many rows of a table hold a change that was committed at the source since then; null: all that are landed. */
  async landedSince(table: string, since: string | null): Promise<number> {
    const found = await this.#query<{ n: string }>(
      `select count(*) as n from ${this.#context.table(table).sql} where $1::timestamptz is null or source_time::timestamptz >= $1`,
      [since],
    );
    return Number(found[0]?.n ?? 0);
  }

  /** Keys of rows that are landed and not deleted, after one, in their order. */
  async alive(table: string, after: string, limit: number): Promise<readonly string[]> {
    const found = await this.#query<{ key: string }>(
      `select key from ${this.#context.table(table).sql} where key > $1 and not deleted order by key limit $2`,
      [after, limit],
    );
    return found.map(({ key }) => key);
  }

  rootsAbove(flow: Flow, part: string, values: readonly string[]): Promise<ReadonlySet<string>> {
    return this.#guarded(() => rootsAbove(this.#pool, this.#context, flow, part, values));
  }

  /** Rows of a table with a parked record: what they should be is not known. */
  async parkedRows(table: string): Promise<ReadonlySet<string>> {
    const found = await this.#query<{ key: string }>(
      `select key from sluice.parked where pipeline = $1 and kind = 'record' and scope = $2 and state = 'parked'`,
      [this.#context.pipeline, table],
    );
    return new Set(found.map(({ key }) => key));
  }

  /** Which of these ids of a target a recorded document accounts for. */
  async recorded(target: string, ids: readonly string[]): Promise<ReadonlySet<string>> {
    const found = await this.#query<{ id: string }>(
      `select id from sluice.document where pipeline = $1 and target = $2 and id = any($3::text[])`,
      [this.#context.pipeline, target, texts(ids)],
    );
    return new Set(found.map(({ id }) => id));
  }

  async documentCount(target: string): Promise<number> {
    const found = await this.#query<{ n: string }>(
      `select count(*) as n from sluice.document where pipeline = $1 and target = $2 and (content is not null or not gone)`,
      [this.#context.pipeline, target],
    );
    return Number(found[0]?.n ?? 0);
  }

  /**
   * Commit time of the oldest piece of work of the pipeline not yet done, ISO UTC; null when none is owed. A root whose
   * need has been met is work, although the tick that marks it is still to come.
   */
  async oldestOwed(): Promise<string | null> {
    const found = await this.#query<{ at: string | null }>(
      `select ${isoMicros('min(at)')} as at from (
         select min(source_time) as at from sluice.mark where pipeline = $1
         union all select min(source_time) from sluice.intent where pipeline = $1 and state <> 'parked'
         union all select min(coalesce(w.source_time, w.since)) from sluice.waiting w join sluice.document d
           on d.pipeline = w.pipeline and d.target = w.need_target and d.id = w.need_id and not d.gone
           where w.pipeline = $1) w`,
      [this.#context.pipeline],
    );
    return found[0]?.at ?? null;
  }

  /** Roots that wait for a document that is not there: of them nothing is at the targets. */
  async waitingRoots(): Promise<number> {
    const found = await this.#query<{ n: string }>(
      'select count(distinct (flow, root)) as n from sluice.waiting where pipeline = $1',
      [this.#context.pipeline],
    );
    return Number(found[0]?.n ?? 0);
  }

  async #query<R extends pg.QueryResultRow>(text: string, values: unknown[]): Promise<readonly R[]> {
    return this.#guarded(async () => (await this.#pool.query<R>(text, values)).rows);
  }

  async #guarded<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw classify(error);
    }
  }
}
