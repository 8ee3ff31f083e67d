import { openDynamoDbItems } from '../../../src/app/dos/dynamodb-items.ts';
import { handleEvents } from '../../../src/app/dos/events.ts';
import type { ItemStore } from '../../../src/app/dos/items.ts';
import { syncServices } from '../../../src/app/dos/service-sync.ts';
import { syncTriage } from '../../../src/app/dos/triage-sync.ts';
import type { DynamoDbPlace } from '../../../src/app/dynamodb.ts';
import type { DynamoDbTarget, JsonObject } from '../../../src/core/index.ts';
import {
  DEFAULTS,
  type DosConfig,
  documentIds,
  STATE_ENTITY,
  type Synced,
  stateId,
  TABLE_TARGETS,
} from '../../../src/migrations/dos/index.ts';
import { dynamoDbAt, plainOf } from '../../support/dynamodb-items.ts';
import { type Changes, Source, type Tables } from './directory.ts';
import type { Subject } from './vectors.ts';

const targetOf = (entity: string): DynamoDbTarget => {
  const target = Object.values(TABLE_TARGETS).find(({ table }) => table === entity);
  if (!target) throw new Error(`there is no table ${entity}`);
  return target;
};

/** Source rows in memory, brought over to a real DynamoDB as the product does it. */
export class ServedDirectory implements Subject {
  config: DosConfig = DEFAULTS;
  readonly #place: DynamoDbPlace;
  readonly #direct: ReturnType<typeof dynamoDbAt>;
  readonly #source = new Source();
  readonly #store: ItemStore;
  #raceFor: number | null = null;

  constructor(place: DynamoDbPlace) {
    this.#place = place;
    this.#direct = dynamoDbAt(place.url);
    const store = openDynamoDbItems(place);
    this.#store = {
      read: (keys) => store.read(keys),
      write: async (writes, seen, at) => {
        const service = this.#raceFor;
        this.#raceFor = null;
        if (service !== null) await this.#raise(service);
        return store.write(writes, seen, at);
      },
    };
  }

  load(tables: Tables): void {
    this.#source.load(tables);
  }

  apply(changes: Changes): void {
    this.#source.apply(changes);
  }

  exists(id: number): boolean {
    return (this.#source.rows().services ?? []).some((row) => row.id === id);
  }

  async sync(id: number, at = ''): Promise<Synced> {
    let synced: Synced | undefined;
    const sync = { config: this.config, store: this.#store, now: () => at, parallel: 1 };
    await syncServices(sync, this.#source.rows(), [id], (done) => {
      synced = done;
    });
    if (!synced) throw new Error('nothing was told');
    return synced;
  }

  /** Does what messages ask for; the codes of what was told, and the messages that failed. */
  async handle(bodies: readonly unknown[], at: string) {
    const codes: string[] = [];
    const messages = bodies.map((body, place) => ({ id: `m${place}`, body: JSON.stringify(body) }));
    const sync = { config: this.config, store: this.#store, now: () => at, parallel: 1 };
    const source = { services: async (ids: readonly number[]) => ({ ids, rows: this.#source.rows() }) };
    const { failed } = await handleEvents({ source, sync, tell: ({ code }) => void codes.push(code) }, messages);
    return { codes, failed };
  }

  async syncTriage(at: string): Promise<void> {
    const sync = { config: this.config, store: this.#store, now: () => at, parallel: 4 };
    await syncTriage(sync, this.#source.rows());
  }

  async deleteDocuments(id: number): Promise<void> {
    for (const { entity, id: key } of documentIds(id))
      await this.#direct.delete(this.#table(entity), { id: { S: key }, field: { S: 'document' } });
  }

  deleteState(id: number): Promise<void> {
    return this.#direct.delete(this.#table(STATE_ENTITY), { source_record_id: { S: stateId(id) } });
  }

  raiseVersion(id: number): void {
    this.#raceFor = id;
  }

  async #raise(id: number): Promise<void> {
    await this.#direct.call('UpdateItem', {
      TableName: this.#table(STATE_ENTITY),
      Key: { source_record_id: { S: stateId(id) } },
      UpdateExpression: 'SET version = version + :one',
      ExpressionAttributeValues: { ':one': { N: '1' } },
    });
  }

  async items(): Promise<ReadonlyMap<string, JsonObject>> {
    const found = new Map<string, JsonObject>();
    for (const { table, key } of Object.values(TABLE_TARGETS)) {
      if (table === TABLE_TARGETS.versionHistory.table) continue;
      for (const item of await this.#scan(table)) {
        const id =
          table === TABLE_TARGETS.triageCode.table ? key.map((name) => item[name] ?? null) : item[key[0] ?? ''];
        found.set(`${table}/${typeof id === 'string' ? id : JSON.stringify(id)}`, item);
      }
    }
    return found;
  }

  history(): Promise<readonly JsonObject[]> {
    return this.#scan(TABLE_TARGETS.versionHistory.table);
  }

  async #scan(entity: string): Promise<readonly JsonObject[]> {
    return (await this.#direct.scan(this.#table(entity))).map(plainOf);
  }

  /** Leaves the tables empty for the next case. */
  async clear(): Promise<void> {
    for (const { table, key } of Object.values(TABLE_TARGETS))
      for (const item of await this.#direct.scan(this.#table(table)))
        await this.#direct.delete(
          this.#table(table),
          Object.fromEntries(key.map((name) => [name, item[name] ?? null])),
        );
  }

  #table(entity: string): string {
    return this.#place.tableName(targetOf(entity));
  }
}
