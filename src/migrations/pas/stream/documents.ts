import type { Document, JsonObject, NumberRef } from '../../../core/index.ts';
import type { TargetEdge } from '../catalogue/model.ts';
import type { Engine, TargetLayout } from '../engine/engine.ts';
import type { RecordNumbers, Reject, Sink, TargetRow } from '../engine/outcome.ts';
import type { Patience } from './patience.ts';

/** The schema of the 38 tables. */
export const LOAD_SCHEMA = 'pas184';
export const REJECTS = `${LOAD_SCHEMA}.rejects`;
export const targetName = (table: string): string => `${LOAD_SCHEMA}.${table.toLowerCase()}`;

/** Columns in which a record number stands, `TABLE.column`: a row's own, and those of its parents. */
export const numberColumns = (edges: readonly TargetEdge[]): ReadonlySet<string> =>
  new Set(edges.map(({ child, field }) => `${child}.${field}`));

/**
 * Collects what the engine makes as documents. The engine counts record numbers from 1 for itself; each stands for a
 * business key, and that key is what a document refers to.
 */
export class DocumentSink implements Sink, RecordNumbers {
  readonly documents: Document[] = [];
  readonly #layouts: readonly TargetLayout[];
  readonly #isNumber: ReadonlySet<string>;
  readonly #isWanted: (driver: string) => boolean;
  readonly #patience: Patience;
  readonly #refs: NumberRef[] = [];
  readonly #numbers = new Map<string, number>();
  readonly #seen = new Map<string, number>();

  constructor(
    { layouts }: Engine,
    isNumber: ReadonlySet<string>,
    isWanted: (driver: string) => boolean,
    patience: Patience,
  ) {
    this.#patience = patience;
    this.#layouts = layouts;
    this.#isNumber = isNumber;
    this.#isWanted = isWanted;
  }

  of(series: string, key: string): number {
    const name = `${series}\u001f${key}`;
    const known = this.#numbers.get(name);
    if (known !== undefined) return known;
    this.#numbers.set(name, this.#refs.push({ series, key }));
    return this.#refs.length;
  }

  row(table: number, row: TargetRow): void {
    const layout = this.#layouts[table];
    const own = this.#refs[row.recordNumber - 1];
    if (!layout || !own || !this.#concerns(layout, row.feed)) return;
    const content: Record<string, string | null> = { sluice_feed: row.feed, sluice_source_key: row.sourceKey };
    const numbers: Record<string, NumberRef> = {};
    for (const [i, { name }] of layout.columns.entries()) {
      const cell = row.cells[i] ?? '';
      const isNumber = name === 'record_number' || this.#isNumber.has(`${layout.table}.${name}`);
      const ref = isNumber && cell !== '' ? this.#refs[Number(cell) - 1] : undefined;
      content[name] = cell === '' || isNumber ? null : cell;
      if (ref) numbers[name] = ref;
    }
    const id = this.#nameOnce(`${layout.table}\u001f${own.key}`, own.key);
    const stamps: JsonObject = { sluice_position: row.positions[0] ?? '' };
    this.documents.push({
      target: targetName(layout.table),
      id,
      content: { ...content, sluice_key: id },
      stamps,
      numbers,
    });
  }

  reject(reject: Reject): void {
    const layout = this.#layouts.find(({ table }) => table === reject.table);
    if (!layout || !this.#concerns(layout, reject.feed) || this.#patience.holdsBack(reject)) return;
    const name = [reject.table, reject.feed, reject.sourceKey, reject.field, reject.problem, reject.sourceField].join(
      '|',
    );
    const id = this.#nameOnce(`\u001f${name}`, name);
    const content: JsonObject = {
      sluice_key: id,
      problem: reject.problem,
      disposition: reject.disposition,
      target_table: reject.table,
      target_field: reject.field,
      feed: reject.feed,
      source_table: reject.sourceTable,
      source_field: reject.sourceField,
      source_key: reject.sourceKey,
      value_class: reject.valueClass,
      crosswalk: reject.crosswalk,
    };
    this.documents.push({ target: REJECTS, id, content, stamps: { event_position: reject.position } });
  }

  count(): void {}

  cell(): void {}

  #concerns(layout: TargetLayout, feed: string): boolean {
    return this.#isWanted(layout.feeds.find(({ name }) => name === feed)?.driver ?? '');
  }

  /** Several rejects, and wrong rows, can have one name: they are told apart by their order, which is the engine's. */
  #nameOnce(name: string, id: string): string {
    const before = this.#seen.get(name) ?? 0;
    this.#seen.set(name, before + 1);
    return before === 0 ? id : `${id}#${before + 1}`;
  }
}

/** Runs shared feeds, or what patients' rows need of them, without a trace. */
export const SILENT: Sink = {
  row: () => undefined,
  reject: () => undefined,
  count: () => undefined,
  cell: () => undefined,
};
