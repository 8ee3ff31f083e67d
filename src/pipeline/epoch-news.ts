import type { EpochSeen, Position } from '../core/index.ts';

type Seen = { snapshotLsn: bigint | null; firstCommit: bigint | null };

const isNews = (seen: Seen, known: Seen | undefined): boolean =>
  known === undefined ||
  (seen.snapshotLsn !== null && (known.snapshotLsn === null || seen.snapshotLsn > known.snapshotLsn)) ||
  (seen.firstCommit !== null && (known.firstCommit === null || seen.firstCommit < known.firstCommit));

/** What positions show of their epochs; incremental snapshot reads show nothing. */
export function epochsOf(events: Iterable<{ readonly position: Position }>): EpochSeen[] {
  const seen = new Map<number, Seen>();
  for (const { position } of events) {
    const { epoch, phase, a, b, txId } = position;
    let known = seen.get(epoch);
    if (!known) {
      known = { snapshotLsn: null, firstCommit: null };
      seen.set(epoch, known);
    }
    if (phase === 0 && (known.snapshotLsn === null || b > known.snapshotLsn)) known.snapshotLsn = b;
    const streamed = phase === 1 && txId !== null && a >= 0n;
    if (streamed && (known.firstCommit === null || a < known.firstCommit)) known.firstCommit = a;
  }
  return [...seen].map(([epoch, one]) => ({ epoch, ...one }));
}

/** Of what a partition's changes show of their epochs, what the ledger has not been told yet. */
export class EpochNews {
  readonly #told = new Map<number, Seen>();

  of(events: Iterable<{ readonly position: Position }>): EpochSeen[] {
    return epochsOf(events).filter((seen) => isNews(seen, this.#told.get(seen.epoch)));
  }

  /** Only after the transaction that told it has been committed. */
  told(news: readonly EpochSeen[]): void {
    for (const { epoch, snapshotLsn, firstCommit } of news) {
      const known = this.#told.get(epoch);
      this.#told.set(epoch, {
        snapshotLsn: snapshotLsn ?? known?.snapshotLsn ?? null,
        firstCommit: firstCommit ?? known?.firstCommit ?? null,
      });
    }
  }
}
