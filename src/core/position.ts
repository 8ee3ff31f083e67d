/**
 * The place of one change of one source row. It orders changes of that row and is used in landing only.
 * `a` is the end of the newest transaction the connector had seen before this one (-1 when not known),
 * `b` the place of the change itself; both are 64-bit write-ahead-log positions.
 */
export interface Position {
  /** raised whenever positions of the source cannot be compared with earlier ones */
  readonly epoch: number;
  /** 0: read by an initial snapshot; 1: streamed, or read by an incremental snapshot */
  readonly phase: 0 | 1;
  readonly a: bigint;
  readonly b: bigint;
  /** null for incremental snapshot reads and non-transactional messages */
  readonly txId: bigint | null;
  readonly offset: bigint;
}

/** Of rows that are read beside the stream: below every epoch of a connector, which count from 1. */
export const BESIDE_EPOCH = 0;

const sign = (x: bigint): number => (x > 0n ? 1 : x < 0n ? -1 : 0);

/**
 * Orders two changes of the same source row: negative when `x` is older. Equal only for the same Kafka record.
 * The rule is the one recorded in docs/positions.md; every branch has a recorded case in test/fixtures/positions.
 */
export function comparePositions(x: Position, y: Position): number {
  if (x.epoch !== y.epoch) return x.epoch - y.epoch;
  if (x.phase !== y.phase) return x.phase - y.phase;
  const sameTransaction = x.phase === 1 && x.txId !== null && x.txId === y.txId;
  // `a` of a re-sent event can differ from the first sending, so inside one transaction it says nothing.
  if (x.phase === 1 && !sameTransaction && x.a !== y.a) return sign(x.a - y.a);
  return sign(x.b - y.b) || sign(x.offset - y.offset);
}
