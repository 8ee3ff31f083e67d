import { contentHash } from './canonical.ts';
import type { JsonObject } from './json.ts';

/** What is kept of gates and phases: a judgement, a signature under one, and the moves of a migration. */
export type GateRecordKind = 'evaluation' | 'sign-off' | 'samples' | 'phase-request' | 'phase-approve' | 'phase-back';

/** What somebody has to say; the record store gives it its place. */
export interface GateEntry {
  readonly kind: GateRecordKind;
  readonly migration: string;
  /** a profile, a phase that is moved to, or a hash of what was looked at */
  readonly subject: string;
  /** ISO UTC */
  readonly at: string;
  /** who judged, signed or moved; a worker's name where a program did */
  readonly actor: string;
  /** of an approval: who had asked for it */
  readonly requester: string | null;
  readonly verdict: 'PASS' | 'FAIL' | null;
  readonly content: JsonObject;
}

/** One link of the chain. `prev` is the hash of the one before, of the first one the id of the chain. */
export interface GateRecord extends GateEntry {
  /** counts from 1 without a gap */
  readonly seq: number;
  readonly prev: string;
  readonly hash: string;
}

/** The newest link of a chain, as it is written down elsewhere. */
export interface ChainHead {
  readonly chain: string;
  readonly seq: number;
  readonly hash: string;
}

export interface GateRecordFilter {
  readonly migration?: string;
  readonly kinds?: readonly GateRecordKind[];
  readonly subject?: string;
}

/** Records are only ever added, one behind the other. */
export interface GateRecords {
  chain(): Promise<string>;
  /**
   * Adds a record. `since`: what was decided from; a record of the same migration and of these kinds that came after it
   * makes the decision void.
   *
   * @throws TARGET_BUSY when there is one
   */
  append(
    entry: GateEntry,
    since?: { readonly seq: number; readonly kinds: readonly GateRecordKind[] },
  ): Promise<GateRecord>;
  /** newest first */
  newest(filter: GateRecordFilter, limit: number): Promise<readonly GateRecord[]>;
  one(seq: number): Promise<GateRecord | null>;
  /** as they are stored, those after `seq`, oldest first */
  stored(seq: number, limit: number): Promise<readonly StoredGateRecord[]>;
}

/** A record as a table has it, whatever was done to it there: what is wrong with it is for `verify` to say. */
export interface StoredGateRecord extends Omit<GateRecord, 'content' | 'kind' | 'verdict'> {
  readonly kind: string;
  readonly verdict: string | null;
  /** canonical JSON of the content, letter by letter as it was hashed */
  readonly body: string;
}

/** The hash of a link: over its place, the link before and everything it says. */
export const gateRecordHash = ({ seq, prev, body, ...rest }: Omit<StoredGateRecord, 'hash'>): string =>
  contentHash({
    seq,
    prev,
    body,
    kind: rest.kind,
    migration: rest.migration,
    subject: rest.subject,
    at: rest.at,
    actor: rest.actor,
    requester: rest.requester,
    verdict: rest.verdict,
  });
