import type { ErrorCode } from './errors.ts';

/** What can tear a hole into the way from the source to the ledger. */
export const GAP_KINDS = [
  'slot_lost',
  'slot_invalidated',
  'slot_advanced',
  'offsets_moved',
  'source_moved',
  'topic_recreated',
  'retention_passed',
  'unannounced_snapshot',
] as const;

export type GapKind = (typeof GAP_KINDS)[number];

/** Kinds of gaps by the code their scopes halt with, where nobody says it closer. */
const KIND_OF_CODE: Readonly<Partial<Record<ErrorCode, GapKind>>> = {
  SLOT_LOST: 'slot_lost',
  OFFSETS_MOVED: 'offsets_moved',
  SOURCE_MOVED: 'source_moved',
  TOPIC_RECREATED: 'topic_recreated',
  PROGRESS_BELOW_LOG_START: 'retention_passed',
  UNANNOUNCED_SNAPSHOT: 'unannounced_snapshot',
};

/** null: halts with this code are no gap. */
export const gapKindOf = (code: ErrorCode): GapKind | null => KIND_OF_CODE[code] ?? null;

const CODE_OF_KIND: Readonly<Record<GapKind, ErrorCode>> = {
  slot_lost: 'SLOT_LOST',
  slot_invalidated: 'SLOT_LOST',
  slot_advanced: 'SLOT_LOST',
  offsets_moved: 'OFFSETS_MOVED',
  source_moved: 'SOURCE_MOVED',
  topic_recreated: 'TOPIC_RECREATED',
  retention_passed: 'PROGRESS_BELOW_LOG_START',
  unannounced_snapshot: 'UNANNOUNCED_SNAPSHOT',
};

export const codeOfGap = (kind: GapKind): ErrorCode => CODE_OF_KIND[kind];

/** Changes that may be missing: what was applied since `since` counts as unverified until the gap is closed. */
export interface Gap {
  /** decimal */
  readonly id: string;
  readonly kind: GapKind;
  /** `*` for all flows of the pipeline, otherwise `topic/partition` */
  readonly scope: string;
  readonly reason: string;
  /** epoch in force when it was found: a snapshot of a later one closes it */
  readonly epoch: number;
  readonly foundAt: string;
  /** source time of the newest heartbeat landed before it was found; null when none was */
  readonly since: string | null;
  /** where it begins and ends in the source's log or in the topic, as far as known; decimal */
  readonly from: string | null;
  readonly to: string | null;
  readonly closedAt: string | null;
  readonly closedBy: string | null;
}
