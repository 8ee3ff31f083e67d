import type {
  Aggregate,
  DerivingTransaction,
  DocumentRef,
  DocumentWrite,
  Flow,
  KnownDocument,
  LockedRoot,
  Mark,
  NumberRef,
  RecordedChange,
  RootVerdict,
  Target,
} from '../../core/index.ts';
import { readAggregates } from './aggregates.ts';
import { bigints, texts } from './arrays.ts';
import type { LedgerContext } from './context.ts';
import { documentsById, documentsOf, recordDocuments, recordEntries } from './documents.ts';
import { queueIntents } from './intents.ts';
import { insertMarks } from './marks.ts';
import { numbersOf } from './numbers.ts';
import { settleRoots } from './root-states.ts';
import { isoMicros, type Queryable } from './sql.ts';
import { readStanding, type Standing } from './standing.ts';
import type { TargetTables } from './target-tables.ts';

/**
 * Such a root is locked by its landed row, which landing locks anyhow: thousands of advisory locks in one transaction
 * are more than a server keeps (max_locks_per_transaction).
 */
const isRowAlone = (flow: Flow): boolean => 'table' in flow.root && flow.parts.length === 0;

/** The statements of one deriving transaction, on the connection that holds it. */
export class PostgresDeriving implements DerivingTransaction {
  readonly #db: Queryable;
  readonly #context: LedgerContext;
  readonly #tables: TargetTables;
  /** by flow, as it was when the first of its roots was locked */
  readonly #standings = new Map<string, Standing>();

  constructor(db: Queryable, context: LedgerContext, tables: TargetTables) {
    this.#db = db;
    this.#context = context;
    this.#tables = tables;
  }

  async lock(flow: Flow, keys: readonly string[]): Promise<readonly LockedRoot[]> {
    const locked = await this.#lock(flow, keys);
    const marks = await this.#marksOf(flow, locked);
    return locked.flatMap((key) => marks.get(key) ?? []);
  }

  async take(flow: Flow, changed: ReadonlyMap<string, string>): Promise<readonly LockedRoot[]> {
    // their rows were locked when they were landed
    const keys = isRowAlone(flow) ? [...changed.keys()] : await this.#lock(flow, [...changed.keys()]);
    const marks = await this.#marksOf(flow, keys);
    return keys.map((key) => {
      const [own, mark] = [changed.get(key) ?? '', marks.get(key)];
      if (!mark) return { key, markIds: [], sourceTime: own };
      return { ...mark, sourceTime: mark.sourceTime < own ? mark.sourceTime : own };
    });
  }

  /** Those of the roots that nobody else holds. */
  async #lock(flow: Flow, keys: readonly string[]): Promise<readonly string[]> {
    if ('table' in flow.root && isRowAlone(flow)) {
      const table = this.#context.table(flow.root.table);
      const locked = await this.#db.query<{ key: string }>(
        `select key from ${table.sql} where key = any($1::text[]) order by key for update skip locked`,
        [texts(keys)],
      );
      return locked.rows.map(({ key }) => key);
    }
    const locked = await this.#db.query<{ key: string }>(
      `select u.key from unnest($3::text[]) as u(key)
       where pg_try_advisory_xact_lock(hashtextextended($1 || chr(31) || $2 || chr(31) || u.key, 0))`,
      [this.#context.pipeline, flow.name, texts(keys)],
    );
    return locked.rows.map(({ key }) => key);
  }

  /** A statement after the one that locks, hence a newer snapshot: who held a lock before has committed its deletes. */
  async #marksOf(flow: Flow, keys: readonly string[]): Promise<ReadonlyMap<string, LockedRoot>> {
    this.#standings.delete(flow.name);
    if (!(await this.#standingOf(flow)).hasMarks) return new Map();
    const marks = await this.#db.query<{ key: string; ids: string[]; source_time: string; waited: number }>(
      `select key, array_agg(id) as ids, ${isoMicros('min(source_time)')} as source_time,
         extract(epoch from clock_timestamp() - min(marked_at))::float8 as waited
       from sluice.mark where pipeline = $1 and flow = $2 and part = '' and key = any($3::text[]) group by key`,
      [this.#context.pipeline, flow.name, texts(keys)],
    );
    return new Map(
      marks.rows.map(({ key, ids, source_time: sourceTime, waited: waitedSeconds }) => [
        key,
        { key, markIds: ids.map(BigInt), sourceTime, waitedSeconds },
      ]),
    );
  }

  aggregates(flow: Flow, keys: readonly string[]): Promise<ReadonlyMap<string, Aggregate>> {
    return readAggregates(this.#db, this.#context, flow, keys);
  }

  async pendingChanges(
    table: string,
    keys: readonly string[],
  ): Promise<ReadonlyMap<string, readonly RecordedChange[]>> {
    const found = await this.#db.query<RecordedChange & { source_time: string }>(
      `select entry, tbl as "table", key, op, before, after, source_time, lsn from sluice.change
       where pipeline = $1 and tbl = $2 and key = any($3) and not rendered order by seq`,
      [this.#context.pipeline, table, keys],
    );
    const changes = new Map<string, RecordedChange[]>();
    for (const { source_time: sourceTime, ...row } of found.rows) {
      const change = { ...row, sourceTime };
      const list = changes.get(row.key);
      if (list) list.push(change);
      else changes.set(row.key, [change]);
    }
    return changes;
  }

  documentsOf(flow: Flow, roots: readonly string[]): Promise<readonly KnownDocument[]> {
    return documentsOf(this.#db, this.#context, flow, roots);
  }

  documentsById(refs: readonly DocumentRef[]): Promise<readonly KnownDocument[]> {
    return documentsById(this.#db, this.#context, refs);
  }

  async asOf(flow: Flow): Promise<string> {
    return (await this.#standingOf(flow)).asOf;
  }

  async #standingOf(flow: Flow): Promise<Standing> {
    const known = this.#standings.get(flow.name);
    if (known) return known;
    const standing = await readStanding(this.#db, this.#context, flow.name);
    this.#standings.set(flow.name, standing);
    return standing;
  }

  numbersOf(refs: readonly NumberRef[]): Promise<readonly number[]> {
    return numbersOf(this.#db, this.#context, refs);
  }

  mark(marks: readonly Mark[]): Promise<void> {
    return insertMarks(this.#db, this.#context.pipeline, marks);
  }

  async firstRevision(): Promise<bigint> {
    this.#context.firstRevision ??= await this.#readFirstRevision();
    return this.#context.firstRevision;
  }

  async #readFirstRevision(): Promise<bigint> {
    const found = await this.#db.query<{ generation: string }>(
      'select generation from sluice.pipeline where name = $1',
      [this.#context.pipeline],
    );
    return (BigInt(found.rows[0]?.generation ?? '0') << 24n) + 1n;
  }

  async writeState(flow: Flow, writes: readonly DocumentWrite[]): Promise<readonly DocumentWrite[]> {
    if (writes.length === 0) return [];
    const won = await recordDocuments(this.#db, this.#context, flow, writes);
    // children go before their parents, and old members of a set before the new ones take their place
    for (const target of [...flow.targets].reverse()) {
      if (target.kind !== 'postgres') continue;
      const gone = won.filter((write) => write.gone && write.document.target === target.name);
      await this.#tables.remove(
        this.#db,
        target,
        gone.map((write) => write.document.id),
      );
    }
    for (const target of flow.targets) {
      const rows = won.filter((write) => write.document.target === target.name);
      if (target.kind === 'postgres')
        await this.#writeRows(
          target,
          rows.filter((write) => !write.gone),
        );
      else await queueIntents(this.#db, this.#context, flow, rows);
    }
    if (won.length === writes.length) return [];
    const winners = new Set(won);
    return writes.filter((write) => !winners.has(write));
  }

  async appendHistory(flow: Flow, writes: readonly DocumentWrite[]): Promise<void> {
    for (const target of flow.targets) {
      if (target.mode !== 'append') continue;
      const rows = writes.filter((write) => write.document.target === target.name);
      if (target.kind === 'postgres') await this.#writeRows(target, rows);
      else await queueIntents(this.#db, this.#context, flow, await recordEntries(this.#db, this.#context, flow, rows));
    }
  }

  async #writeRows(target: Extract<Target, { kind: 'postgres' }>, writes: readonly DocumentWrite[]): Promise<void> {
    const rows = writes.map(({ document }) => ({
      id: document.id,
      content: document.content,
      stamps: document.stamps ?? {},
    }));
    await this.#tables.write(this.#db, target, rows);
  }

  async changesRendered(table: string, changes: readonly RecordedChange[]): Promise<void> {
    if (changes.length === 0) return;
    await this.#db.query(
      `update sluice.change c set rendered = true from unnest($3::text[], $4::text[]) as u(key, entry)
       where c.pipeline = $1 and c.tbl = $2 and c.key = u.key and c.entry = u.entry`,
      [this.#context.pipeline, table, changes.map((change) => change.key), changes.map((change) => change.entry)],
    );
  }

  async settle(flow: Flow, verdicts: readonly RootVerdict[]): Promise<void> {
    await settleRoots(this.#db, this.#context.pipeline, flow, verdicts, await this.#standingOf(flow));
  }

  async deleteMarks(ids: readonly bigint[]): Promise<void> {
    if (ids.length === 0) return;
    await this.#db.query('delete from sluice.mark where id = any($1::bigint[])', [bigints(ids)]);
  }
}
