import {
  type Image,
  isAtRoot,
  jointsOf,
  type Mark,
  type Migration,
  movesOf,
  type Part,
  type SourceTable,
} from '../core/index.ts';

type LinkValues = Readonly<Record<string, string | null>>;

/** One reason why a change of a table concerns a flow. */
interface Subscription {
  readonly flow: string;
  /** '' when the value below is itself the key of a root */
  readonly part: string;
  /** the link whose value is marked, or 'key' */
  readonly link: string;
  /** the link whose value must have changed, where not every change concerns the flow */
  readonly watch: string | null;
}

/** A part that hangs from the root's own key is marked as the root at once: nothing is left to look up. */
const marksBy = (part: Part): ReadonlySet<string> =>
  new Set(
    jointsOf(part)
      .filter(({ quiet }) => quiet !== true)
      .map((joint) => (isAtRoot(joint) ? '' : part.name)),
  );

/** What each table's changes set off, worked out once from the declaration. */
export class Subscriptions {
  readonly #byTable = new Map<string, Subscription[]>();
  readonly #tables = new Map<string, SourceTable>();

  constructor(migration: Migration) {
    for (const table of migration.tables) this.#tables.set(table.name, table);
    for (const flow of migration.flows) {
      if ('table' in flow.root) this.#add(flow.root.table, { flow: flow.name, part: '', link: 'key', watch: null });
      for (const part of flow.parts) {
        const { link, watch = null } = part;
        for (const name of marksBy(part)) this.#add(part.table, { flow: flow.name, part: name, link, watch });
      }
    }
  }

  #add(table: string, subscription: Subscription): void {
    const list = this.#byTable.get(table);
    if (list) list.push(subscription);
    else this.#byTable.set(table, [subscription]);
  }

  table(name: string): SourceTable | undefined {
    return this.#tables.get(name);
  }

  /** Link values of an image. Links are declared total; a fault in one must not stop the landing of a row. */
  linksOf(table: SourceTable, image: Image): LinkValues {
    const values: Record<string, string | null> = {};
    for (const [name, link] of Object.entries(table.links)) {
      try {
        values[name] = link(image);
      } catch {
        values[name] = null;
      }
    }
    return values;
  }

  /** Marks for a row that changed: for its key, where its root is not derived at once, and for what its links were and are. */
  marksOf(
    table: string,
    key: string,
    before: LinkValues,
    after: LinkValues,
    sourceTime: string,
    atOnce?: ReadonlySet<string>,
  ): Mark[] {
    const marks: Mark[] = [];
    for (const { flow, part, link, watch } of this.#byTable.get(table) ?? []) {
      if (link === 'key' && part === '' && atOnce?.has(flow)) continue;
      if (watch !== null && before[watch] === after[watch]) continue;
      const values = link === 'key' ? [key] : [before[link], after[link]];
      for (const value of new Set(values)) {
        if (value !== null && value !== undefined) marks.push({ flow, part, key: value, sourceTime });
      }
    }
    return marks;
  }

  marksOfMove(table: string, link: string, from: string, to: string, row: string, sourceTime: string): Mark[] {
    const values = { from, to, row };
    return this.marksOf(movesOf(table, link), '', values, values, sourceTime);
  }
}
