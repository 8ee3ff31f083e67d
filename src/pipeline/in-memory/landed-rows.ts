import {
  type ChangeEvent,
  canonicalJson,
  comparePositions,
  type Image,
  type LandedRow,
  lastImage,
  type Migration,
  movesOf,
  type Position,
  type RecordedChange,
  type SourceTable,
} from '../../core/index.ts';

/** A landed row with its join keys. */
export interface HeldRow extends LandedRow {
  readonly position: Position;
  readonly links: Readonly<Record<string, string | null>>;
}

/** A row as it was and as it is, for those who join it. */
export interface Touch {
  readonly before: HeldRow | null;
  readonly after: HeldRow;
}

/** One landed table, found by key or by any link. */
class HeldTable {
  readonly #rows = new Map<string, HeldRow>();
  readonly #byLink = new Map<string, Set<string>>();

  get(key: string): HeldRow | undefined {
    return this.#rows.get(key);
  }

  put(row: HeldRow): void {
    const old = this.#rows.get(row.key);
    for (const [link, value] of Object.entries(old?.links ?? {})) this.#byLink.get(`${link}=${value}`)?.delete(row.key);
    for (const [link, value] of Object.entries(row.links)) {
      if (value === null) continue;
      const name = `${link}=${value}`;
      const keys = this.#byLink.get(name) ?? new Set<string>();
      this.#byLink.set(name, keys.add(row.key));
    }
    this.#rows.set(row.key, row);
  }

  find(link: string, value: string): readonly HeldRow[] {
    const keys = link === 'key' ? [value] : [...(this.#byLink.get(`${link}=${value}`) ?? [])];
    return keys.flatMap((key) => this.#rows.get(key) ?? []);
  }

  keys(): readonly string[] {
    return [...this.#rows.keys()];
  }

  values(link: string): readonly string[] {
    return [...this.#rows.values()].flatMap((row) => row.links[link] ?? []);
  }
}

/** What landing keeps, held in memory: newest rows, recorded moves of links, recorded changes. */
export class LandedRows {
  readonly #declared = new Map<string, SourceTable>();
  readonly #tables = new Map<string, HeldTable>();
  readonly #changes = new Map<string, RecordedChange[]>();

  constructor(migration: Migration) {
    for (const table of migration.tables) this.#declared.set(table.name, table);
  }

  table(name: string): HeldTable {
    const table = this.#tables.get(name) ?? new HeldTable();
    this.#tables.set(name, table);
    return table;
  }

  declares(table: string): boolean {
    return this.#declared.has(table);
  }

  /** Every recorded change of a row, in the order of their positions as they were applied. */
  changesOf(table: string, key: string): readonly RecordedChange[] {
    return this.#changes.get(`${table}\u001f${key}`) ?? [];
  }

  /** Applies one change; answers what it touched, nothing when it is older than what is landed or cannot be landed. */
  apply(event: ChangeEvent): readonly Touch[] {
    const declared = this.#declared.get(event.table);
    if (!declared) return [];
    const table = this.table(event.table);
    const before = table.get(event.key) ?? null;
    if (before && comparePositions(event.position, before.position) <= 0) return [];
    if (before === null && event.unsent.length > 0) return [];
    const image = imageAfter(declared, event, before);
    const after: HeldRow = {
      table: event.table,
      key: event.key,
      image,
      deleted: event.op === 'd',
      sourceTime: event.sourceTime,
      lsn: String(event.position.b),
      position: event.position,
      links: linksOf(declared, image),
    };
    table.put(after);
    const touches: Touch[] = [{ before, after }];
    if (before?.deleted === after.deleted && canonicalJson(before.image) === canonicalJson(image)) return touches;
    for (const link of declared.remember ?? []) touches.push(...this.#recordMove(link, event, before, after));
    if (declared.keepChanges) this.#recordChange(event, before, after);
    return touches;
  }

  #recordMove(link: string, event: ChangeEvent, before: HeldRow | null, after: HeldRow): readonly Touch[] {
    const from = before?.links[link] ?? null;
    const to = after.links[link] ?? null;
    if (from === null || to === null || from === to) return [];
    const move: HeldRow = {
      ...after,
      table: movesOf(event.table, link),
      key: `${event.key}/${entryOf(event)}`,
      image: { from, to, row: event.key },
      deleted: false,
      links: { from, to, row: event.key },
    };
    this.table(move.table).put(move);
    return [{ before: null, after: move }];
  }

  #recordChange(event: ChangeEvent, before: HeldRow | null, after: HeldRow): void {
    const name = `${event.table}\u001f${event.key}`;
    const change: RecordedChange = {
      entry: entryOf(event),
      table: event.table,
      key: event.key,
      op: event.op,
      before: before && !before.deleted ? before.image : null,
      after: after.image,
      sourceTime: event.sourceTime,
      lsn: after.lsn,
    };
    this.#changes.set(name, [...(this.#changes.get(name) ?? []), change]);
  }
}

/** The same name for every re-sending of a change. */
const entryOf = ({ position, op }: ChangeEvent): string => `${position.epoch}:${position.txId ?? op}:${position.b}`;

function imageAfter(table: SourceTable, event: ChangeEvent, before: HeldRow | null): Image {
  if (event.op === 'd') return lastImage(table.key, event.before, before?.image ?? null);
  const kept = event.unsent.map((column) => [column, before?.image[column] ?? null] as const);
  return { ...event.after, ...Object.fromEntries(kept) };
}

function linksOf(table: SourceTable, image: Image): Record<string, string | null> {
  return Object.fromEntries(Object.entries(table.links).map(([name, link]) => [name, link(image)]));
}
