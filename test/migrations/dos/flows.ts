import type { JsonObject } from '../../../src/core/index.ts';
import { type DosConfig, dos } from '../../../src/migrations/dos/index.ts';
import { createModel, type Model } from '../../../src/pipeline/in-memory/index.ts';
import { changeOf, type RowChange } from './changes.ts';
import { type Changes, Source, type Tables } from './directory.ts';

/** The flows of the migration over rows in memory, as the stream would drive them. */
export class Stream {
  readonly model: Model;
  readonly #source = new Source();
  #place = 0;

  constructor(options: Partial<DosConfig> = {}) {
    this.model = createModel(dos(options));
  }

  load(tables: Tables): this {
    return this.#tell(this.#source.load(tables));
  }

  apply(changes: Changes): this {
    return this.#tell(this.#source.apply(changes));
  }

  #tell(changes: readonly RowChange[]): this {
    for (const change of changes) {
      this.#place += 1;
      this.model.apply(changeOf(change, this.#place));
    }
    this.model.derive('2026-03-13T09:00:00.123456Z');
    return this;
  }

  /** Items of a table by key, as they would be written the first time. */
  items(table: string): ReadonlyMap<string, JsonObject> {
    const documents = this.model.documents().get(`dynamodb.${table}`) ?? new Map();
    return new Map([...documents].map(([id, { content, stamps }]) => [id, { ...content, ...stamps }]));
  }

  item(table: string, ...key: string[]): JsonObject | undefined {
    return this.items(table).get(key.length === 1 ? String(key[0]) : JSON.stringify(key));
  }

  /** `code path` of all that was noted, and `state code` of what waits or is parked. */
  issues(flow: string, root: string): readonly string[] {
    const trouble = this.model.troubleOf(flow, root);
    const noted = this.model.issuesOf(flow, root).map(({ code, path }) => `${code} ${path}`);
    return trouble ? [`${trouble.state} ${trouble.code ?? trouble.reason}`] : noted;
  }
}
