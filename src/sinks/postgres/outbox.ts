import type pg from 'pg';
import { classify } from './classify.ts';
import { ident, isoMicros, type Queryable } from './sql.ts';

/** One row of a service's outbox, as text: numbers in it are as exact as the database has them. */
export interface OutboxRow {
  readonly service: string;
  /** of one aggregate's rows the later one has the higher number */
  readonly id: string;
  readonly aggregate: string;
  readonly aggregateId: string;
  /** `<aggregate>.<what became of it>` */
  readonly type: string;
  readonly correlationId: string | null;
  /** ISO UTC with microseconds */
  readonly at: string;
  /** the row it tells of, as JSON text */
  readonly data: string;
  /** key of the source's row; null where it is of none */
  readonly legacyId: string | null;
  /** it is of a row that is gone at the source */
  readonly isGone: boolean;
}

/** Transactions that take longer keep what came after them from being told; they are asked again in the next round. */
const PATIENCE_MS = 3_000;
const ASK_EVERY_MS = 20;

/** Rows that were sent are kept so long, for those who look back. */
const KEPT_DAYS = 7;

/** The outboxes of the live schemas. Filled by triggers in the transactions they tell of (schema/0017_outbox.sql). */
export class PostgresOutbox {
  readonly #pool: pg.Pool;
  readonly #services: readonly string[];

  constructor(pool: pg.Pool, services: readonly string[]) {
    this.#pool = pool;
    this.#services = services;
  }

  /**
   * Sends at most `limit` rows of each service, the oldest first, and marks them once `send` has resolved: a crash in
   * between sends them again. One at a time, by a lock, or an older word could come after a newer one.
   * @returns how many were sent; null when somebody else is at it
   */
  async tell(limit: number, send: (rows: readonly OutboxRow[]) => Promise<void>): Promise<number | null> {
    const client = await this.#pool.connect().catch((error: unknown) => {
      throw classify(error);
    });
    let isClean = false;
    try {
      const lock = await client
        .query<{ got: boolean }>(
          "select pg_try_advisory_lock(hashtextextended('sluice outbox ' || current_database(), 0)) as got",
        )
        .catch((error: unknown) => {
          throw classify(error);
        });
      if (!lock.rows[0]?.got) {
        isClean = true;
        return null;
      }
      let sent = 0;
      for (const [service, upTo] of await settledNumbers(client, this.#services))
        sent += await tellService(client, service, upTo, limit, send);
      await client.query('select pg_advisory_unlock_all()');
      isClean = true;
      return sent;
    } finally {
      // with the connection the lock goes, too
      client.release(!isClean);
    }
  }

  /** Rows not sent yet. */
  async unpublished(): Promise<number> {
    const counts = this.#services.map(
      (service) => `(select count(*) from ${ident(service)}.outbox where published_at is null)`,
    );
    const found = await this.#pool.query<{ n: string }>(`select ${counts.join(' + ')} as n`);
    return Number(found.rows[0]?.n ?? 0);
  }
}

/** Transactions of this database that have written; others of the server are none of ours. */
const WRITING = `select l.transactionid::text from pg_locks l left join pg_stat_activity a on a.pid = l.pid
  where l.locktype = 'transactionid' and l.mode = 'ExclusiveLock' and l.granted
    and (l.pid is null or a.datname = current_database())`;

/**
 * Up to which number each outbox is whole. Numbers are given before they are committed, and a smaller one may come to
 * light after a larger one; but whoever has it had begun to write before the larger one was seen. None where that takes
 * too long.
 */
async function settledNumbers(db: Queryable, services: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const newest = services.map(
    (service) => `(select max(id)::text from ${ident(service)}.outbox where published_at is null)`,
  );
  const { rows } = await db.query<{ writing: string[]; newest: (string | null)[] }>(
    `select array(${WRITING}) as writing, array[${newest.join(', ')}]::text[] as newest`,
  );
  const found = new Map<string, string>();
  for (const [n, service] of services.entries()) {
    const number = rows[0]?.newest[n];
    if (number != null) found.set(service, number);
  }
  for (const until = Date.now() + PATIENCE_MS; found.size > 0; ) {
    const { rows: still } = await db.query(`select from (${WRITING}) w where transactionid = any($1)`, [
      rows[0]?.writing,
    ]);
    if (still.length === 0) break;
    if (Date.now() > until) return new Map();
    await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
  }
  return found;
}

async function tellService(
  db: Queryable,
  service: string,
  upTo: string,
  limit: number,
  send: (rows: readonly OutboxRow[]) => Promise<void>,
): Promise<number> {
  const outbox = `${ident(service)}.outbox`;
  const { rows } = await db.query<OutboxRow>(
    `select $1::text as service, id::text, aggregate, aggregate_id::text as "aggregateId", type,
       correlation_id::text as "correlationId", ${isoMicros('created_at')} as at, payload::text as data,
       payload ->> 'legacy_id' as "legacyId",
       type like '%.deleted' or payload ->> 'deleted_at' is not null as "isGone"
     from ${outbox} o where published_at is null and id <= $3 order by o.id limit $2`,
    [service, limit, upTo],
  );
  if (rows.length === 0) return 0;
  await send(rows);
  await db.query(`update ${outbox} set published_at = clock_timestamp() where id = any($1::bigint[])`, [
    rows.map(({ id }) => id),
  ]);
  await db.query(`delete from ${outbox} where published_at < clock_timestamp() - $1 * interval '1 day'`, [KEPT_DAYS]);
  return rows.length;
}
