import type { ErrorCode, GapKind } from '../core/index.ts';

/** What a look at the source and at Connect showed. */
export interface CaptureLook {
  readonly epoch: number;
  /** system identifier, timeline and database of the source */
  readonly server: string;
  /** where the connector is told to read */
  readonly place: string;
  /** whether the slot is being read; null when there is no slot */
  readonly active: boolean | null;
  /** of the connector, e.g. RUNNING, STOPPED */
  readonly state: string;
  readonly invalidated: boolean;
  /** what the slot says was acknowledged; read before `stored` */
  readonly confirmed: bigint | null;
  /** newest position the connector has stored */
  readonly stored: bigint | null;
}

export type KnownCapture = Omit<CaptureLook, 'active' | 'invalidated'> & { readonly active: boolean };

export interface CaptureFault {
  readonly kind: GapKind;
  readonly code: ErrorCode;
  readonly reason: string;
  readonly from: bigint | null;
  readonly to: bigint | null;
  /** true: may be a moment's mix of two readings, so it is believed when seen twice */
  readonly doubtful: boolean;
}

const fault = (
  kind: GapKind,
  code: ErrorCode,
  reason: string,
  from: bigint | null = null,
  to: bigint | null = null,
  doubtful = false,
): CaptureFault => ({ kind, code, reason, from, to, doubtful });

/**
 * Why what comes through the slot can no longer be taken for all that was committed; null when nothing speaks against
 * it. `before` is the last look of whichever worker, null before the first. A new epoch is a new beginning.
 */
export function captureFault(before: KnownCapture | null, now: CaptureLook): CaptureFault | null {
  if (before !== null && now.epoch > before.epoch) return null;
  if (before !== null && before.server !== now.server)
    return fault('source_moved', 'SOURCE_MOVED', `the source was ${before.server} and is ${now.server}`);
  if (before !== null && before.place !== now.place)
    return fault('source_moved', 'SOURCE_MOVED', `the connector read ${before.place} and is told ${now.place}`);
  if (now.invalidated)
    return fault('slot_invalidated', 'SLOT_LOST', 'the slot has lost write-ahead log', before?.confirmed ?? null);
  const stopped = now.state === 'STOPPED' && now.active === false;
  if (stopped && now.stored === null && before !== null && before.stored !== null)
    return fault('offsets_moved', 'OFFSETS_MOVED', "the connector's offsets are gone", before.stored);
  const stayed = stopped && before !== null && before.state === 'STOPPED' && !before.active;
  if (stayed && before.stored !== now.stored)
    return fault(
      'offsets_moved',
      'OFFSETS_MOVED',
      'the offsets of a stopped connector have moved',
      before.stored,
      now.stored,
    );
  if (stayed && before.confirmed !== null && now.confirmed !== null && before.confirmed !== now.confirmed)
    return fault(
      'slot_advanced',
      'SLOT_LOST',
      'a slot that nobody reads has moved: it was advanced or made anew',
      before.confirmed,
      now.confirmed,
    );
  // a slot moves past what its reader has stored by another hand only
  if (now.confirmed !== null && now.stored !== null && now.confirmed > now.stored)
    return fault(
      'slot_advanced',
      'SLOT_LOST',
      'the slot is past what the connector has taken: it was advanced or made anew',
      now.stored,
      now.confirmed,
      true,
    );
  return null;
}
