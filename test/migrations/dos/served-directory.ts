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
  type Note,
  STATE_ENTITY,
  type Synced,
  stateId,
  TABLE_TARGETS,
} from '../../../src/migrations/dos/index.ts';
import type { Item } from '../../../src/sinks/dynamodb/attributes.ts';
import { dynamoDbAt, plainOf } from '../../support/dynamodb-items.ts';
import { type Changes, Source, type Tables } from './directory.ts';
import type { Subject } from './vectors.ts';

const targetOf = (entity: string): DynamoDbTarget => {
  const target = Object.values(TABLE_TARGETS).find(({ table }) => table === entity);
  if (!target) throw new Error(`there is no table ${entity}`);
  return target;
};

type Contents = ReadonlyMap<DynamoDbTarget, readonly Item[]>;

const WRITES_A_TRANSACTION = 100;

/** Source rows in memory, brought over to a real DynamoDB as the product does it. */
export class ServedDirectory implements Subject {
  config: DosConfig = DEFAULTS;
  readonly #place: DynamoDbPlace;
  readonly #direct: ReturnType<typeof dynamoDbAt>;
  readonly #source = new Source();
  readonly #store: ItemStore;
  #raceFor: number | null = null;
  #read: Promise<Contents> | null = null;

  constructor(place: DynamoDbPlace) {
    this.#place = place;
    this.#direct = dynamoDbAt(place.url);
    const store = openDynamoDbItems(place);
    this.#store = {
      read: (keys) => store.read(keys),
      write: async (writes, seen, at) => {
        this.#read = null;
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

  /** Does what messages ask for; what was told, and the messages that failed. */
  async handle(bodies: readonly unknown[], at: string) {
    const notes: Note[] = [];
    const messages = bodies.map((body, place) => ({ id: `m${place}`, body: JSON.stringify(body) }));
    const sync = { config: this.config, store: this.#store, now: () => at, parallel: 1 };
    const source = { services: async (ids: readonly number[]) => ({ ids, rows: this.#source.rows() }) };
    const { failed } = await handleEvents({ source, sync, tell: (note) => void notes.push(note) }, messages);
    return { notes, failed };
  }

  async syncTriage(at: string): Promise<void> {
    const sync = { config: this.config, store: this.#store, now: () => at, parallel: 4 };
    await syncTriage(sync, this.#source.rows());
  }

  async deleteDocuments(id: number): Promise<void> {
    for (const { entity, id: key } of documentIds(id))
      await this.#delete(entity, { id: { S: key }, field: { S: 'document' } });
  }

  deleteState(id: number): Promise<void> {
    return this.#delete(STATE_ENTITY, { source_record_id: { S: stateId(id) } });
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
    for (const [{ table, key }, items] of await this.#contents()) {
      if (table === TABLE_TARGETS.versionHistory.table) continue;
      for (const item of items.map(plainOf)) {
        const id =
          table === TABLE_TARGETS.triageCode.table ? key.map((name) => item[name] ?? null) : item[key[0] ?? ''];
        found.set(`${table}/${typeof id === 'string' ? id : JSON.stringify(id)}`, item);
      }
    }
    return found;
  }

  async history(): Promise<readonly JsonObject[]> {
    return ((await this.#contents()).get(TABLE_TARGETS.versionHistory) ?? []).map(plainOf);
  }

  /** Leaves the tables empty for the next case: all at once, for each request by itself has a commit of its own. */
  async clear(): Promise<void> {
    const deletes = [...(await this.#contents())].flatMap(([target, items]) =>
      items.map((item) => ({
        Delete: {
          TableName: this.#place.tableName(target),
          Key: Object.fromEntries(target.key.map((name) => [name, item[name] ?? null])),
        },
      })),
    );
    this.#read = null;
    for (let from = 0; from < deletes.length; from += WRITES_A_TRANSACTION)
      await this.#direct.call('TransactWriteItems', {
        TransactItems: deletes.slice(from, from + WRITES_A_TRANSACTION),
      });
  }

  /** All that the tables hold; read again only after something was written. */
  #contents(): Promise<Contents> {
    this.#read ??= Promise.all(
      Object.values(TABLE_TARGETS).map(
        async (target) => [target, await this.#direct.scan(this.#place.tableName(target))] as const,
      ),
    ).then((tables) => new Map(tables));
    return this.#read;
  }

  async #delete(entity: string, key: JsonObject): Promise<void> {
    this.#read = null;
    await this.#direct.delete(this.#table(entity), key);
  }

  #table(entity: string): string {
    return this.#place.tableName(targetOf(entity));
  }
}
