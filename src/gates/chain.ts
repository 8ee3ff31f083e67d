import { type ChainHead, gateRecordHash, type StoredGateRecord } from '../core/index.ts';

export interface ChainFault {
  /** of the record, or of the place where one should be */
  readonly seq: number;
  readonly what: 'changed' | 'missing' | 'out of place' | 'cut off' | 'not as anchored';
  readonly message: string;
}

export interface ChainWalk {
  /** Takes the next record, in the order of their numbers. */
  take(record: StoredGateRecord): void;
  end(): readonly ChainFault[];
}

/**
 * Walks a chain from its beginning and says what is wrong with it. What was anchored elsewhere must be in it: the chain by
 * itself cannot tell that its end was cut off, or that somebody wrote all of it anew.
 */
export function walkChain(chain: string, anchored: readonly ChainHead[]): ChainWalk {
  const faults: ChainFault[] = [];
  const anchors = new Map<number, Set<string>>();
  for (const head of anchored) {
    if (head.chain !== chain) continue;
    anchors.set(head.seq, (anchors.get(head.seq) ?? new Set()).add(head.hash));
  }
  let last: Pick<StoredGateRecord, 'seq' | 'hash'> = { seq: 0, hash: chain };
  const say = (seq: number, what: ChainFault['what'], message: string): void =>
    void faults.push({ seq, what, message });
  return {
    take(record) {
      const { seq, prev, hash } = record;
      if (seq > last.seq + 1) {
        const few = seq - last.seq === 2 ? `record ${last.seq + 1} is` : `records ${last.seq + 1} to ${seq - 1} are`;
        say(last.seq + 1, 'missing', `${few} missing`);
      }
      if (gateRecordHash(record) !== hash) say(seq, 'changed', `record ${seq} is not what was hashed`);
      else if (seq === last.seq + 1 && prev !== last.hash)
        say(
          seq,
          'out of place',
          `record ${seq} does not follow the one before: one of them was inserted, moved or changed`,
        );
      const anchor = anchors.get(seq);
      if (anchor && (anchor.size > 1 || !anchor.has(hash)))
        say(seq, 'not as anchored', `record ${seq} is not the one that was anchored`);
      last = { seq, hash };
    },
    end() {
      const newest = Math.max(0, ...anchors.keys());
      if (newest > last.seq)
        say(last.seq + 1, 'cut off', `record ${newest} was anchored, and the chain ends at ${last.seq}`);
      return faults;
    },
  };
}
