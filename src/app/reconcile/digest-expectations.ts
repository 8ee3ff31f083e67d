import type { Flow, PostgresTarget } from '../../core/index.ts';
import { Subscriptions } from '../../pipeline/index.ts';
import type { ExpectedDocument } from '../../reconcile/index.ts';
import { DigestStore } from '../../sinks/postgres/index.ts';
import { expectAt } from './expect-at.ts';
import type { ReconcileParts } from './parts.ts';
import { rootsOfRows } from './roots-of-rows.ts';
import { landedTablesOf } from './rows.ts';

const ROOTS = 500;
const ROWS = 1_000;
const TRIES = 10;

/** The targets of a flow that the digest engine adds up: tables that show what is. */
export const digestedTargets = ({ targets }: Flow): readonly PostgresTarget[] =>
  targets.filter((target) => target.kind === 'postgres' && target.mode === 'state') as readonly PostgresTarget[];

/**
 * Keeps what is expected of each row: worked out once when the process starts, as its rules may be others than those of
 * the process before; from then on only for roots whose rows or documents have been written since.
 */
export class Expectations {
  readonly store: DigestStore;
  readonly #parts: ReconcileParts;
  readonly #subscriptions: Subscriptions;
  /** by flow: what was written later than this is looked through */
  readonly #marks = new Map<string, string>();
  /** columns that documents of a target have named: those are compared */
  readonly #columns = new Map<string, ReadonlySet<string>>();

  constructor(parts: ReconcileParts) {
    this.#parts = parts;
    this.store = new DigestStore(parts.open.pool, parts.open.name);
    this.#subscriptions = new Subscriptions(parts.open.migration);
  }

  columnsOf = ({ name }: PostgresTarget): readonly string[] => [...(this.#columns.get(name) ?? [])].sort();

  /** Whether all that is expected of a flow has been worked out once. */
  isKnown = ({ name }: Flow): boolean => this.#marks.has(name);

  /** Works out what has to be; answers of how many roots. */
  async bringUp(flow: Flow, signal: AbortSignal, tell: (roots: number) => void): Promise<number> {
    let all = 0;
    for (let tries = 0; tries < TRIES && !signal.aborted; tries++) {
      const before = this.#marks.get(flow.name);
      const mark = await this.#parts.reading.moment((moment) => moment.digest().mark());
      const done = before === undefined ? await this.#all(flow, signal, tell) : await this.#since(flow, before, signal);
      if (done === null) continue;
      this.#marks.set(flow.name, mark);
      const owed = await this.#owed(flow, signal);
      all += done + (owed ?? 0);
      if (owed !== null) break;
    }
    return all;
  }

  async #all(flow: Flow, signal: AbortSignal, tell: (roots: number) => void): Promise<number | null> {
    const names = digestedTargets(flow).map(({ name }) => name);
    await this.store.forget(flow.name, names);
    let done = 0;
    for (let after = ''; !signal.aborted; ) {
      const roots = await this.#parts.reading.roots(flow, after, ROOTS);
      if (roots.length === 0) return done;
      if (!(await this.#workOut(flow, roots))) return null;
      done += roots.length;
      after = roots.at(-1) as string;
      tell(done);
    }
    return null;
  }

  async #since(flow: Flow, mark: string, signal: AbortSignal): Promise<number | null> {
    const { reading, open } = this.#parts;
    const own = new Set(flow.parts.map(({ table }) => table));
    if ('table' in flow.root) own.add(flow.root.table);
    let done = 0;
    for (const table of landedTablesOf(open.migration)) {
      if (!own.has(table.name)) continue;
      for (let after = ''; !signal.aborted; ) {
        const keys = await reading.moment((moment) => moment.digest().landedSince(table.name, mark, after, ROWS));
        const roots = [...((await rootsOfRows(this.#parts, this.#subscriptions, table, keys)).get(flow) ?? [])];
        for (let i = 0; i < roots.length; i += ROOTS)
          if (!(await this.#workOut(flow, roots.slice(i, i + ROOTS)))) return null;
        done += roots.length;
        if (keys.length < ROWS) break;
        after = keys.at(-1) as string;
      }
    }
    return done;
  }

  /** Roots of documents that have another revision than the one that was looked at. */
  async #owed(flow: Flow, signal: AbortSignal): Promise<number | null> {
    let done = 0;
    for (const target of digestedTargets(flow))
      for (let after = ''; !signal.aborted; ) {
        const owed = await this.#parts.reading.moment((moment) => moment.digest().owed(target, after, ROOTS));
        const roots = new Set(owed.filter((one) => one.flow === flow.name).map(({ root }) => root));
        if (roots.size > 0 && !(await this.#workOut(flow, [...roots]))) return null;
        done += roots.size;
        if (owed.length < ROOTS) break;
        after = owed.at(-1)?.id as string;
      }
    return done;
  }

  /** false: a column is compared from now on that was not before, so that all is to be worked out again. */
  async #workOut(flow: Flow, roots: readonly string[]): Promise<boolean> {
    const targets = digestedTargets(flow);
    const worked = await this.#parts.reading.moment(async (moment) => {
      const { made, hot, mapped } = await expectAt(moment, flow, roots);
      const own = targets.map((target) => ({ target, some: made.filter((one) => one.target.name === target.name) }));
      if (own.map(({ target, some }) => this.#widened(target, some)).includes(true)) return null;
      const rows = new Map<string, Parameters<DigestStore['save']>[3]>();
      for (const { target, some } of own) rows.set(target.name, await this.#hashed(moment, target, some));
      return { rows, settled: mapped.filter((root) => !hot.has(root)) };
    });
    if (worked === null) return false;
    for (const { name } of targets) await this.store.save(name, flow.name, worked.settled, worked.rows.get(name) ?? []);
    return true;
  }

  async #hashed(
    moment: Parameters<Parameters<ReconcileParts['reading']['moment']>[0]>[0],
    target: PostgresTarget,
    documents: readonly ExpectedDocument[],
  ) {
    const byId = new Map(documents.map((one) => [one.id, one]));
    const known = (id: string) => {
      const one = byId.get(id);
      return { id, root: one?.root ?? '', revision: one?.known?.revision ?? 0n };
    };
    const wanted = [...byId.values()].flatMap(({ id, content }) => (content === null ? [] : [{ id, content }]));
    const none = [...byId.values()].filter(({ content }) => content === null).map(({ id }) => id);
    const rows = await moment.digest().hashed(target, this.columnsOf(target), wanted);
    return [
      ...rows.map((row) => ({ ...row, ...known(row.id) })),
      ...[...(await moment.digest().places(target, none))].map(([id, place]) => ({
        ...known(id),
        place,
        a: null,
        b: null,
      })),
    ];
  }

  #widened(target: PostgresTarget, documents: readonly ExpectedDocument[]): boolean {
    const known = this.#columns.get(target.name) ?? new Set();
    const columns = new Set([...known, ...documents.flatMap(({ content }) => Object.keys(content ?? {}))]);
    this.#columns.set(target.name, columns);
    if (known.size === 0 || columns.size === known.size) return false;
    for (const flow of this.#parts.open.migration.flows)
      if (digestedTargets(flow).some(({ name }) => name === target.name)) this.#marks.delete(flow.name);
    return true;
  }
}
