import type { Delivery, DeliveryOutcome } from './document.ts';
import type { JsonObject } from './json.ts';

/** A document as its target holds it now. */
export interface StoredDocument {
  readonly id: string;
  readonly revision: bigint;
  readonly content: JsonObject;
}

/**
 * Where documents go. For the implementer: the same delivery may come again, late, and twice at once; a lower
 * revision must never replace a higher one; one bad delivery must not hold up the others of its batch.
 * Outcomes come back in the order of the deliveries. `deliver` throws only when nothing at all could be tried.
 */
export interface Sink {
  readonly name: string;
  /** Proves that the server honours the guards. Throws SERVER_GUARD_MISSING or a retry code. */
  probe(): Promise<void>;
  deliver(batch: readonly Delivery[], signal?: AbortSignal): Promise<readonly DeliveryOutcome[]>;
  read(target: string, ids: readonly string[]): Promise<readonly StoredDocument[]>;
  close(): Promise<void>;
}
