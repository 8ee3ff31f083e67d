import { createHash } from 'node:crypto';
import { type Copied, type CopyColumn, type CopyFlow, SluiceError } from '../../../core/index.ts';
import { CARRIERS } from '../arrays.ts';
import { ident, type Queryable, qualified } from '../sql.ts';
import { ArrayBatch, type ArrayRows } from './batch.ts';

const GUARD = ['sluice_epoch', 'sluice_a', 'sluice_b', 'sluice_tx', 'sluice_offset'] as const;
const GUARD_TYPES = ['integer', 'bigint', 'bigint', 'bigint', 'bigint'] as const;

/** The rule of `comparePositions` over guard columns; of a snapshot `a` is lower than of any streamed change. */
function newer(x: string, y: string): string {
  const row = (one: string, columns: readonly string[]): string =>
    `(${columns.map((column) => `${one}.${column}`).join(', ')})`;
  const [epoch, a, b, tx, offset] = GUARD;
  const inside = `${row(x, [b, offset])} > ${row(y, [b, offset])}`;
  const across = `${row(x, [a, b, offset])} > ${row(y, [a, b, offset])}`;
  return `(${x}.${epoch} > ${y}.${epoch} or (${x}.${epoch} = ${y}.${epoch} and
    case when ${x}.${tx} = ${y}.${tx} then ${inside} else ${across} end))`;
}

const named = (columns: readonly CopyColumn[]): string[] => [...columns.map(({ to }) => ident(to)), ...GUARD];

/** `unnest` of a batch's parameters as a relation named like the target's columns. */
function unnested(columns: readonly CopyColumn[], alias: string): string {
  const types = [...columns.map(({ type }) => CARRIERS[type].array), ...GUARD_TYPES];
  const arrays = types.map((type, i) => `$${i + 1}::${type}[]`).join(', ');
  return `unnest(${arrays}) with ordinality as ${alias}(${named(columns).join(', ')}, n)`;
}

const picked = (columns: readonly CopyColumn[], alias: string): string[] => [
  ...columns.map(({ to, type }) => {
    const { cast } = CARRIERS[type];
    return `${alias}.${ident(to)}${cast === null ? '' : `::${cast}`}`;
  }),
  ...GUARD.map((column) => `${alias}.${column}`),
];

const matching = (key: readonly CopyColumn[], x: string, y: string): string =>
  key
    .map(({ to, type }) => {
      const { cast } = CARRIERS[type];
      return `${x}.${ident(to)} = ${y}.${ident(to)}${cast === null ? '' : `::${cast}`}`;
    })
    .join(' and ');

export interface CopyComparison {
  readonly live: number;
  readonly shadow: number;
  readonly onlyLive: number;
  readonly onlyShadow: number;
  readonly different: number;
}

/** What differs between two copies of a table. */
export interface CopyFields {
  readonly target: string;
  readonly onlyLive: readonly string[];
  readonly onlyShadow: readonly string[];
  readonly live: number;
  readonly shadow: number;
  /** rows that differ in a column, and some of their keys */
  readonly fields: readonly { readonly path: string; readonly count: number; readonly ids: readonly string[] }[];
}

/**
 * A copied table and the positions that guard it: those of rows in columns of the table itself, which is the cheapest
 * place, those of deleted rows in a table of their own. See ADR 0010.
 */
export class CopyTable {
  readonly sql: string;
  readonly #gone: string;
  readonly #name: string;
  readonly #target: string;
  readonly #columns: readonly CopyColumn[];
  readonly #key: readonly CopyColumn[];
  readonly #texts = new Map<string, string>();

  constructor(flow: CopyFlow, pipeline: string, schemaSuffix: string) {
    const [target] = flow.targets;
    if (target?.kind !== 'postgres') throw new SluiceError('CONFIG_INVALID', `${flow.name} copies to no table`);
    this.sql = qualified(target.name, schemaSuffix);
    this.#target = target.name;
    this.#columns = flow.copy;
    this.#key = target.key.map((name) => flow.copy.find(({ to }) => to === name) as CopyColumn);
    this.#name = createHash('sha256').update(`${pipeline}\u001f${target.name}`).digest('hex').slice(0, 12);
    this.#gone = `sluice.${ident(`gone__${pipeline}__${target.name}`.replace(/[^A-Za-z0-9_]+/g, '__').slice(0, 50) + `_${this.#name}`)}`;
  }

  batch(): ArrayBatch {
    return new ArrayBatch(this.#columns, this.#key);
  }

  /** May be run again at any time. */
  async create(db: Queryable): Promise<void> {
    // a row nobody has landed is older than any that is
    const columns = GUARD.map((name, i) => {
      const rest = name === 'sluice_tx' ? '' : ` not null default ${name === 'sluice_epoch' ? -1 : 0}`;
      return `add column if not exists ${name} ${GUARD_TYPES[i]}${rest}`;
    });
    await db.query(`alter table ${this.sql} ${columns.join(', ')}`);
    const key = this.#key.map(({ to, type }) => `${ident(to)} ${type}`);
    const guard = GUARD.map((name, i) => `${name} ${GUARD_TYPES[i]}`);
    await db.query(
      `create table if not exists ${this.#gone} (${[...key, ...guard].join(', ')}, primary key (${this.#keyNames()}))`,
    );
  }

  /** Rows as the planner knows them: counting a large table every few seconds would be felt. */
  async estimate(db: Queryable): Promise<number> {
    const found = await db.query<{ rows: number }>(
      'select greatest(reltuples, 0)::float8 as rows from pg_class where oid = to_regclass($1)',
      [this.sql],
    );
    return found.rows[0]?.rows ?? 0;
  }

  /** Compares what two pipelines have copied, row by row. */
  async compare(db: Queryable, shadow: CopyTable): Promise<CopyComparison> {
    const columns = (alias: string): string => this.#columns.map(({ to }) => `${alias}.${ident(to)}`).join(', ');
    const [{ to: key } = { to: '' }] = this.#key;
    const found = await db.query<CopyComparison>(
      `select count(l.${ident(key)})::int as live, count(s.${ident(key)})::int as shadow,
         count(*) filter (where s.${ident(key)} is null)::int as "onlyLive",
         count(*) filter (where l.${ident(key)} is null)::int as "onlyShadow",
         count(*) filter (where l.${ident(key)} is not null and s.${ident(key)} is not null
           and row(${columns('l')}) is distinct from row(${columns('s')}))::int as different
       from ${this.sql} l full join ${shadow.sql} s on ${matching(this.#key, 'l', 's')}`,
    );
    return found.rows[0] ?? { live: 0, shadow: 0, onlyLive: 0, onlyShadow: 0, different: 0 };
  }

  /** The same by column, with the keys of some. */
  async differences(db: Queryable, shadow: CopyTable, sample: number): Promise<CopyFields> {
    const key = (alias: string): string => this.#key.map(({ to }) => `${alias}.${ident(to)}`).join(` || ',' || `);
    const [{ to: first } = { to: '' }] = this.#key;
    const both = `l.${ident(first)} is not null and s.${ident(first)} is not null`;
    const sides = [
      { path: '', side: 'live', where: `s.${ident(first)} is null` },
      { path: '', side: 'shadow', where: `l.${ident(first)} is null` },
      ...this.#columns.map(({ to }) => {
        const where = `${both} and l.${ident(to)} is distinct from s.${ident(to)}`;
        return { path: to, side: '', where };
      }),
    ];
    const ids = `coalesce(${key('l')}, ${key('s')})::text`;
    const picked = sides.flatMap(({ where }, i) => [
      `count(*) filter (where ${where})::int as n${i}`,
      `coalesce((array_agg(${ids}) filter (where ${where}))[1:${sample}], '{}') as k${i}`,
    ]);
    const found = await db.query<Record<string, unknown>>(
      `select ${picked.join(', ')} from ${this.sql} l full join ${shadow.sql} s on ${matching(this.#key, 'l', 's')}`,
    );
    const row = found.rows[0] ?? {};
    const of = (i: number): { count: number; ids: string[] } => ({
      count: Number(row[`n${i}`]),
      ids: row[`k${i}`] as string[],
    });
    const fields = sides.flatMap(({ path }, i) => (path === '' ? [] : [{ path, ...of(i) }]));
    const [live, other] = [of(0), of(1)];
    const differing = fields.filter(({ count }) => count > 0);
    const sums = { live: live.count, shadow: other.count, onlyLive: live.ids, onlyShadow: other.ids };
    return { target: this.#target, ...sums, fields: differing };
  }

  /** What keeps the positions of its deleted rows. */
  get gone(): string {
    return this.#gone;
  }

  async drop(db: Queryable): Promise<void> {
    await db.query(`drop table if exists ${this.#gone}`);
  }

  /**
   * Writes what is newer than what the table holds. Who writes beside the log's progress says so by `beside`: then
   * nobody may note a deletion meanwhile, which such a write could not see.
   */
  async write(db: Queryable, batch: ArrayBatch, beside: boolean): Promise<Copied> {
    if (beside) await db.query(`lock table ${this.#gone} in share row exclusive mode`);
    let written = 0;
    if (batch.whole.count > 0) written += await this.#run(db, 'put', () => this.#put(), batch.whole);
    const unknown: { unsent: readonly number[]; row: number }[] = [];
    for (const { unsent, rows } of batch.partials) {
      const done = await this.#run(db, `amend_${unsent.join('_')}`, () => this.#amend(unsent), rows);
      written += done;
      if (done === rows.count) continue;
      const missing = await db.query<{ n: string }>(this.#unknown(), rows.parameters());
      for (const { n } of missing.rows) unknown.push({ unsent, row: Number(n) - 1 });
    }
    if (batch.gone.count > 0) {
      // Noted first, removed by a later statement: a row that somebody put beside the log meanwhile is seen by then.
      await this.#run(db, 'note', () => this.#note(), batch.gone);
      written += await this.#run(db, 'remove', () => this.#remove(), batch.gone);
    }
    return { written, unknown };
  }

  /** Ends up to `limit` rows that a finished initial snapshot did not show; answers how many. */
  async sweep(db: Queryable, epoch: number, snapshotLsn: bigint, limit: number): Promise<number> {
    await db.query(`lock table ${this.#gone} in share row exclusive mode`);
    const unseen = `(sluice_epoch < $1 or (sluice_epoch = $1 and sluice_a = -2 and sluice_b < $2))`;
    const key = this.#keyNames();
    const done = await db.query(
      `with ended as (delete from ${this.sql} where ${unseen}
         and (${key}) in (select ${key} from ${this.sql} where ${unseen} limit $3) returning ${key})
       insert into ${this.#gone} as t (${key}, ${GUARD.join(', ')})
       select ${key}, $1, -2, $2, null, -1 from ended
       on conflict (${key}) do update set ${GUARD.map((name) => `${name} = excluded.${name}`).join(', ')}
         where ${newer('excluded', 't')}`,
      [epoch, String(snapshotLsn), limit],
    );
    return done.rowCount ?? 0;
  }

  #keyNames(): string {
    return this.#key.map(({ to }) => ident(to)).join(', ');
  }

  async #run(db: Queryable, verb: string, text: () => string, rows: ArrayRows): Promise<number> {
    const done = await db.query({ name: `${verb}_${this.#name}`, text: this.#text(verb, text) }, rows.parameters());
    return done.rowCount ?? 0;
  }

  #text(verb: string, make: () => string): string {
    const text = this.#texts.get(verb) ?? make();
    this.#texts.set(verb, text);
    return text;
  }

  #put(): string {
    const isKey = (column: CopyColumn): boolean => this.#key.includes(column);
    const set = [...this.#columns.filter((column) => !isKey(column)).map(({ to }) => ident(to)), ...GUARD];
    return `insert into ${this.sql} as t (${named(this.#columns).join(', ')})
      select ${picked(this.#columns, 'u').join(', ')} from ${unnested(this.#columns, 'u')}
      where not exists (select from ${this.#gone} g where ${matching(this.#key, 'g', 'u')} and not ${newer('u', 'g')})
      on conflict (${this.#keyNames()}) do update set ${set.map((name) => `${name} = excluded.${name}`).join(', ')}
        where ${newer('excluded', 't')}`;
  }

  #amend(unsent: readonly number[]): string {
    const sent = this.#columns.filter((column, i) => !unsent.includes(i) && !this.#key.includes(column));
    const columns = [...sent.map(({ to }) => ident(to)), ...GUARD];
    return `update ${this.sql} t set ${columns.map((name, i) => `${name} = ${picked(sent, 'u')[i]}`).join(', ')}
      from ${unnested(this.#columns, 'u')} where ${matching(this.#key, 't', 'u')} and ${newer('u', 't')}`;
  }

  #unknown(): string {
    return `select u.n from ${unnested(this.#columns, 'u')}
      where not exists (select from ${this.sql} t where ${matching(this.#key, 't', 'u')})
        and not exists (select from ${this.#gone} g where ${matching(this.#key, 'g', 'u')} and not ${newer('u', 'g')})`;
  }

  #note(): string {
    return `insert into ${this.#gone} as t (${named(this.#key).join(', ')})
      select ${picked(this.#key, 'u').join(', ')} from ${unnested(this.#key, 'u')}
      on conflict (${this.#keyNames()}) do update set ${GUARD.map((name) => `${name} = excluded.${name}`).join(', ')}
        where ${newer('excluded', 't')}`;
  }

  #remove(): string {
    return `delete from ${this.sql} t using ${unnested(this.#key, 'u')}
      where ${matching(this.#key, 't', 'u')} and ${newer('u', 't')}`;
  }
}

/** Throws CONFIG_INVALID for a flow whose table is landed whole. */
export function copyTable(copies: ReadonlyMap<string, CopyTable>, flow: CopyFlow): CopyTable {
  const table = copies.get(flow.name);
  if (!table) throw new SluiceError('CONFIG_INVALID', `${flow.name} is no copy`);
  return table;
}
