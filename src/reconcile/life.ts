import type { FindingState } from '../core/index.ts';

/** What a look at a document under the alignment rule says of one kind of fault. */
export type Look = 'seen' | 'seen, as accepted' | 'not seen';

type Open = Extract<FindingState, 'suspect' | 'confirmed' | 'repaired' | 'accepted'>;

/**
 * How a finding goes on. One look may be wrong, as PostgreSQL shows a commit to readers a moment after it is in the log:
 * so the second aligned look in a row confirms. What was accepted is this content: another one is a finding again.
 */
const NEXT: Readonly<Record<Open | 'none', Readonly<Record<Look, FindingState | null>>>> = {
  none: { seen: 'suspect', 'seen, as accepted': 'suspect', 'not seen': null },
  suspect: { seen: 'confirmed', 'seen, as accepted': 'confirmed', 'not seen': 'vanished' },
  confirmed: { seen: 'confirmed', 'seen, as accepted': 'confirmed', 'not seen': 'vanished' },
  repaired: { seen: 'confirmed', 'seen, as accepted': 'confirmed', 'not seen': 'reverified' },
  accepted: { seen: 'suspect', 'seen, as accepted': 'accepted', 'not seen': 'vanished' },
};

/**
 * The state after a look that may have begun before a repair: what is right after one is verified, whatever was thought of it
 * in between. null: there is nothing to keep. A closed finding is over: what comes after it is another one.
 */
export function nextState(state: FindingState | null, look: Look, wasRepaired = false): FindingState | null {
  const next = NEXT[isOpen(state) ? state : 'none'][look];
  return next === 'vanished' && wasRepaired && state === 'confirmed' ? 'reverified' : next;
}

const isOpen = (state: FindingState | null): state is Open =>
  state === 'suspect' || state === 'confirmed' || state === 'repaired' || state === 'accepted';
