import type pg from 'pg';
import { DIGEST_SHIFT, type ExpectedRow } from '../../../core/index.ts';
import { bigints, texts } from '../arrays.ts';
import { classify } from '../classify.ts';
import type { Queryable } from '../sql.ts';

/** What is expected of the rows of state tables, hashed; the totals of its buckets move with it. */
export class DigestStore {
  readonly #pool: pg.Pool;
  readonly #pipeline: string;

  constructor(pool: pg.Pool, pipeline: string) {
    this.#pool = pool;
    this.#pipeline = pipeline;
  }

  /** Nothing is known any longer of these targets of a flow. */
  forget(flow: string, targets: readonly string[]): Promise<void> {
    return this.#alone(targets, async (db) => {
      await db.query(`delete from sluice.digest_document where pipeline = $1 and flow = $2 and target = any($3)`, [
        this.#pipeline,
        flow,
        targets,
      ]);
      await db.query('delete from sluice.digest_bucket where pipeline = $1 and target = any($2)', [
        this.#pipeline,
        targets,
      ]);
      await db.query(
        `insert into sluice.digest_bucket (pipeline, target, bucket, n, a, b)
         select pipeline, target, place >> ${DIGEST_SHIFT}, count(*), sum(a), sum(b) from sluice.digest_document
         where pipeline = $1 and target = any($2) and a is not null group by 1, 2, 3`,
        [this.#pipeline, targets],
      );
    });
  }

  /**
   * Takes over what some settled roots of a flow should have in a target; what else was expected of these roots is not
   * any longer. A row without `a` is known to be expected nowhere.
   */
  save(
    target: string,
    flow: string,
    roots: readonly string[],
    rows: readonly (Omit<ExpectedRow, 'a' | 'b' | 'flow'> & { readonly a: bigint | null; readonly b: bigint | null })[],
  ): Promise<void> {
    if (roots.length === 0 && rows.length === 0) return Promise.resolve();
    return this.#alone([target], async (db) => {
      await db.query(
        `with new as (
           select * from unnest($5::text[], $6::text[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[])
             u(id, root, revision, place, a, b))
         , old as (
           select e.id, e.place, e.a, e.b from sluice.digest_document e
           where e.pipeline = $1 and e.target = $2 and e.flow = $3 and e.root = any($4::text[])
           union select e.id, e.place, e.a, e.b from new n
             join sluice.digest_document e on e.id = n.id and e.target = $2 and e.pipeline = $1)
         , gone as (
           update sluice.digest_document e set a = null, b = null from old o
           where e.pipeline = $1 and e.target = $2 and e.id = o.id and o.a is not null
             and not exists (select from new n where n.id = o.id))
         , put as (
           insert into sluice.digest_document as e (pipeline, target, id, flow, root, revision, place, a, b)
           select $1, $2, n.id, $3, n.root, n.revision, n.place, n.a, n.b from new n
           on conflict (id, target, pipeline) do update set flow = excluded.flow, root = excluded.root,
             revision = excluded.revision, place = excluded.place, a = excluded.a, b = excluded.b)
         insert into sluice.digest_bucket as t (pipeline, target, bucket, n, a, b)
         select $1, $2, place >> ${DIGEST_SHIFT}, sum(n), sum(a), sum(b) from (
           select place, 1 as n, a::numeric as a, b::numeric as b from new where a is not null
           union all select place, -1, -(a::numeric), -(b::numeric) from old where a is not null) q
         group by 3
         on conflict (pipeline, target, bucket) do update set n = t.n + excluded.n, a = t.a + excluded.a, b = t.b + excluded.b`,
        [
          this.#pipeline,
          target,
          flow,
          texts(roots),
          texts(rows.map(({ id }) => id)),
          texts(rows.map(({ root }) => root)),
          bigints(rows.map(({ revision }) => revision)),
          bigints(rows.map(({ place }) => place)),
          bigints(rows.map(({ a }) => a)),
          bigints(rows.map(({ b }) => b)),
        ],
      );
    });
  }

  /** Two that write expectations of a target take turns: each reads what it takes off the totals. */
  async #alone(targets: readonly string[], work: (db: Queryable) => Promise<void>): Promise<void> {
    const client = await this.#pool.connect();
    let broken = true;
    try {
      await client.query('begin');
      for (const target of [...targets].sort())
        await client.query(
          `select pg_advisory_xact_lock(hashtextextended('digest' || chr(31) || $1 || chr(31) || $2, 0))`,
          [this.#pipeline, target],
        );
      await work(client);
      await client.query('commit');
      broken = false;
    } catch (error) {
      throw classify(error);
    } finally {
      client.release(broken);
    }
  }
}
