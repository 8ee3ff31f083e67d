import { type Flow, SluiceError, type SourceTable, topicOf } from '../../core/index.ts';
import { type Decoder, type LogClient, Subscriptions } from '../../pipeline/index.ts';
import { Apart } from './apart.ts';
import { type Away, lookAtRoots } from './look.ts';
import type { ReconcileParts } from './parts.ts';
import { recordLook, recordObservations } from './record.ts';
import { rootsOfRows } from './roots-of-rows.ts';
import { landedTablesOf, lookAtRows } from './rows.ts';

/** A changed row that is still to be looked at. */
interface Changed {
  readonly table: SourceTable;
  readonly key: string;
  /** milliseconds since 1970: when its newest change was read */
  readonly at: number;
  /** how often it was on its way, or suspected, since */
  readonly looks: number;
}

export interface StreamFigures {
  /** documents compared, each look counted */
  compared: number;
  /** rows compared with the source */
  rows: number;
  confirmed: number;
  /** changed rows not yet looked at whole */
  waiting: number;
}

const MOST_WAITING = 50_000;
const BATCH = 300;
/** What was on its way so often is left to the scan: rounds follow each other by about a second. */
const MOST_LOOKS = 120;

/**
 * Looks at each row that changes, and at the documents made of it, when the change has been applied. It is a member of
 * a consumer group of its own, so what the workers do with the log is not what it believes. Keys that are on their way
 * go to the end of the queue, so that nothing waits behind them; a row that changes without a pause, is parked or of a table
 * that is halted is looked at by the scan.
 */
export class StreamEngine {
  readonly figures: StreamFigures = { compared: 0, rows: 0, confirmed: 0, waiting: 0 };
  readonly #parts: ReconcileParts;
  readonly #client: LogClient;
  readonly #decoder: Decoder;
  readonly #tables: ReadonlyMap<string, SourceTable>;
  readonly #subscriptions: Subscriptions;
  readonly #waiting = new Map<string, Changed>();
  readonly #rootsWaiting = new Map<string, { readonly flow: Flow; readonly roots: Map<string, number> }>();
  readonly #started = new Set<string>();
  #closed = false;

  constructor(parts: ReconcileParts, client: LogClient, decoder: Decoder) {
    this.#parts = parts;
    this.#client = client;
    this.#decoder = decoder;
    const { migration } = parts.open;
    this.#tables = new Map(landedTablesOf(migration).map((table) => [topicOf(migration.name, table.name), table]));
    this.#subscriptions = new Subscriptions(migration);
  }

  /** Reads from where the log ends now: what came before is the scan's. */
  async start(): Promise<void> {
    const ends = new Map<string, bigint>();
    for (const topic of this.#tables.keys())
      for (const { partition, high } of await this.#client.offsets(topic)) ends.set(`${topic}/${partition}`, high);
    let chain = Promise.resolve();
    await this.#client.run((batch) => {
      const name = `${batch.topic}/${batch.partition}`;
      const end = ends.get(name) ?? 0n;
      if (!this.#started.has(name)) {
        this.#started.add(name);
        if (batch.fetchedFrom < end) return this.#client.seek(batch.topic, batch.partition, end);
      }
      this.#client.pause(batch.topic, batch.partition);
      chain = chain
        .then(async () => {
          for (const record of batch.records) if (record.offset >= end) await this.#take(batch.topic, record);
          while (this.#waiting.size > MOST_WAITING && !this.#closed) await this.#parts.clock.sleep(100);
        })
        .then(() => this.#client.resume(batch.topic, batch.partition));
    });
  }

  async #take(topic: string, record: Parameters<Decoder['decodeKey']>[1]): Promise<void> {
    const table = this.#tables.get(topic);
    if (!table || record.value === null) return;
    const key = await this.#keyOf(topic, record);
    if (key !== null)
      this.#waiting.set(`${table.name}\u001f${key}`, {
        table,
        key,
        at: this.#parts.clock.now(),
        looks: 0,
      });
  }

  /** null: it cannot be told. A registry that is away is waited for. */
  async #keyOf(topic: string, record: Parameters<Decoder['decodeKey']>[1]): Promise<string | null> {
    while (!this.#closed) {
      try {
        return await this.#decoder.decodeKey(topic, record);
      } catch (error) {
        const fault = error instanceof SluiceError ? error : null;
        if (fault?.disposition !== 'retry') {
          const at = { topic, offset: String(record.offset), code: fault?.code ?? 'INTERNAL' };
          this.#parts.log.warn('a changed row is left to the scan', at);
          return null;
        }
        await this.#parts.clock.sleep(1_000);
      }
    }
    return null;
  }

  /**
   * Looks at what waits, once. What is on its way goes on waiting, and so does what could not be looked at. Throws
   * PartlyFailed after all other flows have been looked at.
   */
  async round(signal: AbortSignal): Promise<void> {
    const [apart, away]: [Apart, Away] = [new Apart(), new Map()];
    await apart.do('', () => this.#lookAtChanged());
    for (const [name, { flow, roots }] of [...this.#rootsWaiting]) {
      if (signal.aborted) return;
      const some = [...roots.keys()].slice(0, BATCH);
      // until the look is over: what fails is looked at again
      let again: ReadonlySet<string> = new Set(some);
      await apart.do(flow.name, async () => {
        const look = await lookAtRoots(this.#parts, flow, some, away);
        const recorded = await recordLook(this.#parts, look, 'stream');
        again = new Set([...look.hot, ...look.unread.keys(), ...recorded.suspects.map(({ root }) => root)]);
        this.figures.compared += look.documents.length;
        this.figures.confirmed += recorded.confirmed;
        for (const why of look.unread.values()) apart.blame([flow.name], why);
      });
      for (const root of some) {
        const looks = (roots.get(root) ?? 0) + 1;
        roots.delete(root);
        if (again.has(root) && looks < MOST_LOOKS) roots.set(root, looks);
      }
      if (roots.size === 0) this.#rootsWaiting.delete(name);
    }
    this.figures.waiting =
      this.#waiting.size + [...this.#rootsWaiting.values()].reduce((sum, { roots }) => sum + roots.size, 0);
    apart.settle();
  }

  /** Looks at changed rows of every table, and adds the roots they belong to. */
  async #lookAtChanged(): Promise<void> {
    const changed = new Map<SourceTable, readonly Changed[]>();
    for (const table of this.#tables.values())
      changed.set(table, [...this.#waiting.values()].filter((one) => one.table === table).slice(0, BATCH));
    const wanted = [...changed].map(([table, rows]) => ({ table, keys: rows.map(({ key }) => key) }));
    for (const { table, observations, hot } of await lookAtRows(this.#parts, wanted)) {
      const recorded = await recordObservations(this.#parts, observations, 'stream');
      this.figures.rows += observations.length;
      this.figures.confirmed += recorded.confirmed;
      this.#takeOut(table, changed.get(table) ?? [], new Set([...hot, ...recorded.suspects.map(({ id }) => id)]));
    }
    for (const { table, keys } of wanted) if (keys.length > 0) await this.#addRoots(table, keys);
  }

  /** What was looked at leaves the queue; what is to be looked at again, or has changed meanwhile, goes to its end. */
  #takeOut(table: SourceTable, looked: readonly Changed[], again: ReadonlySet<string>): void {
    for (const one of looked) {
      const name = `${table.name}\u001f${one.key}`;
      const now = this.#waiting.get(name) ?? one;
      this.#waiting.delete(name);
      if (now.at > one.at) this.#waiting.set(name, now);
      else if (again.has(one.key) && one.looks + 1 < MOST_LOOKS)
        this.#waiting.set(name, { ...one, looks: one.looks + 1 });
    }
  }

  async #addRoots(table: SourceTable, keys: readonly string[]): Promise<void> {
    for (const [flow, roots] of await rootsOfRows(this.#parts, this.#subscriptions, table, keys)) {
      const waiting = this.#rootsWaiting.get(flow.name) ?? { flow, roots: new Map<string, number>() };
      for (const root of roots) waiting.roots.set(root, 0);
      this.#rootsWaiting.set(flow.name, waiting);
    }
  }

  close(): Promise<void> {
    this.#closed = true;
    return this.#client.close();
  }
}
