import type { Aggregate, Image, JsonObject, Migration } from '../../../src/core/index.ts';
import type { DosConfig } from '../../../src/migrations/dos/config.ts';
import { DEFAULTS } from '../../../src/migrations/dos/config.ts';
import { dos } from '../../../src/migrations/dos/index.ts';
import { type SourceService, sourceService } from '../../../src/migrations/dos/services/source.ts';
import { type Synced, syncService } from '../../../src/migrations/dos/services/sync.ts';
import { readAggregate } from '../../../src/pipeline/in-memory/joins.ts';
import { LandedRows } from '../../../src/pipeline/in-memory/landed-rows.ts';

export type Tables = Readonly<Record<string, readonly Image[]>>;
type Changes = Readonly<Record<string, { insert?: Image[]; update?: Image[]; delete?: number[] }>>;

/** Target tables and landed source rows in memory: enough to bring services over one after the other. */
export class Directory {
  readonly tables = new Map<string, Map<string, JsonObject>>();
  readonly #migration: Migration = dos();
  readonly #rows = new LandedRows(this.#migration);
  readonly #images = new Map<string, Image>();
  #place = 0n;
  config: DosConfig = DEFAULTS;

  load(tables: Tables): this {
    for (const [table, rows] of Object.entries(tables)) for (const row of rows) this.put(table, row);
    return this;
  }

  apply(changes: Changes): void {
    for (const [table, { insert = [], update = [], delete: gone = [] }] of Object.entries(changes)) {
      for (const row of insert) this.put(table, row);
      for (const row of update) this.put(table, { ...this.#images.get(`${table}/${row['id']}`), ...row });
      for (const id of gone) this.#land(table, { id }, true);
    }
  }

  put(table: string, row: Image): void {
    this.#images.set(`${table}/${row['id']}`, row);
    this.#land(table, row, false);
  }

  #land(table: string, row: Image, deleted: boolean): void {
    this.#place += 1n;
    this.#rows.apply({
      kind: 'change',
      table: `pathwaysdos.${table}`,
      key: String(row['id']),
      op: deleted ? 'd' : 'c',
      after: deleted ? null : row,
      before: deleted ? row : null,
      unsent: [],
      position: { epoch: 1, phase: 1, a: this.#place, b: this.#place, txId: this.#place, offset: this.#place },
      sourceTime: '2026-03-13T08:00:00.000000Z',
      origin: null,
    });
  }

  aggregate(flow: string, key: string): Aggregate {
    const found = this.#migration.flows.find(({ name }) => name === flow);
    if (!found) throw new Error(`there is no flow ${flow}`);
    return readAggregate(found, key, this.#rows);
  }

  service(id: number): SourceService | null {
    return sourceService(this.aggregate('services', String(id)));
  }

  table(name: string): Map<string, JsonObject> {
    const table = this.tables.get(name) ?? new Map<string, JsonObject>();
    this.tables.set(name, table);
    return table;
  }

  /** Brings one service over, and keeps what that writes. */
  sync(id: number, at: string): Synced {
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
