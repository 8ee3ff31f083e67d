import type { DocumentRef } from './document.ts';

/** A map by document: by target, then by id, for making one key of both costs more than looking twice. */
export class RefMap<T> {
  readonly #targets = new Map<string, Map<string, T>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(ref: DocumentRef): T | undefined {
    return this.#targets.get(ref.target)?.get(ref.id);
  }

  has(ref: DocumentRef): boolean {
    return this.#targets.get(ref.target)?.has(ref.id) ?? false;
  }

  set(ref: DocumentRef, value: T): void {
    let ids = this.#targets.get(ref.target);
    if (!ids) {
      ids = new Map();
      this.#targets.set(ref.target, ids);
    }
    if (!ids.has(ref.id)) this.#size += 1;
    ids.set(ref.id, value);
  }

  values(): T[] {
    return [...this.#targets.values()].flatMap((ids) => [...ids.values()]);
  }
}
