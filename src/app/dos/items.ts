import type { JsonObject } from '../../core/index.ts';
import type { ItemWrite } from '../../migrations/dos/index.ts';
import type { Setback } from '../../sinks/dynamodb/index.ts';

/** An item's table and its id: without the key's second attribute where that is always `document`, of triage codes both as JSON. */
export interface ItemKey {
  readonly entity: string;
  readonly id: string;
}

/** What a store has of an item: `revision` is what a sink of ours left on it, null when nobody did. */
export interface HeldItem {
  readonly item: JsonObject | null;
  readonly revision: bigint | null;
}

/**
 * `written`; `lost`: something was not as seen, read again; `refused`: the store can never hold this.
 * Throws a SluiceError for what stops all writes.
 */
export type WriteResult = 'written' | 'lost' | 'refused';

/** Requests that had to be sent again since a store was opened, by why. */
export type Setbacks = Readonly<Record<Setback, number>>;

export const noSetbacks = (): Record<Setback, number> => ({ throttled: 0, contested: 0, unanswered: 0 });

/** The tables of the Directory of Services, wherever they are. */
export interface ItemStore {
  /** of a store on a server */
  readonly setbacks?: Setbacks;
  /** by `nameOf` the key; an item nobody wrote is left out */
  read(keys: readonly ItemKey[]): Promise<ReadonlyMap<string, HeldItem>>;
  /** Writes all or none, each item only if it is still as seen. `at`: ISO UTC, the time of the change. */
  write(writes: readonly ItemWrite[], seen: ReadonlyMap<string, HeldItem>, at: string): Promise<WriteResult>;
}

/** The revision of what is written here: below any of the stream, which counts from 1 and so replaces it. */
export const WRITTEN = 0n;

export const nameOf = ({ entity, id }: ItemKey): string => `${entity}\u001f${id}`;

/** Keeps items in memory, for a look at what would be written. */
export class MemoryItems implements ItemStore {
  readonly #items = new Map<string, ItemWrite>();

  async read(keys: readonly ItemKey[]): Promise<ReadonlyMap<string, HeldItem>> {
    const found = new Map<string, HeldItem>();
    for (const key of keys) {
      const held = this.#items.get(nameOf(key));
      if (held) found.set(nameOf(key), { item: held.after, revision: null });
    }
    return found;
  }

  async write(writes: readonly ItemWrite[]): Promise<WriteResult> {
    for (const write of writes) this.#items.set(nameOf(write), write);
    return 'written';
  }

  /** All items in the order in which they first came. */
  items(): readonly ItemWrite[] {
    return [...this.#items.values()];
  }
}
