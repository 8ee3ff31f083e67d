import type { Aggregate, Image, JsonObject } from '../../../src/core/index.ts';
import {
  DEFAULTS,
  type DosConfig,
  documentIds,
  dos,
  type SourceService,
  STATE_ENTITY,
  type Synced,
  sourceService,
  stateId,
  syncService,
} from '../../../src/migrations/dos/index.ts';
import { readAggregate } from '../../../src/pipeline/in-memory/joins.ts';
import { LandedRows } from '../../../src/pipeline/in-memory/landed-rows.ts';
import { changeOf, type RowChange } from './changes.ts';

export type Tables = Readonly<Record<string, readonly Image[]>>;
export type Changes = Readonly<Record<string, { insert?: Image[]; update?: Image[]; delete?: number[] }>>;

/** Source rows by table and id, so that an update may name some columns only. */
export class Source {
  readonly #images = new Map<string, Image>();
  readonly #tables = new Map<string, Map<unknown, Image>>();

  /** The rows as they are now. */
  rows(): Tables {
    return Object.fromEntries([...this.#tables].map(([table, rows]) => [table, [...rows.values()]]));
  }

  load(tables: Tables): readonly RowChange[] {
    return Object.entries(tables).flatMap(([table, rows]) => rows.map((row) => this.#put(table, row)));
  }

  apply(changes: Changes): readonly RowChange[] {
    return Object.entries(changes).flatMap(([table, { insert = [], update = [], delete: gone = [] }]) => [
      ...insert.map((row) => this.#put(table, row)),
      ...update.map((row) => this.#put(table, { ...this.#images.get(`${table}/${row.id}`), ...row })),
      ...gone.map((id) => this.#remove(table, id)),
    ]);
  }

  #remove(table: string, id: number): RowChange {
    this.#tables.get(table)?.delete(id);
    return { table, row: { id }, deleted: true };
  }

  #put(table: string, row: Image): RowChange {
    this.#images.set(`${table}/${row.id}`, row);
    const rows = this.#tables.get(table) ?? new Map<unknown, Image>();
    this.#tables.set(table, rows.set(row.id, row));
    return { table, row, deleted: false };
  }
}

/** Target tables and landed source rows in memory: enough to bring services over one after the other. */
export class Directory {
  readonly #tables = new Map<string, Map<string, JsonObject>>();
  readonly #migration = dos();
  readonly #rows = new LandedRows(this.#migration);
  readonly #source = new Source();
  #place = 0;
  config: DosConfig = DEFAULTS;

  load(tables: Tables): this {
    this.#land(this.#source.load(tables));
    return this;
  }

  apply(changes: Changes): void {
    this.#land(this.#source.apply(changes));
  }

  #land(changes: readonly RowChange[]): void {
    for (const change of changes) {
      this.#place += 1;
      this.#rows.apply(changeOf(change, this.#place));
    }
  }

  #aggregate(id: number): Aggregate {
    const [services] = this.#migration.flows;
    if (!services) throw new Error('there is no flow');
    return readAggregate(services, String(id), this.#rows);
  }

  service(id: number): SourceService | null {
    return sourceService(this.#aggregate(id));
  }

  table(name: string): Map<string, JsonObject> {
    const table = this.#tables.get(name) ?? new Map<string, JsonObject>();
    this.#tables.set(name, table);
    return table;
  }

  /** Every item by table and key. */
  items(): ReadonlyMap<string, JsonObject> {
    const all = [...this.#tables].flatMap(([table, items]) =>
      [...items].map(([id, item]) => [`${table}/${id}`, item] as const),
    );
    return new Map(all);
  }

  deleteDocuments(id: number): void {
    for (const { entity, id: key } of documentIds(id)) this.table(entity).delete(key);
  }

  deleteState(id: number): void {
    this.table(STATE_ENTITY).delete(stateId(id));
  }

  /** Somebody else writes the state of a service. */
  raiseVersion(id: number): void {
    const states = this.table(STATE_ENTITY);
    const state = states.get(stateId(id));
    if (state) states.set(stateId(id), { ...state, version: Number(state.version) + 1 });
  }

  exists(id: number): boolean {
    return this.service(id) !== null;
  }

  /** Brings one service over, and keeps what that writes. */
  sync(id: number, at = '2026-03-13T09:00:00.123456Z'): Synced {
    const source = this.service(id);
    if (source === null) throw new Error(`there is no service ${id}`);
    const synced = syncService(source, {
      config: this.config,
      at,
      service: (other) => this.service(other),
      state: (service) => this.table('data-migration-state').get(`services#${service}`) ?? null,
      stored: (entity, key) => this.table(entity).get(key) ?? null,
    });
    for (const write of synced.transactions.flat()) this.table(write.entity).set(write.id, write.after);
    return synced;
  }
}
