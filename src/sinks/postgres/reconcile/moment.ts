import {
  type Aggregate,
  type DocumentPair,
  type DocumentRef,
  type Flow,
  jointsOf,
  type KnownDocument,
  type LedgerMoment,
  type NumberRef,
  type Pending,
  type PostgresTarget,
  type RecordedChange,
  SluiceError,
  type Target,
  type Unsettled,
  type WantedDocument,
} from '../../../core/index.ts';
import { readAggregates } from '../aggregates.ts';
import { texts } from '../arrays.ts';
import type { LedgerContext } from '../context.ts';
import { documentsById, documentsOf } from '../documents.ts';
import { READ_NUMBERS } from '../numbers.ts';
import { isoMicros, type Queryable } from '../sql.ts';
import { rootsAbove, rootsToldBy } from './climb.ts';
import { DigestMoment } from './digest-moment.ts';
import { countBoth, readPairs, stillUnexpectedRows, type TargetCounts, unexpectedRows } from './pairs.ts';

const UNIT = '\u001f';

/** One repeatable-read transaction: a root without a mark in it has exactly the documents its landed rows make. */
export class PostgresMoment implements LedgerMoment {
  readonly #db: Queryable;
  readonly #context: LedgerContext;

  constructor(db: Queryable, context: LedgerContext) {
    this.#db = db;
    this.#context = context;
  }

  digest(): DigestMoment {
    return new DigestMoment(this.#db, this.#context);
  }

  async asOf(): Promise<string> {
    const found = await this.#db.query<{ at: string }>(
      `select ${isoMicros('as_of')} as at from sluice.pipeline where name = $1`,
      [this.#context.pipeline],
    );
    return found.rows[0]?.at ?? '1970-01-01T00:00:00.000000Z';
  }

  aggregates(flow: Flow, roots: readonly string[]): Promise<ReadonlyMap<string, Aggregate>> {
    return readAggregates(this.#db, this.#context, flow, roots);
  }

  async rendered(table: string, roots: readonly string[]): Promise<ReadonlyMap<string, readonly RecordedChange[]>> {
    const found = await this.#db.query<RecordedChange & { source_time: string }>(
      `select entry, tbl as "table", key, op, before, after, source_time, lsn from sluice.change
       where pipeline = $1 and tbl = $2 and key = any($3::text[]) and rendered order by seq`,
      [this.#context.pipeline, table, roots],
    );
    const changes = new Map<string, RecordedChange[]>();
    for (const { source_time: sourceTime, ...row } of found.rows)
      changes.set(row.key, [...(changes.get(row.key) ?? []), { ...row, sourceTime }]);
    return changes;
  }

  async unsettled(flow: Flow, roots: readonly string[]): Promise<ReadonlyMap<string, Unsettled>> {
    const asked = [this.#context.pipeline, flow.name, texts(roots)];
    const found = await this.#db.query<{ root: string; why: Unsettled }>(
      `select key as root, 'marked' as why from sluice.mark
         where pipeline = $1 and flow = $2 and part = '' and key = any($3::text[])
       union all select key, 'parked' from sluice.parked
         where pipeline = $1 and kind = 'root' and scope = $2 and state = 'parked' and key = any($3::text[])
       union all select root, 'waiting' from sluice.waiting
         where pipeline = $1 and flow = $2 and root = any($3::text[])
       union all select t.root, 'marked' from sluice.timer t join sluice.pipeline p on p.name = t.pipeline
         where t.pipeline = $1 and t.flow = $2 and t.root = any($3::text[]) and t.at <= p.as_of`,
      asked,
    );
    const joined = await this.#db.query<{ part: string; keys: string[] }>(
      `select part, array_agg(distinct key) as keys from sluice.mark
       where pipeline = $1 and flow = $2 and part <> '' group by part`,
      asked.slice(0, 2),
    );
    const unsettled = new Map<string, Unsettled>();
    // what is to be derived again is no longer what it was when it was parked or began to wait
    for (const { root, why } of found.rows) if (unsettled.get(root) !== 'marked') unsettled.set(root, why);
    for (const { part, keys } of joined.rows)
      for (const root of await rootsAbove(this.#db, this.#context, flow, part, keys, true))
        unsettled.set(root, 'marked');
    for (const root of await this.#told(flow)) unsettled.set(root, 'marked');
    return unsettled;
  }

  /** Roots that will be marked by others that are marked now. */
  async #told(flow: Flow): Promise<ReadonlySet<string>> {
    if (!flow.parts.some((part) => jointsOf(part).some(({ quiet }) => quiet === true))) return new Set();
    const marked = await this.#db.query<{ key: string }>(
      `select distinct key from sluice.mark where pipeline = $1 and flow = $2 and part = ''`,
      [this.#context.pipeline, flow.name],
    );
    const keys = marked.rows.map(({ key }) => key);
    return rootsToldBy(this.#db, this.#context, flow, keys);
  }

  documentsOf(flow: Flow, roots: readonly string[]): Promise<readonly KnownDocument[]> {
    return documentsOf(this.#db, this.#context, flow, roots);
  }

  documentsById(refs: readonly DocumentRef[]): Promise<readonly KnownDocument[]> {
    return documentsById(this.#db, this.#context, refs);
  }

  async pending(flow: Flow, roots: readonly string[]): Promise<ReadonlyMap<string, Pending>> {
    const found = await this.#db.query<{ target: string; id: string; state: Pending }>(
      `select i.target, i.id, case i.state when 'ready' then 'sending' else i.state end as state from sluice.intent i
       where i.pipeline = $1 and i.flow = $2 and i.root = any($3::text[])`,
      [this.#context.pipeline, flow.name, texts(roots)],
    );
    return new Map(found.rows.map(({ target, id, state }) => [target + UNIT + id, state]));
  }

  async numbersOf(refs: readonly NumberRef[]): Promise<ReadonlyMap<string, number>> {
    if (refs.length === 0) return new Map();
    const found = await this.#db.query<{ series: string; key: string; number: string }>(READ_NUMBERS, [
      this.#context.migration.name,
      texts(refs.map(({ series }) => series)),
      texts(refs.map(({ key }) => key)),
    ]);
    return new Map(found.rows.map(({ series, key, number }) => [series + UNIT + key, Number(number)]));
  }

  pairs(target: Target, wanted: readonly WantedDocument[]): Promise<readonly DocumentPair[]> {
    return readPairs(this.#db, this.#context, postgres(target), wanted);
  }

  /** @param known those that are told whatever the limit is, as long as they are there */
  unexpected(target: Target, limit: number, known: readonly string[] = []): Promise<readonly string[]> {
    return unexpectedRows(this.#db, this.#context, postgres(target), limit, known);
  }

  stillUnexpected(target: Target, ids: readonly string[]): Promise<readonly string[]> {
    return stillUnexpectedRows(this.#db, this.#context, postgres(target), ids);
  }

  counts(target: Target): Promise<TargetCounts> {
    return countBoth(this.#db, this.#context, postgres(target));
  }
}

function postgres(target: Target): PostgresTarget {
  if (target.kind !== 'postgres') throw new SluiceError('INTERNAL', `${target.name} is no table`);
  return target;
}
