import type pg from 'pg';
import { type JsonObject, type Migration, type PostgresTarget, SluiceError } from '../../core/index.ts';
import { type LedgerContext, ledgerContext } from './context.ts';
import type { CopyFields } from './copy/table.ts';
import type { Queryable } from './sql.ts';
import { TargetTables } from './target-tables.ts';

/** A shadow that a replay has filled. */
export interface ShadowRecord {
  readonly flow: string | null;
  readonly state: 'replaying' | 'ready';
  /** from the beginning of topics that hold all rows */
  readonly whole: boolean;
  /** why it is not whole */
  readonly lacks: string | null;
  /** hash of the rules it is made by; '': it holds what was live; null: they were not noted */
  readonly rules: string | null;
  /** content columns by target */
  readonly columns: Readonly<Record<string, readonly string[]>>;
  /** offset after the last record landed, by `topic/partition` */
  readonly reached: ReadonlyMap<string, bigint>;
}

/** A replay into a shadow that begins. */
export interface ReplayBegun {
  readonly flow: string | null;
  readonly from: string;
  /** what a shadow filled so may lack; null: nothing */
  readonly lacks: string | null;
  /** hash of the rules */
  readonly rules: string;
}

/** Documents of one target that only one of the two has. */
export interface OneSided {
  readonly flow: string;
  readonly target: string;
  readonly side: 'live' | 'shadow';
  readonly count: number;
  readonly ids: readonly string[];
}

/** A document both have, with different content. */
export interface TwoSided {
  readonly flow: string;
  readonly id: string;
  readonly live: JsonObject;
  readonly shadow: JsonObject;
}

const PAGE = 1_000;
const SAMPLE = 5;

/** What is known of one shadow, beside the live run of its migration. */
export class PostgresShadows {
  readonly #pool: pg.Pool;
  readonly #live: LedgerContext;
  readonly #shadow: LedgerContext;

  constructor(pool: pg.Pool, migration: Migration, shadow: string) {
    this.#pool = pool;
    this.#live = ledgerContext(migration.name, migration, '');
    this.#shadow = ledgerContext(shadow, migration, `__${shadow}`);
  }

  /**
   * A shadow that an ended replay made whole stays so; one whose replay was killed is whole by a whole replay only.
   * Throws CONFIG_INVALID where the shadow is made by other rules: what is landed in it already is not derived again.
   */
  async begin({ flow, from, lacks, rules }: ReplayBegun): Promise<void> {
    const stays = `(shadow.whole and shadow.state = 'ready')`;
    const done = await this.#pool.query(
      `insert into sluice.shadow (pipeline, migration, flow, began_at, whole, lacks, rules)
       values ($1, $2, $3, $4, $5::text is null, $5, $6)
       on conflict (pipeline) do update set flow = excluded.flow, began_at = excluded.began_at, state = 'replaying',
         whole = excluded.whole or ${stays}, lacks = case when not ${stays} then excluded.lacks end
       where shadow.rules = excluded.rules and shadow.migration = excluded.migration`,
      [this.#shadow.pipeline, this.#live.pipeline, flow, from, lacks, rules],
    );
    if ((done.rowCount ?? 0) > 0) return;
    const name = this.#shadow.pipeline;
    throw new SluiceError(
      'CONFIG_INVALID',
      `a shadow '${name}' is there, made by other rules (release, contract, settings) or holding what was live: \`sluice replay discard ${name}\`, or take another name`,
    );
  }

  async filled(columns: ShadowRecord['columns'], reached: ReadonlyMap<string, bigint>): Promise<void> {
    const places = Object.fromEntries([...reached].map(([name, offset]) => [name, String(offset)]));
    await this.#pool.query(
      `update sluice.shadow set state = 'ready', columns = columns || $2::jsonb, reached = reached || $3::jsonb
       where pipeline = $1`,
      [this.#shadow.pipeline, JSON.stringify(columns), JSON.stringify(places)],
    );
  }

  /** Its tables have changed places with the live ones: by which rules those were made nobody has noted. */
  async tookLive(db: Queryable): Promise<void> {
    await db.query(`update sluice.shadow set rules = '' where pipeline = $1`, [this.#shadow.pipeline]);
  }

  /** null: no replay has filled a shadow of this name for this migration */
  async read(): Promise<ShadowRecord | null> {
    const found = await this.#pool.query<Omit<ShadowRecord, 'reached'> & { reached: Record<string, string> }>(
      'select flow, state, whole, lacks, rules, columns, reached from sluice.shadow where pipeline = $1 and migration = $2',
      [this.#shadow.pipeline, this.#live.pipeline],
    );
    const row = found.rows[0];
    if (!row) return null;
    return { ...row, reached: new Map(Object.entries(row.reached).map(([name, at]) => [name, BigInt(at)])) };
  }

  async oneSided(): Promise<readonly OneSided[]> {
    const found = await this.#pool.query<OneSided>(
      `select coalesce(l.flow, s.flow) as flow, coalesce(l.target, s.target) as target,
         case when s.id is null then 'live' else 'shadow' end as side, count(*)::int as count,
         (array_agg(coalesce(l.id, s.id) order by coalesce(l.id, s.id)))[1:${SAMPLE}] as ids
       from (select flow, target, id from sluice.document where pipeline = $1 and not gone) l
       full join (select flow, target, id from sluice.document where pipeline = $2 and not gone) s
         on s.target = l.target and s.id = l.id
       where l.id is null or s.id is null group by 1, 2, 3 order by 1, 2, 3`,
      [this.#live.pipeline, this.#shadow.pipeline],
    );
    return found.rows;
  }

  /** Documents of one target that differ, page by page. */
  async *differing(targetName: string): AsyncIterable<readonly TwoSided[]> {
    const target = this.#live.target(targetName);
    for (let after = ''; ; ) {
      const found = await this.#pool.query<{
        id: string;
        flow: string;
        live: JsonObject | null;
        shadow: JsonObject | null;
      }>(
        `select l.id, s.flow, l.content as live, s.content as shadow from sluice.document l
         join sluice.document s on s.pipeline = $2 and s.target = l.target and s.id = l.id
         where l.pipeline = $1 and l.target = $3 and l.id > $4 and not l.gone and not s.gone and l.hash <> s.hash
         order by l.id limit ${PAGE}`,
        [this.#live.pipeline, this.#shadow.pipeline, targetName, after],
      );
      const { rows } = found;
      if (rows.length === 0) return;
      if (target.kind === 'postgres') yield await this.#rows(target, rows);
      else yield rows.map(({ live, shadow, ...one }) => ({ ...one, live: live ?? {}, shadow: shadow ?? {} }));
      after = rows.at(-1)?.id ?? '';
    }
  }

  async #rows(target: PostgresTarget, found: readonly { id: string; flow: string }[]): Promise<readonly TwoSided[]> {
    const ids = found.map(({ id }) => id);
    const [live, shadow] = await Promise.all([
      new TargetTables(this.#live).read(this.#pool, target, ids),
      new TargetTables(this.#shadow).read(this.#pool, target, ids),
    ]);
    return found.map(({ id, flow }) => ({ id, flow, live: live.get(id) ?? {}, shadow: shadow.get(id) ?? {} }));
  }

  /** The same of the tables that are copied, which have no documents. */
  async copies(): Promise<readonly (CopyFields & { readonly flow: string })[]> {
    const found: (CopyFields & { flow: string })[] = [];
    for (const [flow, table] of this.#shadow.copies) {
      const live = this.#live.copies.get(flow);
      if (live) found.push({ flow, ...(await live.differences(this.#pool, table, SAMPLE)) });
    }
    return found;
  }

  async note(action: 'promoted' | 'discarded', by: string, how: JsonObject, db: Queryable = this.#pool): Promise<void> {
    await db.query('insert into sluice.promotion (pipeline, shadow, action, how, by) values ($1, $2, $3, $4, $5)', [
      this.#live.pipeline,
      this.#shadow.pipeline,
      action,
      JSON.stringify(how),
      by,
    ]);
  }
}
