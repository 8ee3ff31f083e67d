import {
  DIGEST_SHIFT,
  type DigestBuckets,
  type DigestRow,
  type DigestSide,
  type DigestTotals,
  type ExpectedRow,
  type PostgresTarget,
  type WantedDocument,
} from '../../../core/index.ts';
import { bigints } from '../arrays.ts';
import type { LedgerContext } from '../context.ts';
import { ident, type Queryable, qualified } from '../sql.ts';
import { keyColumns } from '../target-tables.ts';
import { asRow, plainColumns } from './pairs.ts';
import { readReadable } from './readable.ts';

/** A document of a root. */
export interface OwedRow {
  readonly id: string;
  readonly flow: string;
  readonly root: string;
}

interface SumRow {
  bucket: string;
  n: string;
  a: string;
  b: string;
}

interface HashedRow {
  id: string;
  place: string;
  a: string;
  b: string;
}

const hashed = ({ id, place, a, b }: HashedRow) => ({ id, place: BigInt(place), a: BigInt(a), b: BigInt(b) });

const keyOf = (target: PostgresTarget, of: string): string =>
  target.key.map((column) => `${of}.${ident(column)}::text`).join(' || chr(31) || ');

const placeOf = (target: PostgresTarget, of: string): string => `hashtextextended(${keyOf(target, of)}, 0)`;

/**
 * Key and content as one text, as the columns' own types write them. Hashed as a whole: were the columns hashed one by one
 * and combined by a linear rule, two rows that change contents would leave the sums as they were.
 */
const textOf = (target: PostgresTarget, columns: readonly string[], of: string): string =>
  `row(${[...target.key, ...columns.filter((column) => !target.key.includes(column))]
    .map((column) => `${of}.${ident(column)}`)
    .join(', ')})::text`;

const HASHES = 'hashtextextended(x, 1) as a, hashtextextended(x, 2) as b';
const SUMS = 'count(*) as n, coalesce(sum(a), 0)::text as a, coalesce(sum(b), 0)::text as b';

const totalsBy = (rows: readonly SumRow[]): Map<bigint, DigestTotals> =>
  new Map(rows.map(({ bucket, n, a, b }) => [BigInt(bucket), { count: Number(n), a: BigInt(a), b: BigInt(b) }]));

/** What the digest engine reads of the ledger and its tables at one moment. */
export class DigestMoment {
  readonly #db: Queryable;
  readonly #context: LedgerContext;

  constructor(db: Queryable, context: LedgerContext) {
    this.#db = db;
    this.#context = context;
  }

  /** What is written later than this moment, or was not committed at it, is told by `landedSince` of this mark. */
  async mark(): Promise<string> {
    const found = await this.#db.query<{ mark: string }>(
      // without its epoch: rows bear 32 bits of it
      `select (pg_snapshot_xmin(pg_current_snapshot())::text::numeric % 4294967296)::text as mark`,
    );
    return found.rows[0]?.mark ?? '0';
  }

  /** Keys of landed rows written since a mark, by whomever, after one, in their order. */
  async landedSince(table: string, mark: string, after: string, limit: number): Promise<readonly string[]> {
    const found = await this.#db.query<{ key: string }>(
      `select key from ${this.#context.table(table).sql} where age(xmin) <= age($1::text::xid) and key > $2 order by key limit $3`,
      [mark, after, limit],
    );
    return found.rows.map(({ key }) => key);
  }

  /** Contents as rows of the table would be; those that a column's type refuses are left out. */
  async hashed(target: PostgresTarget, columns: readonly string[], wanted: readonly WantedDocument[]) {
    if (wanted.length === 0) return [];
    const table = qualified(target.name, this.#context.schemaSuffix);
    const plain = await plainColumns(this.#db, table);
    return readReadable(this.#db, wanted, async (some) => {
      const found = await this.#db.query<HashedRow>(
        `select id, place, ${HASHES} from (
           select e.v ->> 'id' as id, ${placeOf(target, 'r')} as place, ${textOf(target, columns, 'r')} as x
           from jsonb_array_elements($1::jsonb) e(v)
           cross join lateral jsonb_populate_record(null::${table}, e.v -> 'row') r offset 0) q`,
        [JSON.stringify(some.map(({ id, content }) => ({ id, row: asRow(target, id, content, plain) })))],
      );
      return found.rows.map(hashed);
    });
  }

  /** Rows as the table holds them, by the ids of their documents. */
  async held(target: PostgresTarget, columns: readonly string[], ids: readonly string[]) {
    if (ids.length === 0) return [];
    const table = qualified(target.name, this.#context.schemaSuffix);
    const match = target.key.map((column) => `t.${ident(column)} = r.${ident(column)}`).join(' and ');
    const found = await this.#db.query<HashedRow>(
      `select id, place, ${HASHES} from (
         select e.v ->> 'id' as id, ${placeOf(target, 't')} as place, ${textOf(target, columns, 't')} as x
         from jsonb_array_elements($1::jsonb) e(v)
         cross join lateral jsonb_populate_record(null::${table}, e.v -> 'key') r
         join ${table} t on ${match} offset 0) q`,
      [JSON.stringify(ids.map((id) => ({ id, key: keyColumns(target, id) })))],
    );
    return found.rows.map(hashed);
  }

  /** Documents on record of which it is not known what is expected, or no longer, after one, in their order. */
  async owed(target: PostgresTarget, after: string, limit: number): Promise<readonly OwedRow[]> {
    const found = await this.#db.query<{ id: string; flow: string; root: string }>(
      `select d.id, d.flow, d.root from sluice.document d
       left join sluice.digest_document e on e.id = d.id and e.target = d.target and e.pipeline = d.pipeline
       where d.pipeline = $1 and d.target = $2 and d.id > $3
         and case when d.gone then e.a is not null else e.revision is distinct from d.revision end
       order by d.id limit $4`,
      [this.#context.pipeline, target.name, after, limit],
    );
    return found.rows;
  }

  /** Where the rows of documents are, or would be. */
  async places(target: PostgresTarget, ids: readonly string[]): Promise<ReadonlyMap<string, bigint>> {
    if (ids.length === 0) return new Map();
    const table = qualified(target.name, this.#context.schemaSuffix);
    const found = await this.#db.query<{ id: string; place: string }>(
      `select e.v ->> 'id' as id, ${placeOf(target, 'r')} as place from jsonb_array_elements($1::jsonb) e(v)
       cross join lateral jsonb_populate_record(null::${table}, e.v -> 'key') r`,
      [JSON.stringify(ids.map((id) => ({ id, key: keyColumns(target, id) })))],
    );
    return new Map(found.rows.map(({ id, place }) => [id, BigInt(place)]));
  }

  /** Documents of which something is known in these places, whether they are expected or not. */
  async knownIn(target: PostgresTarget, places: readonly bigint[]): Promise<readonly OwedRow[]> {
    if (places.length === 0) return [];
    const found = await this.#db.query<{ id: string; flow: string; root: string }>(
      `select id, flow, root from sluice.digest_document where pipeline = $1 and target = $2 and place = any($3::bigint[])`,
      [this.#context.pipeline, target.name, bigints(places)],
    );
    return found.rows;
  }

  /** What is expected, as it is kept. */
  expected(target: PostgresTarget, leftOut: readonly bigint[]): DigestSide<ExpectedRow> {
    const of = [this.#context.pipeline, target.name, bigints(leftOut)];
    const among = `from unnest($4::bigint[]) k(n) join sluice.digest_document e
      on e.place between k.n << $5 and (k.n << $5) + (1::bigint << $5) - 1
      where e.pipeline = $1 and e.target = $2 and e.a is not null and not e.place = any($3::bigint[])`;
    return {
      totals: async (shift, within) => {
        const found = within
          ? await this.#db.query<SumRow>(`select e.place >> $6 as bucket, ${SUMS} ${among} group by 1`, [
              ...of,
              bigints(within.numbers),
              within.shift,
              shift,
            ])
          : await this.#keptTotals(of);
        return totalsBy(found.rows);
      },
      rows: async ({ shift, numbers }) => {
        const found = await this.#db.query<HashedRow & { flow: string; root: string; revision: string }>(
          `select e.id, e.flow, e.root, e.revision, e.place, e.a, e.b ${among}`,
          [...of, bigints(numbers), shift],
        );
        return found.rows.map(({ flow, root, revision, ...row }) => ({
          ...hashed(row),
          flow,
          root,
          revision: BigInt(revision),
        }));
      },
    };
  }

  #keptTotals(of: readonly unknown[]) {
    return this.#db.query<SumRow>(
      `select bucket, sum(n) as n, sum(a)::text as a, sum(b)::text as b from (
         select bucket, n, a, b from sluice.digest_bucket where pipeline = $1 and target = $2
         union all select place >> ${DIGEST_SHIFT}, -1, -(a::numeric), -(b::numeric) from sluice.digest_document
         where pipeline = $1 and target = $2 and a is not null and place = any($3::bigint[])) q
       group by bucket having sum(n) <> 0`,
      [...of],
    );
  }

  /** What the table itself holds: read whole for each answer, in the server, a row at a time. */
  actual(target: PostgresTarget, columns: readonly string[], leftOut: readonly bigint[]): DigestSide<DigestRow> {
    const place = placeOf(target, 't');
    const rows = (within: DigestBuckets | null): [text: string, values: unknown[]] => [
      `from (select place, ${HASHES} from (
         select ${place} as place, ${textOf(target, columns, 't')} as x
         from ${qualified(target.name, this.#context.schemaSuffix)} t
         where not ${place} = any($1::bigint[]) ${within ? `and ${place} >> $2 = any($3::bigint[])` : ''} offset 0) q offset 0) r`,
      [bigints(leftOut), ...(within ? [within.shift, bigints(within.numbers)] : [])],
    ];
    return {
      totals: async (shift, within) => {
        const [from, values] = rows(within);
        const found = await this.#db.query<SumRow>(
          `select place >> ${shift} as bucket, ${SUMS} ${from} group by 1`,
          values,
        );
        return totalsBy(found.rows);
      },
      rows: async (within) => {
        const [from, values] = rows(within);
        const found = await this.#db.query<HashedRow>(`select '' as id, place, a, b ${from}`, values);
        return found.rows.map(hashed);
      },
    };
  }
}
