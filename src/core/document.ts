import type { Json, JsonObject } from './json.ts';

/**
 * One thing a target holds: a table row, a FHIR resource, an item.
 * `content` is what is compared, and hashed unless there is a `basis`; `stamps` are audit columns that follow a write
 * and never cause one.
 */
export interface Document {
  /** name of a declared target, e.g. `intake.submission` or `fhir.Patient` */
  readonly target: string;
  /** deterministic identity inside the target */
  readonly id: string;
  readonly content: JsonObject;
  /** what is hashed in place of the content where different contents mean the same, e.g. a list in another order */
  readonly basis?: JsonObject;
  readonly stamps?: JsonObject;
  /** members of the content that are numbers given to business keys, filled in before it is hashed */
  readonly numbers?: Readonly<Record<string, NumberRef>>;
  /** documents that must be in their target before this one may be written */
  readonly needs?: readonly DocumentRef[];
  /** documents with the same order key are sent one after the other (the patient, the service) */
  readonly orderKey?: string;
}

/**
 * A number that stands for a business key: given once, in the transaction that first needs it, the same for ever after,
 * shared by the live run and its shadows, and never given to another key of its series.
 */
export interface NumberRef {
  readonly series: string;
  readonly key: string;
}

export interface DocumentRef {
  readonly target: string;
  readonly id: string;
}

export type Severity = 'info' | 'warning' | 'error';

/** What a transformer noticed about a row. Never holds a value of the row, only its path. */
export interface Issue {
  readonly code: string;
  readonly severity: Severity;
  /** column or element the issue is about, e.g. `nhs_number` */
  readonly path: string;
  /** what is wrong and what was done, without any value of the row */
  readonly text: string;
}

/** An already decided write: the newest content under its revision, or null when the document is gone. */
export interface Delivery {
  readonly target: string;
  readonly id: string;
  /** rises with every change of content of this document; decides which of two writes is newer */
  readonly revision: bigint;
  readonly content: JsonObject | null;
  readonly stamps?: JsonObject;
  /** version the server gave to our last write, if we know it */
  readonly etag?: string | null;
  /** deliveries of a batch with the same order key may be written all or none, where the store can do that */
  readonly orderKey?: string;
}

/** What became of one delivery. */
export type DeliveryOutcome =
  | { readonly kind: 'applied'; readonly etag: string | null }
  /** the target already holds this revision or a newer one */
  | { readonly kind: 'superseded'; readonly etag: string | null }
  | { readonly kind: 'retry'; readonly code: string; readonly afterMs: number; readonly slowDown: boolean }
  /** something it refers to is not there yet */
  | { readonly kind: 'waiting'; readonly code: string }
  | { readonly kind: 'park'; readonly code: string; readonly detail: Json };
