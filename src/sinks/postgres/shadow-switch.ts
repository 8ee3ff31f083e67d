import type pg from 'pg';
import { type JsonObject, type Migration, SluiceError } from '../../core/index.ts';
import type { SchemaFolder } from './admin.ts';
import { type LedgerContext, ledgerContext } from './context.ts';
import { markUnsettled, swapRendered } from './shadow-states.ts';
import { PostgresShadows } from './shadows.ts';
import { ident, type Queryable } from './sql.ts';

export interface SwitchOptions {
  /** false: everything is delivered by the live worker */
  readonly switches: boolean;
  readonly by: string;
  readonly how: JsonObject;
  /** where the shadow is, by `topic/partition` */
  readonly reached: () => ReadonlyMap<string, bigint>;
  /** brings the shadow to these offsets, on other connections */
  readonly catchUp: (to: ReadonlyMap<string, bigint>) => Promise<void>;
  /** waits a little; false: long enough */
  readonly pause: () => Promise<boolean>;
}

export interface Switched {
  /** schemas that changed places */
  readonly switched: readonly string[];
  /** roots marked because documents differ that do not change places */
  readonly marked: number;
  /** roots marked because more is known of them than their documents, and not the same in both (see `markUnsettled`) */
  readonly unsettled: number;
}

/** Puts a shadow's tables into the place of the live ones. */
export class ShadowSwitch {
  readonly #pool: pg.Pool;
  readonly #live: LedgerContext;
  readonly #shadow: LedgerContext;
  readonly #schemas: readonly string[];
  readonly #shadows: PostgresShadows;

  constructor(pool: pg.Pool, migration: Migration, shadow: string, folders: readonly SchemaFolder[]) {
    this.#pool = pool;
    this.#live = ledgerContext(migration.name, migration, '');
    this.#shadow = ledgerContext(shadow, migration, `__${shadow}`);
    this.#schemas = folders.map(({ schema }) => schema);
    this.#shadows = new PostgresShadows(pool, migration, shadow);
  }

  /** where the live run is, by `topic/partition` */
  progress(): Promise<ReadonlyMap<string, bigint>> {
    return progressOf(this.#pool, this.#live.pipeline, '');
  }

  /** how much of the live run is halted */
  async halted(): Promise<number> {
    const found = await this.#pool.query('select from sluice.halt where pipeline = $1', [this.#live.pipeline]);
    return found.rowCount ?? 0;
  }

  /**
   * Throws CONFIG_INVALID when a live schema holds rows, in a table that no document is written to, that the shadow has
   * not: its readers would lose them. Rows that the schema's own files put there are in both.
   */
  async refuseForeignRows(): Promise<void> {
    const targets = new Set(this.#live.migration.flows.flatMap((flow) => flow.targets.map(({ name }) => name)));
    const tables = await this.#pool.query<{ schema: string; name: string }>(
      `select n.nspname as schema, c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
       where c.relkind in ('r', 'p') and not c.relispartition and n.nspname = any($1) and c.relname not in ('schema_version', 'outbox') order by 1, 2`,
      [this.#schemas],
    );
    for (const { schema, name } of tables.rows) {
      if (targets.has(`${schema}.${name}`)) continue;
      const other = `${ident(schema + this.#shadow.schemaSuffix)}.${ident(name)}`;
      const rows = await this.#pool.query(
        `select to_jsonb(l) from ${ident(schema)}.${ident(name)} l except select to_jsonb(s) from ${other} s limit 1`,
      );
      if (rows.rowCount === 0) continue;
      throw new SluiceError(
        'CONFIG_INVALID',
        `${schema}.${name} holds rows that no replay makes, and a switch would lose them: promote with --deliver`,
      );
    }
  }

  /** null: equal progress was not reached, and nothing was changed */
  async attempt(options: SwitchOptions): Promise<Switched | null> {
    const client = await this.#pool.connect();
    try {
      await client.query('begin');
      // however long the shadow needs for the rest of the way
      await client.query('set local idle_in_transaction_session_timeout = 0');
      // from here on nothing is landed by the live run; what it has landed it goes on to derive
      const live = await progressOf(client, this.#live.pipeline, 'for update');
      const lags = (): boolean => [...options.reached()].some(([name, at]) => at < (live.get(name) ?? 0n));
      if (lags()) await options.catchUp(live);
      const isEqual = [...options.reached()].every(([name, at]) => at === (live.get(name) ?? 0n));
      if (!isEqual || !(await this.#drained(client, options.pause))) {
        await client.query('rollback');
        return null;
      }
      const marked = await this.#markDiffering(client, options.switches);
      const unsettled = await markUnsettled(client, this.#live, this.#shadow);
      if (options.switches) {
        await this.#switch(client);
        await this.#shadows.tookLive(client);
      }
      const switched = options.switches ? this.#schemas : [];
      const how = { ...options.how, marked, unsettled, schemas: switched };
      await this.#shadows.note('promoted', options.by, how, client);
      await client.query('commit');
      return { switched, marked, unsettled };
    } catch (error) {
      await client.query('rollback').catch(() => undefined);
      throw error;
    } finally {
      client.release();
    }
  }

  /** Waits until neither has anything left to derive, then keeps everybody from writing documents. */
  async #drained(client: pg.PoolClient, pause: () => Promise<boolean>): Promise<boolean> {
    const both = [this.#live.pipeline, this.#shadow.pipeline];
    const owed = async (): Promise<boolean> =>
      (await client.query('select from sluice.mark where pipeline = any($1) limit 1', [both])).rowCount !== 0;
    while (await owed()) if (!(await pause())) return false;
    await client.query('lock table sluice.mark, sluice.document in share row exclusive mode');
    return !(await owed());
  }

  /** Marks live roots whose documents differ where tables are not switched. */
  async #markDiffering(db: Queryable, switches: boolean): Promise<number> {
    const kept = this.#live.migration.flows
      .flatMap(({ targets }) => targets)
      .filter(({ kind }) => !(switches && kind === 'postgres'))
      .map(({ name }) => name);
    const done = await db.query(
      `insert into sluice.mark (pipeline, flow, key, source_time)
       select distinct $1, coalesce(s.flow, l.flow), coalesce(s.root, l.root), clock_timestamp()
       from (select * from sluice.document where pipeline = $1 and not gone and target = any($3)) l
       full join (select * from sluice.document where pipeline = $2 and not gone and target = any($3)) s
         on s.target = l.target and s.id = l.id
       where l.hash is distinct from s.hash`,
      [this.#live.pipeline, this.#shadow.pipeline, kept],
    );
    return done.rowCount ?? 0;
  }

  async #switch(db: Queryable): Promise<void> {
    const suffix = this.#shadow.schemaSuffix;
    for (const schema of this.#schemas) {
      await this.#sameGrants(db, schema, schema + suffix);
      await moveOutbox(db, `${ident(schema)}.outbox`, `${ident(schema + suffix)}.outbox`);
      await swap(db, 'schema', '', schema, schema + suffix);
    }
    for (const [flow, table] of this.#live.copies) {
      const other = this.#shadow.copies.get(flow);
      if (other) await swap(db, 'table', 'sluice', bare(table.gone), bare(other.gone));
    }
    const tables = this.#live.migration.flows
      .flatMap(({ targets }) => targets)
      .filter(({ kind }) => kind === 'postgres')
      .map(({ name }) => name);
    const move = (from: string, to: string) =>
      db.query('update sluice.document set pipeline = $2 where pipeline = $1 and target = any($3)', [from, to, tables]);
    const aside = `${this.#shadow.pipeline} aside`;
    await move(this.#live.pipeline, aside);
    await move(this.#shadow.pipeline, this.#live.pipeline);
    await move(aside, this.#shadow.pipeline);
    await swapRendered(db, this.#live, this.#shadow);
  }

  /** Who may read or write the live tables may do so with those that take their place. */
  async #sameGrants(db: Queryable, live: string, shadow: string): Promise<void> {
    const found = await db.query<{ statement: string }>(
      `select format('grant %s on schema %I to %s', a.privilege_type, $2::text,
           case a.grantee when 0 then 'public' else quote_ident(pg_get_userbyid(a.grantee)) end) as statement
         from pg_namespace n, aclexplode(n.nspacl) a where n.nspname = $1 and a.grantee <> n.nspowner
       union all
       select format('grant %s on %s %I.%I to %s', a.privilege_type, case c.relkind when 'S' then 'sequence' else 'table' end,
           $2::text, c.relname, case a.grantee when 0 then 'public' else quote_ident(pg_get_userbyid(a.grantee)) end)
         from pg_class c join pg_namespace n on n.oid = c.relnamespace, aclexplode(c.relacl) a
         where n.nspname = $1 and a.grantee <> c.relowner
           and to_regclass(format('%I.%I', $2::text, c.relname)) is not null`,
      [live, shadow],
    );
    for (const { statement } of found.rows) await db.query(statement);
  }
}

/** What has not been told yet is told by the schema that takes the place, whose numbers go on from there. */
async function moveOutbox(db: Queryable, from: string, to: string): Promise<void> {
  const found = await db.query<{ has: boolean }>('select to_regclass($1) is not null as has', [from]);
  if (!found.rows[0]?.has) return;
  await db.query(
    `with untold as (delete from ${from} where published_at is null returning *)
     insert into ${to} overriding system value select * from untold`,
  );
  await db.query(`select setval(pg_get_serial_sequence($2, 'id'), nextval(pg_get_serial_sequence($1, 'id')))`, [
    from,
    to,
  ]);
}

const bare = (qualified: string): string => qualified.slice(qualified.indexOf('.') + 2, -1).replaceAll('""', '"');

async function swap(
  db: Queryable,
  kind: 'schema' | 'table',
  schema: string,
  one: string,
  other: string,
): Promise<void> {
  const aside = `${one.slice(0, 40)}__aside`;
  const within = schema === '' ? '' : `${ident(schema)}.`;
  const rename = (from: string, to: string) => db.query(`alter ${kind} ${within}${ident(from)} rename to ${ident(to)}`);
  await rename(one, aside);
  await rename(other, one);
  await rename(aside, other);
}

async function progressOf(
  db: Queryable,
  pipeline: string,
  lock: '' | 'for update',
): Promise<ReadonlyMap<string, bigint>> {
  const found = await db.query<{ name: string; next: string | null }>(
    `select topic || '/' || part as name, next_offset as next from sluice.progress where pipeline = $1 ${lock}`,
    [pipeline],
  );
  return new Map(found.rows.map(({ name, next }) => [name, BigInt(next ?? 0)]));
}
