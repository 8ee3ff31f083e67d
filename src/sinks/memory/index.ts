import type { Delivery, DeliveryOutcome, JsonObject, Sink, StoredDocument } from '../../core/index.ts';

export interface MemorySink extends Sink {
  /** everything held now, in the order it first came */
  documents(): readonly (StoredDocument & { readonly target: string })[];
}

/** A sink that keeps documents in this process: for the preview, which has no server. */
export function createMemorySink(): MemorySink {
  const held = new Map<string, { target: string; id: string; revision: bigint; content: JsonObject | null }>();
  const keyOf = (target: string, id: string): string => `${target}\u001f${id}`;
  const one = ({ target, id, revision, content }: Delivery): DeliveryOutcome => {
    const key = keyOf(target, id);
    const before = held.get(key);
    if (before && before.revision > revision) return { kind: 'superseded', etag: String(before.revision) };
    held.set(key, { target, id, revision, content });
    return { kind: 'applied', etag: String(revision) };
  };
  const present = (): (StoredDocument & { target: string })[] =>
    [...held.values()].flatMap(({ content, ...rest }) => (content === null ? [] : [{ ...rest, content }]));
  return {
    name: 'memory',
    async probe() {},
    async deliver(batch) {
      return batch.map(one);
    },
    async read(target, ids) {
      const found = present().filter((document) => document.target === target && ids.includes(document.id));
      return found.map(({ id, revision, content }) => ({ id, revision, content }));
    },
    async close() {},
    documents: present,
  };
}
