/** From this many records a second on, fetches are spaced. */
const BUSY_PER_SECOND = 600;
/** An answer of this many records is worth its request; a backlog is worked off without a pause. */
const WORTHWHILE = 400;
const SPACING_MS = 20;
/** share of the newest answer in the rate */
const WEIGHT = 0.1;

/**
 * How long to wait before a broker is asked again. Where records come fast but one by one, a request for each few of them
 * costs broker, worker and database more than the records do, and that takes the machine from whoever captures them.
 */
export class FetchPace {
  #perSecond = 0;
  #lastMs: number | null = null;

  /**
   * @param records how many the answer brought
   * @param nowMs of any steady clock
   * @returns milliseconds
   */
  after(records: number, nowMs: number): number {
    const span = this.#lastMs === null ? Number.POSITIVE_INFINITY : Math.max(1, nowMs - this.#lastMs);
    this.#lastMs = nowMs;
    this.#perSecond += WEIGHT * ((records * 1000) / span - this.#perSecond);
    return records < WORTHWHILE && this.#perSecond > BUSY_PER_SECOND ? SPACING_MS : 0;
  }
}
